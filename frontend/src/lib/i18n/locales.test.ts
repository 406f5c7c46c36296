import { describe, expect, it } from 'vitest'
import { languages } from './languages'

const files = import.meta.glob<Record<string, unknown>>('./locales/*/*.json', { import: 'default', eager: true })

type Flat = Record<string, string>

function flat(value: unknown, path = ''): Flat {
	if (typeof value === 'string') return { [path]: value }
	return Object.assign(
		{},
		...Object.entries(value as object).map(([key, inner]) => flat(inner, path ? `${path}.${key}` : key))
	)
}

const ending = /_(zero|one|two|few|many|other)$/
const bare = (texts: Flat) => [...new Set(Object.keys(texts).map((key) => key.replace(ending, '')))].sort()
const placeholders = (text: string) => (text.match(/\{\{\w+/g) ?? []).sort().join()

// What each language owes: German everything, the others the guardian's and the public screens.
const open = [
	'app',
	'guardian',
	'consent',
	'verify',
	'door',
	'lowering',
	'rights',
	'pupil',
	'sanction',
	'notices',
	'push'
]
const owed = (tag: string) =>
	tag === 'de'
		? [...open, 'teacher', 'office', 'records', 'staff', 'tokens', 'oidc', 'rooms', 'breach', 'planning', 'messages']
		: open

for (const { tag } of languages) {
	for (const namespace of owed(tag)) {
		describe(`${tag}/${namespace}`, () => {
			const german = flat(files[`./locales/de/${namespace}.json`])
			const texts = flat(files[`./locales/${tag}/${namespace}.json`] ?? {})

			it('has the keys of the German texts, all filled', () => {
				expect(bare(texts)).toEqual(bare(german))
				expect(Object.entries(texts).filter(([, text]) => text.trim() === '')).toEqual([])
			})

			it('has every plural category of its language', () => {
				const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories
				for (const key of bare(texts).filter((key) => `${key}_other` in texts)) {
					for (const category of categories) expect(texts, `${key}_${category}`).toHaveProperty([`${key}_${category}`])
				}
			})

			it('has the placeholders of the German texts', () => {
				for (const [key, text] of Object.entries(texts)) {
					const model = german[key] ?? german[key.replace(ending, '_other')]!
					const own = placeholders(text)
					// A form for exactly one or two may spell the number out.
					if (ending.test(key) && own === '') continue
					expect(own, key).toBe(placeholders(model))
				}
			})
		})
	}
}
