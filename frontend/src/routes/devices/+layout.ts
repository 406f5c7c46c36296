import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await admit(['guardian', 'pupil', 'teacher', 'office', 'head', 'dpo'], '/e')
	await i18n.need('door')
}
