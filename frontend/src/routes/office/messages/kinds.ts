import { t } from '$lib/i18n'

/** What messages may be about. */
export const kinds = [
	'confirm_address',
	'receipt',
	'first_answer',
	'answer_given',
	'letter_issued',
	'letter_redeemed',
	'letter_disowned',
	'device_linked',
	'mode_changed',
	'answer_invalidated',
	'answer_recorded',
	'checkpoint',
	'reminder'
] as const

type Kind = (typeof kinds)[number]

const isKind = (kind: string): kind is Kind => kinds.some((known) => known === kind)

/** A kind that a newer server knows has no words yet. */
export const kindOf = (kind: string) => (isKind(kind) ? t(`messages:kind.${kind}`) : t('messages:other'))
