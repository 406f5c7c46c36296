import type { StaffDecision } from '$lib/api/types'
import { t } from '$lib/i18n'

/** What somebody decided, as the office says it. */
export function wordsOf(decision: Pick<StaffDecision, 'kind' | 'answer' | 'extent'>): string {
	if (decision.kind === 'withdrawal') return t(`records:decision.extent.${decision.extent ?? 'all'}`)
	return t(`records:decision.answer.${decision.answer ?? 'none'}`)
}
