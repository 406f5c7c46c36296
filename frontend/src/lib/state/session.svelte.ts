import { api, call } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import type { Me } from '$lib/api/types'
import { i18n, isLanguage } from '$lib/i18n'
import { outbox } from '$lib/offline'

/** Push is loaded where it is in use alone. */
export const mayHavePush = () => 'Notification' in globalThis && Notification.permission === 'granted'

/** Who is signed in. Everything that belongs to one person is dropped when that changes. */
class Session {
	me = $state<Me>()
	/** Asked at least once; before that nobody knows. */
	known = $state(false)

	/** Asks the server; without a net the last answer of this page stands. */
	async load(): Promise<Problem | undefined> {
		const { data, problem } = await call(api.GET('/api/v1/me'))
		if (data) await this.become(data)
		else if (problem?.status === 401) this.me = undefined
		this.known = true
		return problem
	}

	/** Takes over whoever has just signed in, with the language of their profile. */
	async become(me: Me) {
		this.me = me
		this.known = true
		if (me.role === 'guardian' || me.role === 'pupil') void outbox.become(me.account.id)
		const kept = localStorage.getItem('language')
		if (!kept && isLanguage(me.language)) await i18n.choose(me.language)
	}

	/** Signs out; the server clears cookies, caches and storage of this origin. The language survives. */
	async signOut(): Promise<Problem | undefined> {
		const language = localStorage.getItem('language')
		const { problem } = await call(api.DELETE('/api/v1/session'))
		if (problem && problem.status !== 401) return problem
		if (mayHavePush()) await (await import('$lib/push/subscribe')).leave()
		if (this.me) await outbox.clear(this.me.account.id)
		if (language) localStorage.setItem('language', language)
		this.me = undefined
		return undefined
	}

	/** Where whoever is signed in begins; without a second factor that is where one is set up. */
	get home(): string {
		if (this.me?.noSay) return '/pupil'
		return this.me?.limited ? '/account' : homeOf(this.me?.role)
	}

	get isStaff() {
		return this.me !== undefined && this.me.role !== 'guardian' && this.me.role !== 'pupil'
	}
}

export const session = new Session()

/** Where each role begins. */
export function homeOf(role: Me['role'] | undefined): string {
	switch (role) {
		case 'guardian':
		case 'pupil':
			return '/home'
		case 'teacher':
			return '/classes'
		case 'office':
		case 'head':
		case 'dpo':
			return '/office'
		default:
			return '/e'
	}
}
