import { i18n } from './i18n.svelte'
import type { Key, Values } from './types'

export { i18n }
export { languages, isLanguage, directionOf, type Language } from './languages'

/** The text of a key in the language in use; reading it in a component re-renders on a change of language. */
export function t(key: Key, values?: Values): string {
	return i18n.translate(key, values)
}

/** An instant as time of day, in digits everybody reads. */
export function timeOf(instant: string | Date): string {
	return new Intl.DateTimeFormat(`${i18n.language}-u-nu-latn`, {
		hour: '2-digit',
		minute: '2-digit',
		timeZone: 'Europe/Berlin',
		hour12: false
	}).format(new Date(instant))
}

/** A civil date or an instant as DD.MM.YYYY: legal dates read the same in every language. */
export function dateOf(day: string | Date): string {
	if (typeof day === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(day)) return day.split('-').reverse().join('.')
	return new Intl.DateTimeFormat('de', {
		day: '2-digit',
		month: '2-digit',
		year: 'numeric',
		timeZone: 'Europe/Berlin'
	}).format(new Date(day))
}
