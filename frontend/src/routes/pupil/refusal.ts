/** Why a door stays closed, by the server's codes; each has its own page. */
const refusals = [
	'too_early',
	'rules_not_read',
	'mode_none',
	'meeting_over',
	'meeting_cancelled',
	'link_used',
	'link_expired',
	'link_not_yours',
	'room_not_ready'
] as const

export type Refused = (typeof refusals)[number]

export const isRefusal = (code: string): code is Refused => refusals.some((known) => known === code)

/** Where a new tap leads on; elsewhere only the own day does. */
export const helpsAgain = (code: string) =>
	['rules_not_read', 'link_used', 'link_expired', 'room_not_ready'].includes(code)
