import { openDB, type DBSchema, type IDBPDatabase } from 'idb'
import type { Entry } from './entry'

/** What is written before it has its place in the queue. */
export type NewEntry = Entry extends infer E ? (E extends Entry ? Omit<E, 'seq'> : never) : never

/** Keeps entries in the order in which they came. */
export interface Store {
	/** Adds an entry, unless there is one with its key: that one stays, since the server may know it already. */
	add(entry: NewEntry): Promise<{ kept: boolean }>
	/** All entries of all accounts, oldest first. */
	all(): Promise<Entry[]>
	/** Replaces an entry that is still there. */
	replace(entry: Entry): Promise<void>
	remove(entries: Entry[]): Promise<void>
	/** The account last signed in here, so that its entries can be shown before the server can be asked. */
	account(): Promise<string | undefined>
	rememberAccount(account: string | undefined): Promise<void>
}

interface Schema extends DBSchema {
	entries: { key: number; value: Entry; indexes: { key: string } }
	about: { key: 'account'; value: string }
}

/** The store in IndexedDB. Every method rejects where the browser offers none (some private windows). */
export class DeviceStore implements Store {
	#opening: Promise<IDBPDatabase<Schema>> | undefined

	async add(entry: NewEntry): Promise<{ kept: boolean }> {
		const tx = (await this.#open()).transaction('entries', 'readwrite')
		const known = await tx.store.index('key').getKey(entry.key)
		if (known === undefined) await tx.store.add(entry as Entry) // the key generator writes seq into the record
		await tx.done
		return { kept: true }
	}

	async all(): Promise<Entry[]> {
		return (await this.#open()).getAll('entries')
	}

	async replace(entry: Entry): Promise<void> {
		const tx = (await this.#open()).transaction('entries', 'readwrite')
		if ((await tx.store.getKey(entry.seq)) !== undefined) await tx.store.put(entry)
		await tx.done
	}

	async remove(entries: Entry[]): Promise<void> {
		const tx = (await this.#open()).transaction('entries', 'readwrite')
		await Promise.all([...entries.map(({ seq }) => tx.store.delete(seq)), tx.done])
	}

	async account(): Promise<string | undefined> {
		return (await this.#open()).get('about', 'account')
	}

	async rememberAccount(account: string | undefined): Promise<void> {
		const db = await this.#open()
		if (account === undefined) await db.delete('about', 'account')
		else await db.put('about', account, 'account')
	}

	/** Opens the database; again after the browser has closed it, as it does when the server clears this origin. */
	#open(): Promise<IDBPDatabase<Schema>> {
		const forget = () => (this.#opening = undefined)
		this.#opening ??= openDB<Schema>('outbox', 1, {
			upgrade(db) {
				db.createObjectStore('entries', { keyPath: 'seq', autoIncrement: true }).createIndex('key', 'key', {
					unique: true
				})
				db.createObjectStore('about')
			},
			blocking: (_current, _blocked, event) => {
				;(event.target as IDBDatabase).close() // another page wants to delete or upgrade it
				forget()
			},
			terminated: forget
		}).catch((error: unknown) => {
			forget()
			throw error
		})
		return this.#opening
	}
}

/** A store that lasts as long as the page. */
export class PageStore implements Store {
	#entries: Entry[] = []
	#account: string | undefined
	#seq = 0

	async add(entry: NewEntry): Promise<{ kept: boolean }> {
		// Counting downwards, so that no number is one of the device's store.
		if (!this.#entries.some(({ key }) => key === entry.key)) this.#entries.push({ ...entry, seq: --this.#seq } as Entry)
		return { kept: false }
	}

	async all(): Promise<Entry[]> {
		return [...this.#entries]
	}

	async replace(entry: Entry): Promise<void> {
		this.#entries = this.#entries.map((old) => (old.seq === entry.seq ? entry : old))
	}

	async remove(entries: Entry[]): Promise<void> {
		this.#entries = this.#entries.filter(({ seq }) => !entries.some((gone) => gone.seq === seq))
	}

	async account(): Promise<string | undefined> {
		return this.#account
	}

	async rememberAccount(account: string | undefined): Promise<void> {
		this.#account = account
	}
}

/**
 * The device's store, and the page's memory for what the device does not take (no database in this browser, disk
 * full). Without a device everything but outliving the page still works, and `kept` says so.
 */
export class FallbackStore implements Store {
	#device: Store
	#page = new PageStore()

	constructor(device: Store) {
		this.#device = device
	}

	async add(entry: NewEntry): Promise<{ kept: boolean }> {
		return this.#device.add(entry).catch(() => this.#page.add(entry))
	}

	async all(): Promise<Entry[]> {
		const kept = await this.#device.all().catch(() => [])
		return [...kept, ...(await this.#page.all())]
	}

	async replace(entry: Entry): Promise<void> {
		await this.#of(entry).replace(entry)
	}

	async remove(entries: Entry[]): Promise<void> {
		const here = entries.filter((entry) => this.#of(entry) === this.#device)
		await this.#page.remove(entries.filter((entry) => this.#of(entry) === this.#page))
		if (here.length > 0) await this.#device.remove(here)
	}

	async account(): Promise<string | undefined> {
		return this.#device.account().catch(() => this.#page.account())
	}

	async rememberAccount(account: string | undefined): Promise<void> {
		await this.#device.rememberAccount(account).catch(() => this.#page.rememberAccount(account))
	}

	#of(entry: Entry): Store {
		return entry.seq < 0 ? this.#page : this.#device
	}
}
