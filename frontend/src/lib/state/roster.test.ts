import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Result } from '$lib/api/client'
import type { RosterRow } from '$lib/api/types'
import { Roster, silence } from './roster.svelte'

class FakeSource {
	listeners = new Map<string, (event: Event) => void>()
	onerror: ((event: Event) => void) | null = null
	closed = false
	readyState: 0 | 1 | 2 = 1
	addEventListener(name: string, listener: unknown) {
		this.listeners.set(name, listener as (event: Event) => void)
	}
	close() {
		this.closed = true
	}
	break(readyState: 0 | 2) {
		this.readyState = readyState
		this.onerror?.(new Event('error'))
	}
	say(name: string, data: unknown) {
		this.listeners.get(name)?.({ data: JSON.stringify(data) } as MessageEvent)
	}
}

const row = (pupil: string, mode: RosterRow['mode'], familyName = pupil, stricter?: boolean): RosterRow => ({
	pupil,
	givenName: 'A',
	familyName,
	mode,
	stricter
})
const refused = (status: number): Result<never> => ({
	problem: { status, code: 'refused', title: '', detail: '', instance: '', errors: [], params: {} },
	status
})
const asOf = '2026-11-24T09:00:00Z'

describe('live roster', () => {
	let source: FakeSource
	let roster: Roster
	let opened: number
	let answers: Result<{ asOf: string; rows: RosterRow[] }>[]
	let seeing: Result<unknown>
	let seen: string[]

	beforeEach(() => {
		vi.useFakeTimers()
		opened = 0
		answers = []
		seen = []
		seeing = { data: undefined, status: 204 }
		roster = new Roster({
			open: () => {
				opened++
				return (source = new FakeSource()) as unknown as EventSource
			},
			ask: async () => answers.shift() ?? refused(503),
			see: async (meeting, pupil) => {
				seen.push(`${meeting}/${pupil}`)
				return seeing
			}
		})
		roster.follow('m')
		source.say('snapshot', { asOf, rows: [row('a', 'video'), row('b', 'audio'), row('c', 'none')] })
	})
	afterEach(() => {
		roster.stop()
		vi.useRealTimers()
	})

	it('counts what the snapshot shows', () => {
		expect(roster.live).toBe(true)
		expect(roster.counts).toEqual({ video: 1, audio: 1, none: 1 })
	})

	it('takes the mark off at the tap, and tells the server', async () => {
		source.say('change', { asOf, rows: [row('a', 'none', 'a', true)] })
		expect(roster.rows[0]).toMatchObject({ pupil: 'a', mode: 'none', stricter: true })
		await roster.seen('a')
		expect(roster.rows[0]?.stricter).toBe(false)
		expect(seen).toEqual(['m/a'])
	})

	it('shows the mark again when the tap did not arrive', async () => {
		source.say('change', { asOf, rows: [row('a', 'none', 'a', true)] })
		seeing = refused(503)
		await roster.seen('a')
		expect(roster.rows[0]?.stricter).toBe(true)
	})

	it('keeps the state of the room until the server says another one', () => {
		source.say('change', { asOf, rows: [], room: { kind: 'bigbluebutton', open: true, strangers: 1 } })
		source.say('change', { asOf, rows: [row('a', 'audio')] })
		expect(roster.room).toMatchObject({ open: true, strangers: 1 })
		source.say('snapshot', { asOf, rows: [], room: {} })
		expect(roster.room.open).toBeUndefined()
	})

	it('adds newcomers in order of names and drops who is gone', () => {
		source.say('change', { asOf, rows: [row('x', 'audio', 'Äbel')], gone: ['b'] })
		expect(roster.rows.map((r) => r.pupil)).toEqual(['a', 'x', 'c'])
	})

	it('calls itself stale after silence, and live again with the next word', () => {
		vi.advanceTimersByTime(silence + 1)
		expect(roster.live).toBe(false)
		source.say('ping', { asOf: '2026-11-24T09:01:00Z' })
		expect(roster.live).toBe(true)
		expect(roster.asOf).toBe('2026-11-24T09:01:00Z')
	})

	it('calls itself stale when the connection breaks', () => {
		source.break(0)
		expect(roster.live).toBe(false)
		expect(opened, 'the browser connects again by itself').toBe(1)
	})

	it('connects again where the browser gives up, with a session that was renewed', async () => {
		answers = [refused(503), { data: { asOf, rows: [row('a', 'audio', 'a', true)] }, status: 200 }]
		source.break(2)
		await vi.advanceTimersByTimeAsync(1000)
		expect(opened, 'the server said that it is not ready').toBe(1)
		await vi.advanceTimersByTimeAsync(2000)
		expect(opened).toBe(2)
		expect(roster.rows).toMatchObject([{ pupil: 'a', mode: 'audio', stricter: true }])
		source.say('ping', { asOf })
		expect(roster.live).toBe(true)
	})

	it('connects again after silence', async () => {
		answers = [{ data: { asOf, rows: [] }, status: 200 }]
		await vi.advanceTimersByTimeAsync(silence + 1000)
		expect(opened).toBe(2)
	})

	it('gives up and says why when the person is signed out', async () => {
		answers = [refused(401)]
		source.break(2)
		await vi.advanceTimersByTimeAsync(60_000)
		expect(opened).toBe(1)
		expect(roster.problem?.status).toBe(401)
	})

	it('does not come back after it was stopped', async () => {
		answers = [{ data: { asOf, rows: [] }, status: 200 }]
		source.break(2)
		roster.stop()
		await vi.advanceTimersByTimeAsync(60_000)
		expect(opened).toBe(1)
	})

	it('closes the connection when stopped', () => {
		roster.stop()
		expect(source.closed).toBe(true)
	})
})
