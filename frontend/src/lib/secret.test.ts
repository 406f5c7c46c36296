import { describe, expect, it } from 'vitest'
import { groupedSecret, isSecret, normalSecret } from './secret'

const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** Completes 13 symbols by trying: exactly one check symbol fits. */
const complete = (data: string) => [...symbols].map((symbol) => data + symbol).filter(isSecret)

describe('letter secret', () => {
	const [secret = ''] = complete('7K3M9QXW2ZT4B')

	it('has exactly one check symbol', () => {
		expect(complete('7K3M9QXW2ZT4B')).toHaveLength(1)
	})

	it('finds every single wrong symbol', () => {
		for (let i = 0; i < secret.length; i++) {
			for (const symbol of symbols) {
				if (symbol !== secret[i]) expect(isSecret(secret.slice(0, i) + symbol + secret.slice(i + 1))).toBe(false)
			}
		}
	})

	it('finds every swap of neighbours', () => {
		for (let i = 0; i + 1 < secret.length; i++) {
			if (secret[i] === secret[i + 1]) continue
			expect(isSecret(secret.slice(0, i) + secret[i + 1] + secret[i] + secret.slice(i + 2))).toBe(false)
		}
	})

	it('forgives blanks, hyphens, case and look-alikes', () => {
		expect(normalSecret(' 7k3m-9qxw-2zt4-b ')).toBe('7K3M9QXW2ZT4B')
		expect(normalSecret('oIl')).toBe('011')
		expect(isSecret(groupedSecret(secret).toLowerCase())).toBe(true)
	})

	it('refuses too few and foreign symbols', () => {
		expect(isSecret(secret.slice(1))).toBe(false)
		expect(isSecret(`${secret.slice(0, 13)}U`)).toBe(false)
	})
})
