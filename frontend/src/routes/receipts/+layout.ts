import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'

export const load = async () => {
	await Promise.all([admit(['guardian', 'pupil'], '/e'), i18n.need('consent', 'door', 'push', 'lowering')])
}
