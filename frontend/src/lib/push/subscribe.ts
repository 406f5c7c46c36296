import { api, call } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import { i18n } from '$lib/i18n'
import { session } from '$lib/state/session.svelte'
import { closeSettled } from './settled'
import { keepSchool, keyBytes, knowsPush, sameKey, subscribedFor, turnedOff } from './browser'

export type TurnedOn = 'on' | 'denied' | 'late' | { problem: Problem }

// A browser without its push service never answers: it is left waiting, and what comes late is kept all the same.
const patience = 10_000

/** Asks for the permission, which takes a tap, and subscribes this browser. */
export async function turnOn(): Promise<TurnedOn> {
	if ((await Notification.requestPermission()) !== 'granted') return 'denied'
	return subscribe()
}

/** At every start: what is settled leaves the lock screen, and this browser says that it is still there. */
export async function atStart(): Promise<void> {
	await closeSettled()
	await keep()
}

/** Tells the server that this browser is still there, and makes good what was lost. */
async function keep(): Promise<void> {
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
	const saved = subscriptionWith(key.data.key)
		.then((subscription) => save(subscription, key.data.key))
		.catch((): TurnedOn => 'late')
	return Promise.race([saved, new Promise<TurnedOn>((wake) => setTimeout(() => wake('late'), patience))])
}

/** The subscription that there is, or a fresh one where that was made with another key or in another school. */
async function subscriptionWith(key: string): Promise<PushSubscription> {
	const { pushManager } = await navigator.serviceWorker.ready
	const present = await pushManager.getSubscription()
	const school = subscribedFor()
	if (present && sameKey(present, key) && (!school || school === session.me?.school.id)) return present
	return anew(present, key)
}

async function anew(present: PushSubscription | null, key: string): Promise<PushSubscription> {
	const { pushManager } = await navigator.serviceWorker.ready
	await present?.unsubscribe()
	return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: keyBytes(key) })
}

/** Hands the subscription over; one that its service has ended, of which the browser knows nothing, is exchanged once. */
async function save(subscription: PushSubscription, key: string, renewed = false): Promise<TurnedOn> {
	const { endpoint = '', keys = {} } = subscription.toJSON()
	const { data, problem } = await call(
		api.POST('/api/v1/push/subscriptions', {
			body: { endpoint, keys: { p256dh: keys.p256dh ?? '', auth: keys.auth ?? '' }, key, language: i18n.language }
		})
	)
	if (problem) return { problem }
	if (data.renew) return renewed ? 'late' : save(await anew(subscription, key), key, true)
	if (session.me) keepSchool(session.me.school.id)
	return 'on'
}
