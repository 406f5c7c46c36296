import { base, fetchRefreshing } from '$lib/api/client'
import { i18n } from '$lib/i18n'
import { Outbox } from './outbox.svelte'
import { DeviceStore, FallbackStore } from './store'

export type { Draft, Entry, Outcome } from './entry'

/** The outbox of this page. The root layout starts it, the session tells it who has signed in. */
export const outbox = new Outbox({
	fetch: fetchRefreshing,
	base: () => `${location.origin}${base}`,
	language: () => i18n.language,
	store: new FallbackStore(new DeviceStore()),
	now: () => Date.now(),
	random: () => Math.random(),
	after(milliseconds, work) {
		const timer = setTimeout(work, milliseconds)
		return () => clearTimeout(timer)
	},
	// Without Web Locks two pages may send the same entry: the key makes that harmless.
	lock: async (work) => (navigator.locks ? navigator.locks.request('outbox', work) : work()),
	persist: async () => navigator.storage?.persist?.()
})

/** Starts the outbox and lets it try again whenever the way may be free; gives what stops that. */
export function watchOutbox(): () => void {
	const seen = () => document.visibilityState === 'visible' && void outbox.flush()
	const online = () => void outbox.flush()
	addEventListener('online', online)
	document.addEventListener('visibilitychange', seen)
	void outbox.start()
	return () => {
		removeEventListener('online', online)
		document.removeEventListener('visibilitychange', seen)
	}
}
