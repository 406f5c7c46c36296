import { i18n } from '$lib/i18n'

export const load = async () => {
	await i18n.need('teacher', 'staff', 'door')
}
