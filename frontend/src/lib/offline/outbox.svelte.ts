import { Backoff } from './backoff'
import { deliver, whoIsSignedIn, type Hindrance, type Wire } from './deliver'
import { outlived, setAside, tooOld, type Draft, type Entry, type Outcome } from './entry'
import type { Store } from './store'

/** The surroundings of an outbox; tests bring their own. */
export interface Surroundings extends Wire {
	store: Store
	/** Milliseconds since 1970. */
	now: () => number
	random: () => number
	/** Runs work after so many milliseconds; the result calls it off. */
	after: (milliseconds: number, work: () => void) => () => void
	/** Runs work while no other page of this origin does. */
	lock: <T>(work: () => Promise<T>) => Promise<T>
	/** Asks the browser not to clear the store when space runs short. */
	persist: () => Promise<unknown>
}

/** One call of `send`; the round that gets the server's answer leaves it here. */
interface Call {
	done: Promise<Outcome>
	outcome?: Outcome
}

/**
 * The outbox keeps what somebody has decided until the server has answered. A declaration is written to the device
 * before the network is tried, sent in order per child, exactly once by its key, and never under another account: before
 * each round the server is asked whose session it is. Nothing here is "signed" before the server has said so.
 */
export class Outbox {
	#around: Surroundings
	#backoff: Backoff
	#account = $state<string>()
	#entries = $state.raw<Entry[]>([])
	#needsSignIn = $state(false)
	#delivered = $state(0)
	/** Calls of `send` under way, by key: a double tap joins the first. */
	// eslint-disable-next-line svelte/prefer-svelte-reactivity -- nobody shows these
	#calls = new Map<string, Call>()
	#running: Promise<void> | undefined
	#onceMore = false
	#calledOff = () => {}
	#persisted = false

	constructor(around: Surroundings) {
		this.#around = around
		this.#backoff = new Backoff(around.random)
	}

	/** The signed-in account's entries on this device, oldest first. */
	get entries(): Entry[] {
		return this.#entries.filter(({ account }) => account === this.#account)
	}

	/** Those that lie on this device and are not yet sent. */
	get waiting(): Entry[] {
		return this.entries.filter(({ state }) => state === 'waiting')
	}

	/** Those that want another look: the person decides again under the present text. */
	get reread(): Entry[] {
		return this.entries.filter(({ state }) => state === 'reread')
	}

	/** Those that the server will never take; shown, and removed by the person. */
	get refused(): Entry[] {
		return this.entries.filter(({ state }) => state === 'refused')
	}

	/** Something waits, and its account is not signed in. */
	get needsSignIn(): boolean {
		return this.#needsSignIn
	}

	/** Grows with every entry that the server took: whoever shows a child's state reads it anew. */
	get delivered(): number {
		return this.#delivered
	}

	/** Shows what the last account of this device has waiting, and tries to send it. */
	async start(): Promise<void> {
		const last = await this.#around.store.account()
		this.#account ??= last // somebody may have signed in meanwhile
		await this.#refresh()
		await this.flush()
	}

	/** Takes note of who has signed in, and sends what waits for them. */
	async become(account: string): Promise<void> {
		this.#account = account
		this.#needsSignIn = false
		await this.#around.store.rememberAccount(account)
		await this.#refresh()
		await this.flush()
	}

	/** Keeps the declaration and sends it; a second call with the same key joins the first. Never rejects. */
	send(draft: Draft): Promise<Outcome> {
		const { key } = draft
		const first = this.#calls.get(key)
		if (first) return first.done
		const done = this.#send($state.snapshot(draft) as Draft).finally(() => this.#calls.delete(key))
		this.#calls.set(key, { done })
		return done
	}

	/** Sends what waits. One round at a time; a call during a round makes it go round once more. Never rejects. */
	flush(): Promise<void> {
		if (this.#running) {
			this.#onceMore = true
			return this.#running
		}
		this.#running = this.#rounds()
		return this.#running
	}

	/** Drops one entry: the person has seen that it will not be sent. */
	async remove(entry: Entry): Promise<void> {
		await this.#around.store.remove([entry])
		await this.#refresh()
	}

	/** Drops everything of the account; for signing out, after asking while something waits. */
	async clear(account: string): Promise<void> {
		const { store } = this.#around
		const own = (await store.all()).filter((entry) => entry.account === account)
		await store.remove(own)
		if ((await store.account()) === account) await store.rememberAccount(undefined)
		if (this.#account === account) this.#account = undefined
		this.#needsSignIn = false
		await this.#refresh()
	}

	async #send(draft: Draft): Promise<Outcome> {
		const account = this.#account
		if (account === undefined) return { kind: 'signIn' }
		const { store, now } = this.#around
		const { kept } = await store.add({ ...draft, account, created: now(), state: 'waiting' })
		await this.#guarded(() => this.#supersede(account, draft))
		await this.flush()
		return this.#calls.get(draft.key)?.outcome ?? this.#unsent(draft, account, kept)
	}

	/** A new decision for a child takes the place of those that wanted another look. */
	async #supersede(account: string, { child, key }: Draft): Promise<void> {
		const { store } = this.#around
		const gone = (await store.all()).filter(
			(entry) => entry.account === account && entry.child === child && entry.key !== key && entry.state !== 'waiting'
		)
		if (gone.length > 0) await store.remove(gone)
		await this.#refresh()
	}

	/** What to tell about an entry that no round of this page got an answer for. */
	async #unsent(draft: Draft, account: string, kept: boolean): Promise<Outcome> {
		const entry = (await this.#around.store.all()).find(({ key }) => key === draft.key)
		if (!entry) return this.#answeredElsewhere(draft, account)
		if (entry.state === 'refused' && entry.problem) return { kind: 'refused', problem: entry.problem }
		if (entry.state !== 'waiting') return { kind: 'reread', problem: entry.problem }
		return this.#needsSignIn ? { kind: 'signIn' } : this.#waits(kept)
	}

	/** Another page has sent it meanwhile, or has signed out: the same key gets the same reply, under the same account. */
	async #answeredElsewhere(draft: Draft, account: string): Promise<Outcome> {
		const who = await whoIsSignedIn(this.#around)
		if ('account' in who && who.account !== account) return { kind: 'signIn' }
		const verdict = 'account' in who ? await deliver(this.#around, draft) : who
		return verdict.kind === 'kept' ? { kind: 'waiting', kept: false } : verdict
	}

	#waits(kept: boolean): Outcome {
		if (kept && !this.#persisted) {
			this.#persisted = true
			this.#around.persist().catch(() => undefined) // whatever the browser decides, we do the same
		}
		return { kind: 'waiting', kept }
	}

	async #rounds(): Promise<void> {
		do {
			this.#onceMore = false
			await this.#round()
		} while (this.#onceMore)
		this.#running = undefined // in the same breath as the look at onceMore, so that no call falls in between
	}

	async #round(): Promise<void> {
		if (this.#backoff.pausing(this.#around.now())) return
		this.#calledOff()
		const hindrance = await this.#guarded(() => this.#around.lock(() => this.#sendAll()))
		this.#plan(hindrance)
	}

	/** Does what needs the device's store; where that fails, what it holds is tried again later. */
	async #guarded<T>(work: () => Promise<T>): Promise<T | Hindrance> {
		try {
			return await work()
		} catch (error) {
			console.error('outbox:', error)
			return { kind: 'kept', cause: 'network' }
		}
	}

	/** Plans the next round where this one left something behind. */
	#plan(hindrance: Hindrance | undefined) {
		if (!hindrance) return this.#backoff.succeeded()
		if (hindrance.kind === 'signIn') {
			this.#needsSignIn = this.waiting.length > 0
			return
		}
		const wait = this.#backoff.failed(this.#around.now(), hindrance.cause === 'busy', hindrance.retryAfter)
		this.#calledOff = this.#around.after(wait, () => void this.flush())
	}

	/** Sends what waits for whoever is signed in, oldest first; gives what stood in the way. */
	async #sendAll(): Promise<Hindrance | undefined> {
		const waiting = await this.#due()
		if (waiting.length === 0) return undefined
		const who = await whoIsSignedIn(this.#around)
		if ('kind' in who) return who
		const own = waiting.filter(({ account }) => account === who.account)
		this.#needsSignIn = who.account !== this.#account && waiting.some(({ account }) => account === this.#account)
		return this.#sendInOrder(own)
	}

	/** A child's entries go in order: after one that stays, the later ones stay as well. */
	async #sendInOrder(entries: Entry[]): Promise<Hindrance | undefined> {
		const stuck: string[] = []
		let hindrance: Hindrance | undefined
		for (const entry of entries) {
			if (stuck.includes(entry.child)) continue
			const left = await this.#sendOne(entry)
			if (!left) continue
			hindrance = left
			if (left.kind === 'signIn' || left.cause !== 'server') break
			stuck.push(entry.child)
		}
		return hindrance
	}

	async #sendOne(entry: Entry): Promise<Hindrance | undefined> {
		const { store } = this.#around
		const verdict = await deliver(this.#around, entry)
		if (verdict.kind === 'kept' || verdict.kind === 'signIn') return verdict
		const call = this.#calls.get(entry.key)
		if (call) call.outcome = verdict
		if (verdict.kind === 'sent') {
			this.#delivered++
			await store.remove([entry])
		} else {
			await store.replace(setAside(entry, verdict.kind, verdict.problem))
		}
		await this.#refresh()
		return undefined
	}

	/** What waits; what has waited or lain aside for too long goes first. */
	async #due(): Promise<Entry[]> {
		const { store, now } = this.#around
		const all = await store.all()
		const waiting = all.filter(({ state }) => state === 'waiting')
		const old = waiting.filter((entry) => tooOld(entry, now()))
		const forgotten = all.filter((entry) => entry.state !== 'waiting' && outlived(entry, now()))
		for (const entry of old) await store.replace(setAside(entry, 'reread'))
		if (forgotten.length > 0) await store.remove(forgotten)
		await this.#refresh()
		return waiting.filter((entry) => !old.includes(entry))
	}

	async #refresh(): Promise<void> {
		this.#entries = await this.#around.store.all()
	}
}
