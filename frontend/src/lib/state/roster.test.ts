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

const row = (pupil: string, mode: RosterRow['mode'], familyName = pupil): RosterRow => ({
	pupil,
	givenName: 'A',
	familyName,
	mode
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

	beforeEach(() => {
		vi.useFakeTimers()
		opened = 0
		answers = []
		roster = new Roster({
			open: () => {
				opened++
				return (source = new FakeSource()) as unknown as EventSource
			},
			ask: async () => answers.shift() ?? refused(503)
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

	it('marks a mode that became stricter until it is tapped', () => {
		source.say('change', { asOf, rows: [row('a', 'none')] })
		expect(roster.rows[0]).toMatchObject({ pupil: 'a', mode: 'none', stricter: true })
		roster.seen('a')
		expect(roster.rows[0]?.stricter).toBe(false)
	})

	it('does not mark a mode that rises, and takes the mark back when it does', () => {
		source.say('change', { asOf, rows: [row('a', 'audio')] })
		source.say('change', { asOf, rows: [row('a', 'video'), row('c', 'video')] })
		expect(roster.rows.map((r) => r.stricter)).toEqual([false, false, false])
	})

	it('marks what became stricter while the line was lost', () => {
		source.say('snapshot', { asOf, rows: [row('a', 'audio'), row('b', 'audio')] })
		expect(roster.rows.map((r) => [r.pupil, r.stricter])).toEqual([
			['a', true],
			['b', false]
		])
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
		answers = [refused(503), { data: { asOf, rows: [row('a', 'audio')] }, status: 200 }]
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
