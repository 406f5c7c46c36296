import type { components } from '$lib/api/schema'
import { languages } from '$lib/i18n'

export type Sheet = components['schemas']['OwnRulesBody']
export type Given = { question: string; answer: string }

/** Names of the rules' languages; a school may have others. */
const names: Record<string, string> = {
	...Object.fromEntries(languages.map(({ tag, name }) => [tag, name])),
	'de-simple': 'Einfaches Deutsch',
	uk: 'Українська',
	ru: 'Русский'
}

const rightToLeft = ['ar', 'fa', 'he', 'ur']

export const nameOf = (tag: string) => names[tag] ?? tag
export const directionOf = (tag: string) => (rightToLeft.includes(tag.split('-')[0]!) ? 'rtl' : 'ltr')

/** What browsers and screen readers know a language by. */
export const langOf = (tag: string) => (tag === 'de-simple' ? 'de' : tag)
