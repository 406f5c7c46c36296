import { redirect } from '@sveltejs/kit'
import { waitForSignIn } from '$lib/guard'
import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'

export const load = async ({ params }) => {
	if (!session.me) await session.load()
	if (!session.me) {
		waitForSignIn(params.id)
		redirect(307, '/e')
	}
	await i18n.need('push')
}
