import { admit } from '$lib/guard'
import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'

export const load = async () => {
	await admit(['guardian', 'pupil', 'teacher', 'office', 'head', 'dpo'], '/e')
	await i18n.need('door', 'push')
	if (session.isStaff) await i18n.need('staff')
}
