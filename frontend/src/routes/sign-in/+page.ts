import { i18n } from '$lib/i18n'

export const load = async () => {
	await Promise.all([i18n.need('teacher'), i18n.need('staff'), i18n.need('door')])
}
