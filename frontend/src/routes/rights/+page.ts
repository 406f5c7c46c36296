import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'

/** Anybody may know it. Whoever is signed in keeps the way back to their own pages. */
export const load = async () => {
	await Promise.all([i18n.need('rights'), session.known ? undefined : session.load()])
}
