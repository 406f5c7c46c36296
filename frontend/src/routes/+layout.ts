import { i18n } from '$lib/i18n'

export const ssr = false

// The language is loaded before the first paint, so that nothing is shown twice.
export const load = async () => {
	await i18n.start()
}
