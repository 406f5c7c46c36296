import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await admit(['office', 'head', 'dpo'], '/sign-in')
	await i18n.need('office', 'records', 'staff', 'teacher', 'breach', 'planning')
}
