import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await admit(['office', 'head', 'dpo'], '/sign-in')
	await Promise.all([
		i18n.need('office'),
		i18n.need('records'),
		i18n.need('staff'),
		i18n.need('teacher'),
		i18n.need('breach'),
		i18n.need('planning')
	])
}
