import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'
import { deleteDB } from 'idb'
import { beforeEach, describe, expect, test } from 'vitest'
import { DeviceStore, FallbackStore, PageStore, type NewEntry } from './store'

const entry = (key: string): NewEntry => ({
	key,
	account: 'mother',
	child: 'lea',
	route: 'withdrawals',
	body: { extent: 'all' },
	created: 0,
	state: 'waiting'
})
const keys = (entries: { key: string }[]) => entries.map(({ key }) => key)

beforeEach(() => {
	globalThis.indexedDB = new IDBFactory()
})

describe.each([
	['on the device', () => new DeviceStore()],
	['in the page', () => new PageStore()],
	['with a fallback', () => new FallbackStore(new DeviceStore())]
])('a store %s', (_name, make) => {
	test('keeps the order, and the first of a key', async () => {
		const store = make()
		for (const key of ['c', 'a', 'b']) await store.add(entry(key))
		await store.add({ ...entry('a'), child: 'can' } as NewEntry)
		const all = await store.all()
		expect(keys(all)).toEqual(['c', 'a', 'b'])
		expect(all[1]?.child).toBe('lea')
	})

	test('does not bring back what is gone', async () => {
		const store = make()
		await store.add(entry('a'))
		const all = await store.all()
		await store.remove(all)
		for (const gone of all) await store.replace({ ...gone, state: 'refused' })
		expect(await store.all()).toEqual([])
	})

	test('replaces in place', async () => {
		const store = make()
		await store.add(entry('a'))
		await store.add(entry('b'))
		const [first] = await store.all()
		if (!first) throw new Error('nothing is kept')
		await store.replace({ ...first, state: 'refused' })
		expect((await store.all()).map(({ state }) => state)).toEqual(['refused', 'waiting'])
	})

	test('remembers the account', async () => {
		const store = make()
		expect(await store.account()).toBeUndefined()
		await store.rememberAccount('mother')
		expect(await store.account()).toBe('mother')
		await store.rememberAccount(undefined)
		expect(await store.account()).toBeUndefined()
	})
})

test('the device keeps more than a page does', async () => {
	await new DeviceStore().add(entry('a'))
	expect(keys(await new DeviceStore().all())).toEqual(['a'])
})

test('a database deleted under the page, as on signing out, is opened anew', async () => {
	const store = new DeviceStore()
	await store.add(entry('a'))
	await deleteDB('outbox')
	expect(await store.all()).toEqual([])
	await store.add(entry('b'))
	expect(keys(await store.all())).toEqual(['b'])
})
