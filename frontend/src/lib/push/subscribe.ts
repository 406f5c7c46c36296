import { api, call } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'
import { keepSchool, keyBytes, knowsPush, sameKey, subscribedFor, turnedOff } from './browser'

export type TurnedOn = 'on' | 'denied' | 'late' | { problem: Problem }

// A browser without its push service never answers: it is left waiting, and what comes late is kept all the same.
const patience = 10_000

/** Asks for the permission, which takes a tap, and subscribes this browser. */
export async function turnOn(): Promise<TurnedOn> {
	if ((await Notification.requestPermission()) !== 'granted') return 'denied'
	return subscribe()
}

/** At every start: tells the server that this browser is still there, and makes good what was lost. */
export async function keep(): Promise<void> {
	if (!knowsPush() || Notification.permission !== 'granted' || turnedOff() || session.me?.noSay) return
	await subscribe()
}

/** Ends the subscription of this browser; its row at the server goes before. */
export async function leave(): Promise<void> {
	if (!knowsPush()) return
	try {
		const registration = await navigator.serviceWorker.getRegistration()
		await (await registration?.pushManager.getSubscription())?.unsubscribe()
	} catch {
		// the worker is gone already, and the subscription with it
	}
}

async function subscribe(): Promise<TurnedOn> {
	const key = await call(api.GET('/api/v1/push/key'))
	if (key.problem) return { problem: key.problem }
	let given: Promise<PushSubscription>
	try {
		given = subscriptionWith(key.data.key)
		const first = await Promise.race([given, new Promise<undefined>((wake) => setTimeout(wake, patience))])
		if (first) return await save(first, key.data.key)
	} catch {
		return 'late'
	}
	void given.then((late) => save(late, key.data.key)).catch(() => undefined)
	return 'late'
}

/** The subscription that there is, or a fresh one where that was made with another key or in another school. */
async function subscriptionWith(key: string): Promise<PushSubscription> {
	const { pushManager } = await navigator.serviceWorker.ready
	const present = await pushManager.getSubscription()
	const school = subscribedFor()
	if (present && sameKey(present, key) && (!school || school === session.me?.school.id)) return present
	await present?.unsubscribe()
	return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(key) })
}

async function save(subscription: PushSubscription, key: string): Promise<TurnedOn> {
	const { endpoint = '', keys = {} } = subscription.toJSON()
	const { problem } = await call(
		api.POST('/api/v1/push/subscriptions', {
			body: { endpoint, keys: { p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' }, key, language: i18n.language }
		})
	)
	if (problem) return { problem }
	if (session.me) keepSchool(session.me.school.id)
	return 'on'
}
