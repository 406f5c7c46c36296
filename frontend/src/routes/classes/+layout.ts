import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await admit(['teacher', 'office', 'head'], '/sign-in')
	await Promise.all([i18n.need('teacher'), i18n.need('planning')])
}
