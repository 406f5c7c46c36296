import { describe, expect, it } from 'vitest'
import { fromBase64, toBase64 } from './base64'

describe('bytes in base64', () => {
	it('come back as they were, whatever their length', () => {
		for (let length = 0; length < 70; length++) {
			const bytes = Uint8Array.from({ length }, (_, i) => (i * 89 + length) % 256)
			expect([...fromBase64(toBase64(bytes.buffer))]).toEqual([...bytes])
		}
	})

	it('are in the standard alphabet, with padding', () => {
		expect(toBase64(Uint8Array.of(251, 255, 254, 1).buffer)).toBe('+//+AQ==')
	})

	it('are empty where an authenticator says nothing', () => {
		expect(toBase64(null)).toBe('')
	})
})
