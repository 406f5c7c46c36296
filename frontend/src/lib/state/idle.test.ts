import { describe, expect, it } from 'vitest'
import { Idle } from './idle'

const minutes = (n: number) => n * 60_000

describe('a tablet that many use', () => {
	it('is left after 15 minutes without a touch', () => {
		const idle = new Idle(0)
		expect(idle.next(minutes(15) - 1)).toBe('wait')
		expect(idle.next(minutes(15))).toBe('leave')
	})

	it('is not left while it is touched, and the server hears of it', () => {
		const idle = new Idle(0)
		idle.touch(minutes(3))
		expect(idle.next(minutes(3))).toBe('wait')
		expect(idle.next(minutes(4))).toBe('refresh')
		expect(idle.next(minutes(9)), 'no touch since').toBe('wait')
		idle.touch(minutes(14))
		expect(idle.next(minutes(16))).toBe('refresh')
		expect(idle.next(minutes(29))).toBe('leave')
	})
})
