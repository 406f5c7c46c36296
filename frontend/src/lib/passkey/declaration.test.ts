import { describe, expect, it } from 'vitest'
import { toBase64 } from '$lib/base64'
import { challengeOf, declare, type Body, type Signing } from './declaration'
import vectors from './testdata/declarations.json'

// The server's own tests hold these vectors to what the server makes (backend/consent/declaration_test.go).
describe('a declaration is the one that the server makes', () => {
	for (const vector of vectors) {
		it(vector.name, async () => {
			const { pupil, key } = vector
			const made = await declare({ pupil, key, body: vector.body as Body }, vector.signing as Signing)
			expect(made.private).toBe(vector.private)
			expect(made.privateSha256).toBe(vector.privateSha256)
			expect(made.declaration).toBe(vector.declaration)
			expect(toBase64(await challengeOf(vector.signing.nonce, made.declaration))).toBe(vector.challenge)
		})
	}

	it('is another one under another key', async () => {
		const { pupil, body, signing, declaration } = vectors[0]!
		const made = await declare({ pupil, key: 'another', body: body as Body }, signing as Signing)
		expect(made.declaration).not.toBe(declaration)
	})
})
