import type { ReminderRow } from '$lib/api/types'

/** The plural of i18next takes the ending "other". */
export const reasonOf = (reason: NonNullable<ReminderRow['reason']>) =>
	reason === 'answered_by_other' ? 'enough' : reason
