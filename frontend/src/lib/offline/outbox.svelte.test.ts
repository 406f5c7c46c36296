import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { Draft } from './entry'
import { FakeServer, problem } from './fake-server'
import { Outbox } from './outbox.svelte'
import { DeviceStore, FallbackStore, type Store } from './store'

const day = 24 * 60 * 60 * 1000

let server: FakeServer
let now: number
let planned: { wait: number; work: () => void } | undefined
let persist: ReturnType<typeof vi.fn<() => Promise<unknown>>>

beforeEach(() => {
	globalThis.indexedDB = new IDBFactory()
	server = new FakeServer()
	now = Date.UTC(2026, 10, 24, 10)
	planned = undefined
	persist = vi.fn(async () => true)
})

/** A page of the app: its own outbox over the device's one database. */
function openPage(store: Store = new FallbackStore(new DeviceStore())): Outbox {
	return new Outbox({
		fetch: server.fetch,
		base: server.base,
		language: server.language,
		store,
		now: () => now,
		random: () => 0.5,
		after(wait, work) {
			planned = { wait, work }
			return () => (planned = undefined)
		},
		lock: exclusively,
		persist
	})
}

async function signedIn(account = 'mother', store?: Store): Promise<Outbox> {
	server.signedIn = account
	const page = openPage(store)
	await page.become(account)
	return page
}

let queue: Promise<unknown> = Promise.resolve()

/** Stands in for Web Locks: one piece of work at a time over all pages. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
	const mine = queue.then(work)
	queue = mine.catch(() => undefined)
	return mine
}

const yes = (key: string, child = 'lea'): Draft => ({
	key,
	child,
	route: 'decisions',
	body: {
		answer: 'video',
		formVersion: 'v1',
		textSha256: 'ab',
		language: 'tr',
		after: null,
		signature: { kind: 'drawn', width: 360, height: 480, strokes: [[{ x: 1, y: 2 }]] }
	}
})
const withdrawal = (key: string, child = 'lea'): Draft => ({
	key,
	child,
	route: 'withdrawals',
	body: { extent: 'all' }
})
const keys = (entries: { key: string }[]) => entries.map(({ key }) => key)

describe('with a net', () => {
	test('a declaration is sent, told, and gone from the device', async () => {
		const page = await signedIn()
		const outcome = await page.send(yes('k1'))
		expect(outcome).toMatchObject({ kind: 'sent', status: 201, data: { decision: { id: 'd-k1' } } })
		expect(server.taken).toEqual([{ account: 'mother', child: 'lea', key: 'k1', body: yes('k1').body }])
		expect(page.entries).toEqual([])
		expect(page.delivered).toBe(1)
		expect(persist).not.toHaveBeenCalled()
	})

	test('it is on the device before the network is tried', async () => {
		const page = await signedIn()
		let open = () => {}
		server.gate = new Promise((resolve) => (open = resolve))
		const sending = page.send(yes('k1'))
		await vi.waitFor(() => expect(keys(page.waiting)).toEqual(['k1']))
		expect(server.attempts).toEqual([])
		open()
		expect((await sending).kind).toBe('sent')
	})

	test('a double tap is one entry and one call', async () => {
		const page = await signedIn()
		const outcomes = await Promise.all([page.send(yes('k1')), page.send(yes('k1'))])
		expect(outcomes.map(({ kind }) => kind)).toEqual(['sent', 'sent'])
		expect(server.attempts).toEqual(['lea'])
	})

	test('what a form holds in reactive state can be kept', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		const draft = $state(yes('k1'))
		expect(await page.send(draft)).toEqual({ kind: 'waiting', kept: true })
	})

	test('a trigger during a round makes it go round once more', async () => {
		const page = await signedIn()
		let open = () => {}
		server.gate = new Promise((resolve) => (open = resolve))
		const first = page.send(yes('k1'))
		await vi.waitFor(() => expect(keys(page.waiting)).toEqual(['k1']))
		const second = page.send(yes('k2', 'can'))
		open()
		expect((await first).kind).toBe('sent')
		expect((await second).kind).toBe('sent')
	})

	test('nobody signed in: nothing is kept and nothing sent', async () => {
		const page = openPage()
		expect(await page.send(yes('k1'))).toEqual({ kind: 'signIn' })
		expect(server.attempts).toEqual([])
	})
})

describe('without a net', () => {
	test('a declaration waits, survives a reload, and is sent exactly once', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		expect(await page.send(yes('k1'))).toEqual({ kind: 'waiting', kept: true })

		const reloaded = openPage()
		await reloaded.start()
		expect(keys(reloaded.waiting)).toEqual(['k1'])

		server.mood = 'well'
		await Promise.all([page.flush(), reloaded.flush()])
		await Promise.all([page.flush(), reloaded.flush()])
		expect(server.attempts).toEqual(['lea'])
		expect(reloaded.waiting).toEqual([])
		expect(page.waiting).toEqual([])
	})

	test('a lost answer is asked for again with the same key', async () => {
		const page = await signedIn()
		server.moods.set('lea', 'answer lost')
		expect((await page.send(yes('k1'))).kind).toBe('waiting')
		server.moods.clear()
		await page.flush()
		expect(server.attempts).toEqual(['lea', 'lea'])
		expect(keys(server.taken)).toEqual(['k1'])
		expect(page.entries).toEqual([])
	})

	test('the first lost connection ends the round; later it goes in order', async () => {
		const page = await signedIn()
		server.moods.set('lea', 'unreachable').set('can', 'unreachable')
		await page.send(yes('k1'))
		server.attempts = []
		await page.send(withdrawal('k2'))
		await page.send(yes('k3', 'can'))
		expect(server.attempts).toEqual(['lea', 'lea'])
		server.moods.clear()
		await page.flush()
		expect(keys(server.taken)).toEqual(['k1', 'k2', 'k3'])
	})

	test('the browser is asked once to keep the store', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		await page.send(yes('k1'))
		await page.send(yes('k2', 'can'))
		expect(persist).toHaveBeenCalledTimes(1)
	})

	test("a hotspot's page is no answer", async () => {
		const page = await signedIn()
		server.moods.set('lea', new Response('<h1>Welcome</h1>', { status: 200, headers: { 'Content-Type': 'text/html' } }))
		expect((await page.send(yes('k1'))).kind).toBe('waiting')
		server.moods.set('lea', new Response('<h1>Blocked</h1>', { status: 403 }))
		await page.flush()
		expect(keys(page.waiting)).toEqual(['k1'])
	})

	test('after seven days the person is asked again', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		await page.send(yes('k1'))
		server.mood = 'well'
		now += 7 * day - 1
		server.moods.set('lea', 'unreachable')
		await page.flush()
		expect(keys(page.waiting)).toEqual(['k1'])
		server.moods.clear()
		server.attempts = []
		now += 1
		await page.flush()
		expect(server.attempts).toEqual([])
		expect(page.reread).toMatchObject([{ key: 'k1', problem: undefined }])
		now += 23 * day
		await page.flush()
		expect(page.entries).toEqual([])
	})
})

describe('one account', () => {
	test("another's entries are neither shown nor sent, and stay", async () => {
		const hers = await signedIn('mother')
		server.mood = 'unreachable'
		await hers.send(yes('k1'))

		server.mood = 'well'
		const his = await signedIn('father')
		expect(his.entries).toEqual([])
		await his.send(yes('k2'))
		expect(server.taken).toMatchObject([{ account: 'father', key: 'k2' }])

		await signedIn('mother')
		expect(server.taken).toMatchObject([{ key: 'k2' }, { account: 'mother', key: 'k1' }])
	})

	test('a page that missed a change of account sends nothing', async () => {
		const page = await signedIn('mother')
		server.signedIn = 'father'
		expect(await page.send(yes('k1'))).toEqual({ kind: 'signIn' })
		expect(page.needsSignIn).toBe(true)
		expect(server.attempts).toEqual([])
		expect(keys(page.waiting)).toEqual(['k1'])
	})

	test('after a session has ended it waits until somebody signs in', async () => {
		const page = await signedIn()
		server.signedIn = undefined
		expect(await page.send(yes('k1'))).toEqual({ kind: 'signIn' })
		expect(planned).toBeUndefined()
		server.signedIn = 'mother'
		await page.become('mother')
		expect(keys(server.taken)).toEqual(['k1'])
		expect(page.needsSignIn).toBe(false)
	})

	test('what another page has sent meanwhile is told here as well', async () => {
		const store = new DeviceStore()
		const page = await signedIn('mother', store)
		const other = await signedIn('mother')
		const all = store.all.bind(store)
		vi.spyOn(store, 'all').mockImplementationOnce(async () => {
			await other.flush() // the entry is written, this page has not begun its round
			return all()
		})
		expect(await page.send(yes('k1'))).toMatchObject({ kind: 'sent', data: { decision: { id: 'd-k1' } } })
		expect(keys(server.taken)).toEqual(['k1'])
	})

	test('what vanished because somebody else signed in here is not sent', async () => {
		const store = new DeviceStore()
		const page = await signedIn('mother', store)
		const all = store.all.bind(store)
		vi.spyOn(store, 'all').mockImplementationOnce(async () => {
			await store.remove(await all())
			server.signedIn = 'father'
			return all()
		})
		expect(await page.send(yes('k1'))).toEqual({ kind: 'signIn' })
		expect(server.attempts).toEqual([])
	})

	test("signing out drops the account's entries alone", async () => {
		server.mood = 'unreachable'
		const hers = await signedIn('mother')
		await hers.send(yes('k1'))
		const his = await signedIn('father')
		await his.send(yes('k2'))
		await his.clear('father')
		expect(his.entries).toEqual([])
		const later = openPage()
		await later.start()
		expect(later.entries).toEqual([])
		await later.become('mother')
		expect(keys(later.waiting)).toEqual(['k1'])
	})
})

describe('an answer that is no success', () => {
	test.each([
		[409, 'form_superseded'],
		[409, 'answered_meanwhile'],
		[422, 'signature_too_small']
	])('%i %s asks for another look and is not sent again', async (status, code) => {
		const page = await signedIn()
		server.moods.set('lea', problem(status, code))
		expect(await page.send(yes('k1'))).toMatchObject({ kind: 'reread', problem: { code, status } })
		server.moods.clear()
		await page.flush()
		expect((await page.send(yes('k1'))).kind).toBe('reread')
		expect(server.attempts).toEqual(['lea'])
		expect(page.waiting).toEqual([])
		expect(page.reread).toMatchObject([{ key: 'k1', problem: { code } }])
	})

	test('the strokes go, the rest stays to be shown', async () => {
		const page = await signedIn()
		server.moods.set('lea', problem(409, 'form_superseded'))
		await page.send(yes('k1'))
		expect(page.reread[0]?.body).toEqual({ ...yes('k1').body, signature: undefined })
	})

	test('deciding again takes its place', async () => {
		const page = await signedIn()
		server.moods.set('lea', problem(409, 'form_superseded')).set('can', problem(409, 'form_superseded'))
		await page.send(yes('k1'))
		await page.send(yes('k2', 'can'))
		server.moods.clear()
		expect((await page.send(yes('k3'))).kind).toBe('sent')
		expect(keys(page.entries)).toEqual(['k2'])
	})

	test('what follows it for the same child is sent', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		await page.send(yes('k1'))
		await page.send(withdrawal('k2'))
		server.mood = 'well'
		let first = true
		const fetch = server.fetch
		server.fetch = async (request) => {
			if (request.method === 'GET' || !first) return fetch(request)
			first = false
			return problem(409, 'form_superseded')
		}
		const reloaded = await signedIn()
		expect(keys(server.taken)).toEqual(['k2'])
		expect(keys(reloaded.reread)).toEqual(['k1'])
	})

	test.each([
		[403, 'not_allowed'],
		[404, 'not_found']
	])('%i %s is kept, shown, and removed by hand', async (status, code) => {
		const page = await signedIn()
		server.moods.set('lea', problem(status, code))
		expect(await page.send(yes('k1'))).toMatchObject({ kind: 'refused', problem: { code } })
		await page.flush()
		expect(server.attempts).toEqual(['lea'])
		const [entry] = page.refused
		if (!entry) throw new Error('nothing is kept')
		await page.remove(entry)
		expect(page.entries).toEqual([])
	})
})

describe('trying again', () => {
	test('a lost connection: later and later, and at once on any sign of its return', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		await page.send(yes('k1'))
		const waits = [planned?.wait]
		for (let i = 0; i < 9; i++) {
			await page.flush()
			waits.push(planned?.wait)
		}
		expect(waits.slice(0, 4)).toEqual([1500, 3000, 6000, 12_000])
		expect(waits.at(-1)).toBe(225_000)

		server.mood = 'well'
		await page.flush()
		expect(keys(server.taken)).toEqual(['k1'])
		expect(planned).toBeUndefined()

		server.mood = 'unreachable'
		await page.send(yes('k2'))
		expect(planned?.wait).toBe(1500)
	})

	test('the planned round sends', async () => {
		const page = await signedIn()
		server.mood = 'unreachable'
		await page.send(yes('k1'))
		server.mood = 'well'
		planned?.work()
		await vi.waitFor(() => expect(page.waiting).toEqual([]))
	})

	test.each([
		[429, 'too_many_tries'],
		[503, 'database_unavailable']
	])('%i %s: not before the server said, whatever happens', async (status, code) => {
		const page = await signedIn()
		server.moods.set('lea', problem(status, code, { 'Retry-After': '30' }))
		expect(await page.send(yes('k1'))).toEqual({ kind: 'waiting', kept: true })
		expect(planned?.wait).toBeGreaterThanOrEqual(30_000)
		server.moods.clear()
		now += 29_999
		await page.flush()
		expect(server.attempts).toEqual(['lea'])
		now += 2_001
		await page.flush()
		expect(keys(server.taken)).toEqual(['k1'])
	})

	test("a call over which the server fails holds up its child's, nobody else's", async () => {
		const page = await signedIn()
		server.moods.set('lea', problem(500, 'internal_error'))
		await page.send(yes('k1'))
		await page.send(withdrawal('k2'))
		expect((await page.send(yes('k3', 'can'))).kind).toBe('sent')
		expect(keys(page.waiting)).toEqual(['k1', 'k2'])
		server.moods.clear()
		await page.flush()
		expect(keys(server.taken)).toEqual(['k3', 'k1', 'k2'])
	})
})

describe('a browser that stores nothing', () => {
	beforeEach(() => {
		globalThis.indexedDB = {
			open: () => {
				throw new DOMException('denied', 'SecurityError')
			}
		} as unknown as IDBFactory
	})

	test('sends, and says that a waiting declaration is lost with the page', async () => {
		const page = await signedIn()
		expect((await page.send(yes('k1'))).kind).toBe('sent')
		server.mood = 'unreachable'
		expect(await page.send(yes('k2'))).toEqual({ kind: 'waiting', kept: false })
		expect(persist).not.toHaveBeenCalled()
		server.mood = 'well'
		await page.flush()
		expect(keys(server.taken)).toEqual(['k1', 'k2'])
		expect(page.entries).toEqual([])
	})
})

test('a store that fails when the answer has come: the same key is asked for again, and nothing done twice', async () => {
	const store = new DeviceStore()
	const page = await signedIn('mother', store)
	const said = vi.spyOn(console, 'error').mockImplementation(() => {})
	vi.spyOn(store, 'remove').mockRejectedValueOnce(new DOMException('disk', 'UnknownError'))
	expect((await page.send(yes('k1'))).kind).toBe('sent')
	expect(said).toHaveBeenCalledTimes(1)
	expect(planned).toBeDefined()
	await page.flush()
	expect(server.attempts).toEqual(['lea', 'lea'])
	expect(keys(server.taken)).toEqual(['k1'])
	expect(page.entries).toEqual([])
	said.mockRestore()
})
