import { beforeEach, expect, test, vi } from 'vitest'

/** A request for a file of texts, until it is answered. */
interface Asked {
	file: string
	answer: () => void
}

let asked: Asked[]
let i18n: typeof import('./i18n.svelte').i18n

beforeEach(async () => {
	asked = []
	const kept = new Map<string, string>()
	vi.stubGlobal('localStorage', {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => kept.set(key, value)
	})
	vi.stubGlobal('document', { documentElement: {} })
	vi.stubGlobal('navigator', { languages: ['de'] })
	vi.stubGlobal('fetch', (url: string) => {
		const file = /locales\/(\w+\/\w+)\.json/.exec(url)?.[1] ?? url
		return new Promise((resolve) => {
			const answer = () => resolve({ ok: true, json: async () => ({ word: file }) })
			asked.push({ file, answer })
		})
	})
	vi.resetModules()
	i18n = (await import('./i18n.svelte')).i18n
	const started = i18n.start()
	await answer('de/app', 'de/guardian')
	await started
})

/** Answers requests once they have been made, in this order. */
async function answer(...files: string[]) {
	for (const file of files) {
		const one = await vi.waitUntil(() => asked.find((each) => each.file === file))
		asked = asked.filter((each) => each !== one)
		one.answer()
	}
}

const word = () => i18n.translate('consent:word')

test('what a page needs is asked for at once', async () => {
	const ready = i18n.need('consent', 'door')
	await vi.waitUntil(() => asked.length === 2)
	await answer('de/door', 'de/consent')
	await ready
	expect(word()).toBe('de/consent')
	await i18n.need('consent') // asks for nothing
	expect(asked).toEqual([])
})

test('a language chosen while a page loads brings its texts along', async () => {
	const ready = i18n.need('consent')
	await vi.waitUntil(() => asked.length === 1)
	const chosen = i18n.choose('tr')
	await answer('de/consent', 'tr/app', 'tr/guardian', 'tr/consent')
	await Promise.all([ready, chosen])
	expect(word()).toBe('tr/consent')
})

test('a page that loads while a language is chosen ends in that language', async () => {
	const chosen = i18n.choose('tr')
	await vi.waitUntil(() => asked.length === 2)
	const ready = i18n.need('consent')
	await answer('tr/app', 'tr/guardian')
	await chosen
	await answer('de/consent', 'tr/consent')
	await ready
	expect(word()).toBe('tr/consent')
})
