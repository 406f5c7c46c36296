/** The languages of the app, by their own names. Those with offered: false are complete enough to try, not to promise. */
export const languages = [
	{ tag: 'de', name: 'Deutsch', dir: 'ltr', offered: true },
	{ tag: 'en', name: 'English', dir: 'ltr', offered: true },
	{ tag: 'tr', name: 'Türkçe', dir: 'ltr', offered: true },
	{ tag: 'ar', name: 'العربية', dir: 'rtl', offered: false }
] as const

export type Language = (typeof languages)[number]['tag']

export const isLanguage = (tag: string | null | undefined): tag is Language => languages.some((l) => l.tag === tag)

export const directionOf = (tag: Language) => languages.find((l) => l.tag === tag)?.dir ?? 'ltr'

/** The first of the browser's languages that the app offers; German otherwise. */
export function preferred(browser: readonly string[]): Language {
	for (const wanted of browser) {
		const base = wanted.toLowerCase().split('-')[0]
		const found = languages.find((l) => l.offered && l.tag === base)
		if (found) return found.tag
	}
	return 'de'
}
