import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await admit(['guardian', 'pupil'], '/e')
	await i18n.need('consent')
	await i18n.need('door')
	await i18n.need('push')
	await i18n.need('lowering')
}
