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
	'push_rests',
	'mode_changed',
	'answer_invalidated',
	'answer_recorded',
	'checkpoint',
	'reminder',
	'announcement',
	'invitation',
	'sanction_imposed',
	'sanction_ended',
	'own_sanction',
	'objection_news',
	'decision_waiting',
	'meeting_planned',
	'meeting_moved',
	'meeting_cancelled',
	'meeting_soon',
	'lesson_changed',
	'lesson_tomorrow',
	'lesson_soon',
	'rights_news',
	'age_near',
	'child_age_near'
] as const

type Kind = (typeof kinds)[number]

const isKind = (kind: string): kind is Kind => kinds.some((known) => known === kind)

/** A kind that a newer server knows has no words yet. */
export const kindOf = (kind: string) => (isKind(kind) ? t(`messages:kind.${kind}`) : t('messages:other'))
