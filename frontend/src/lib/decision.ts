import type { Decision } from '$lib/api/types'
import { t } from '$lib/i18n'

/** What was decided, in the words of the buttons. */
export function wordsOf(decision: Pick<Decision, 'kind' | 'answer' | 'extent'>): string {
	if (decision.kind === 'withdrawal') return t(`consent:receipt.extent.${decision.extent ?? 'all'}`)
	return t(`consent:choose.answers.${decision.answer ?? 'none'}`)
}
