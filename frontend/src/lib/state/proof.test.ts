import { describe, expect, it, vi } from 'vitest'
import type { Result } from '$lib/api/client'
import { blankProblem } from '$lib/api/problem'
import { proof, proving } from './proof.svelte'

const refused: Result<string> = {
	problem: { ...blankProblem, code: 'reauthentication_needed', status: 403 },
	status: 403
}
const done: Result<string> = { data: 'done', status: 200 }

describe('proving', () => {
	it('makes the call again after the proof', async () => {
		const make = vi.fn().mockResolvedValueOnce(refused).mockResolvedValueOnce(done)
		const result = proving(make)
		await vi.waitFor(() => expect(proof.asking).toBe(true))
		proof.end(true)
		expect(await result).toBe(done)
		expect(make).toHaveBeenCalledTimes(2)
		expect(proof.asking).toBe(false)
	})

	it('gives the refusal back when the sheet is closed', async () => {
		const make = vi.fn().mockResolvedValue(refused)
		const result = proving(make)
		await vi.waitFor(() => expect(proof.asking).toBe(true))
		proof.end(false)
		expect(await result).toBe(refused)
		expect(make).toHaveBeenCalledTimes(1)
	})

	it('asks nothing where nothing is needed', async () => {
		expect(await proving(() => Promise.resolve(done))).toBe(done)
		expect(proof.asking).toBe(false)
	})
})
