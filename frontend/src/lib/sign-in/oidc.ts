import type { Key } from '$lib/i18n/types'

const outcomes: Record<string, Key> = {
	oidc_refused: 'door:oidc.code.refused',
	oidc_cancelled: 'door:oidc.code.cancelled',
	oidc_waiting: 'door:oidc.code.waiting',
	oidc_no_role: 'door:oidc.code.noRole',
	not_allowed: 'door:oidc.code.noRole',
	not_found: 'door:oidc.code.none',
	passkey_needed: 'door:oidc.code.passkey',
	too_many_tries: 'door:oidc.code.often'
}

/** Nothing went wrong: somebody turned back, or the office is to say who it is. */
export const isFine = (code: string) => code === 'oidc_waiting' || code === 'oidc_cancelled'

/** What to say of a sign-in at the school's provider that came back with this code. */
export function outcomeOf(code: string): Key {
	return outcomes[code] ?? 'door:oidc.code.unreachable'
}
