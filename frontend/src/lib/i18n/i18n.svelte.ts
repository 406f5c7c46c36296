import { createInstance } from 'i18next'
import { keepForOffline } from '$lib/service-worker'
import { directionOf, isLanguage, preferred, type Language } from './languages'
import './types'

/** A file of texts; each area of the app has its own, so that a guardian's phone never loads the office's. */
const namespaces = [
	'app',
	'guardian',
	'consent',
	'teacher',
	'office',
	'records',
	'verify',
	'door',
	'staff',
	'lowering',
	'rights',
	'tokens',
	'oidc',
	'rooms',
	'pupil',
	'sanction',
	'breach',
	'planning',
	'notices',
	'messages',
	'push'
] as const
export type Namespace = (typeof namespaces)[number]

const urls = import.meta.glob<string>('./locales/*/*.json', { query: '?url', import: 'default', eager: true })
const stored = 'language'

/** Holds the language in use and loads texts on demand. One file a language and namespace. */
class I18n {
	#instance = createInstance()
	#revision = $state(0)
	#started: Promise<void> | undefined
	#wanted = new Set<Namespace>(['app', 'guardian'])
	language = $state<Language>('de')

	get dir() {
		return directionOf(this.language)
	}

	/** Loads the chosen language, or the browser's, before the first paint. Loads of pages run beside it and wait here. */
	start(): Promise<void> {
		this.#started ??= this.#start().catch((error) => {
			this.#started = undefined // the next page tries again
			throw error
		})
		return this.#started
	}

	async #start() {
		const kept = localStorage.getItem(stored)
		this.language = isLanguage(kept) ? kept : preferred(navigator.languages)
		await this.#instance.init({
			lng: this.language,
			fallbackLng: 'de',
			ns: [...namespaces],
			defaultNS: 'app',
			initAsync: false,
			partialBundledLanguages: true,
			resources: {},
			interpolation: { escapeValue: false } // Svelte escapes
		})
		await this.#load(this.language, [...this.#wanted])
		this.#show()
	}

	/** Adds namespaces that only some pages need, all at once. A language chosen meanwhile is loaded too. */
	async need(...namespaces: Namespace[]) {
		await this.start()
		for (const namespace of namespaces) this.#wanted.add(namespace) // first, so that a change of language brings them along
		let language: Language
		do {
			language = this.language
			if (await this.#load(language, namespaces)) this.#revision++
		} while (language !== this.language)
	}

	/** Changes the language at once; when its file cannot be had, the present one stays and the answer is false. */
	async choose(language: Language): Promise<boolean> {
		try {
			await this.#load(language, [...this.#wanted])
		} catch {
			return false
		}
		localStorage.setItem(stored, language)
		await this.#instance.changeLanguage(language)
		this.language = language
		this.#show()
		return true
	}

	translate(key: string, values?: Record<string, unknown>): string {
		void this.#revision // a change of language renders again whatever shows a text
		return this.#instance.t(key as never, values as never) as unknown as string
	}

	#show() {
		document.documentElement.lang = this.language
		document.documentElement.dir = this.dir
		this.#revision++
	}

	/** Tells whether anything was new. */
	async #load(language: Language, namespaces: Namespace[]): Promise<boolean> {
		const loaded = await Promise.all(namespaces.map((namespace) => this.#loadOne(language, namespace)))
		return loaded.includes(true)
	}

	/** Staff texts exist in German alone so far; other languages fall back to it. */
	async #loadOne(language: Language, namespace: Namespace): Promise<boolean> {
		const url = urls[`./locales/${language}/${namespace}.json`]
		if (!url) return language !== 'de' && this.#loadOne('de', namespace)
		if (this.#instance.hasResourceBundle(language, namespace)) return false
		const response = await fetch(url)
		if (!response.ok) throw new Error(`texts ${language}/${namespace}: ${response.status}`)
		this.#instance.addResourceBundle(language, namespace, await response.json())
		keepForOffline(url)
		return true
	}
}

export const i18n = new I18n()
