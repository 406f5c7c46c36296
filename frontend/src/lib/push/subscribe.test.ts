import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { turnOn } from './subscribe'

const key = 'BAAA'
const posted = vi.hoisted(() => [] as string[])
const ended = vi.hoisted(() => new Set<string>())

vi.mock('$lib/i18n', () => ({ i18n: { language: 'de' } }))
vi.mock('$lib/state/session.svelte', () => ({ session: { me: { school: { id: 'school' } } } }))
vi.mock('$lib/api/client', () => ({
	api: {
		GET: () => ({ data: { key: 'BAAA' } }),
		POST: (_: string, { body }: { body: { endpoint: string } }) => {
			posted.push(body.endpoint)
			return { data: ended.has(body.endpoint) ? { renew: true } : { id: 'row' } }
		}
	},
	call: async (answer: object) => answer
}))

/** A browser that has the endpoints one after the other; after the last it never answers, as without its push service. */
function browserWith(...endpoints: string[]) {
	const made = (endpoint: string) => ({
		options: { applicationServerKey: Uint8Array.from(atob(key), (c) => c.charCodeAt(0)).buffer },
		toJSON: () => ({ endpoint, keys: { p256dh: 'p', auth: 'a' } }),
		unsubscribe: async () => ((present = null), true)
	})
	let present: ReturnType<typeof made> | null = null
	const subscribe = vi.fn(async () => {
		const endpoint = endpoints.shift()
		return endpoint ? (present = made(endpoint)) : new Promise<never>(() => undefined)
	})
	const pushManager = { getSubscription: async () => present, subscribe }
	vi.stubGlobal('navigator', { serviceWorker: { ready: Promise.resolve({ pushManager }) } })
	return subscribe
}

beforeEach(() => {
	posted.length = 0
	ended.clear()
	vi.stubGlobal('Notification', { requestPermission: async () => 'granted' })
	const kept = new Map<string, string>()
	vi.stubGlobal('localStorage', { getItem: (name: string) => kept.get(name) ?? null, setItem: kept.set.bind(kept) })
})

afterEach(() => {
	vi.useRealTimers()
	vi.unstubAllGlobals()
})

describe('subscribing', () => {
	it('hands over what there is already, at every start', async () => {
		const subscribe = browserWith('first')
		expect(await turnOn()).toBe('on')
		expect(await turnOn()).toBe('on')
		expect(posted).toEqual(['first', 'first'])
		expect(subscribe).toHaveBeenCalledOnce()
	})

	it('exchanges an endpoint once that its service has ended', async () => {
		browserWith('first', 'second')
		ended.add('first')
		expect(await turnOn()).toBe('on')
		expect(posted).toEqual(['first', 'second'])
		ended.add('second')
		browserWith('first', 'second', 'third')
		expect(await turnOn()).toBe('late')
		expect(posted).toEqual(['first', 'second', 'first', 'second'])
	})

	it('waits ten seconds for a push service, and no longer', async () => {
		vi.useFakeTimers()
		browserWith()
		const turned = turnOn()
		await vi.advanceTimersByTimeAsync(10_000)
		expect(await turned).toBe('late')
		expect(posted).toEqual([])
	})

	it('asks no service where the permission is denied', async () => {
		const subscribe = browserWith('first')
		vi.stubGlobal('Notification', { requestPermission: async () => 'denied' })
		expect(await turnOn()).toBe('denied')
		expect(subscribe).not.toHaveBeenCalled()
	})
})
