import { redirect } from '@sveltejs/kit'
import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'

/** The one page of staff that a session without a second factor may open. */
export const load = async () => {
	if (!session.me) await session.load()
	if (!session.me) redirect(307, '/sign-in')
	if (!session.isStaff) redirect(307, session.home)
	await i18n.need('staff', 'door')
}
