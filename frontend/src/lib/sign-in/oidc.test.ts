import { expect, it } from 'vitest'
import { isFine, outcomeOf } from './oidc'

it('says what came of a sign-in at the provider', () => {
	expect(outcomeOf('oidc_waiting')).toBe('door:oidc.code.waiting')
	expect(outcomeOf('oidc_cancelled')).toBe('door:oidc.code.cancelled')
})

it('does not alarm who only has to wait', () => {
	expect(['oidc_waiting', 'oidc_cancelled', 'oidc_refused', 'oidc_no_role'].filter(isFine)).toEqual([
		'oidc_waiting',
		'oidc_cancelled'
	])
})

it('takes a code that it does not know for a provider in trouble', () => {
	for (const code of ['host_unreachable', 'oidc_other_issuer', 'anything']) {
		expect(outcomeOf(code)).toBe('door:oidc.code.unreachable')
	}
})
