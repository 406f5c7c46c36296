import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { summed } from './summed'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('changes are announced by their number, summed up', () => {
	const said: number[] = []
	const hear = summed((count) => said.push(count))
	hear(0)
	hear(1)
	hear(3)
	expect(said).toEqual([])
	vi.advanceTimersByTime(5000)
	expect(said).toEqual([3])
	hear(3) // nothing new
	vi.advanceTimersByTime(5000)
	hear(2) // one was seen
	vi.advanceTimersByTime(5000)
	expect(said).toEqual([3])
	hear(3) // another one
	vi.advanceTimersByTime(5000)
	expect(said).toEqual([3, 3])
})
