/** Push messages: shown whatever they hold, and opened on our own origin alone. */
import words from './words.json'

/** What is shown of a message, and what follows. */
export interface Shown {
	title: string
	options: NotificationOptions & { data: { path: string } }
	badge?: number
	/** Goes back to the server: it shows that messages arrive. */
	proof?: string
}

type Words = keyof typeof words

/** Reads a message as the server writes it (Declarative Web Push). What cannot be read still shows something. */
export function read(text: string | undefined, origin: string, language: string): Shown {
	const message = parse(text)
	const notification = record(message.notification)
	const fallback = words[(language.split('-')[0] ?? 'de') as Words] ?? words.de
	const badge = Number(message.app_badge ?? NaN)
	return {
		title: string(notification.title) ?? words.name,
		options: {
			body: string(notification.body) ?? fallback,
			lang: string(notification.lang),
			dir: notification.dir === 'rtl' ? 'rtl' : 'ltr',
			tag: string(notification.tag),
			icon: '/icon-192.png',
			data: { path: pathOf(string(notification.navigate), origin) }
		},
		badge: Number.isInteger(badge) && badge >= 0 ? badge : undefined,
		proof: string(message.proof)
	}
}

/** Where a message leads: a page of ours, or the app's first. */
export function pathOf(navigate: string | undefined, origin: string): string {
	if (!navigate || !URL.canParse(navigate)) return '/'
	const url = new URL(navigate)
	return url.origin === origin ? url.pathname : '/'
}

/** Shows first: whoever lets a message pass unseen loses the subscription, and the network may be slow. */
export async function show(worker: ServiceWorkerGlobalScope, text: string | undefined): Promise<void> {
	const { title, options, badge, proof } = read(text, worker.location.origin, worker.navigator.language)
	await worker.registration.showNotification(title, options)
	if (badge !== undefined) await setBadge(worker.navigator, badge)
	if (proof) await giveBack(proof)
}

/** Without the answer nothing real comes here; the next start subscribes again, and another proof comes. */
async function giveBack(proof: string): Promise<void> {
	await fetch('/api/v1/push/activation', {
		method: 'POST',
		headers: { 'Content-Type': 'application/json', 'X-App': '1' },
		body: JSON.stringify({ proof })
	}).catch(() => undefined)
}

async function setBadge(navigator: WorkerNavigator, count: number): Promise<void> {
	await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())?.catch(() => undefined)
}

/** Leads a window that is open already there, or opens one. */
export async function open(worker: ServiceWorkerGlobalScope, notification: Notification): Promise<void> {
	notification.close()
	const path = string(record(notification.data).path) ?? '/'
	const windows = await worker.clients.matchAll({ type: 'window' })
	for (const client of windows) {
		const led = await client.navigate(path).catch(() => null)
		if (led) return void (await led.focus().catch(() => undefined))
	}
	await worker.clients.openWindow(path)
}

function parse(text: string | undefined): Record<string, unknown> {
	try {
		return record(JSON.parse(text ?? ''))
	} catch {
		return {}
	}
}

const record = (value: unknown) => (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
const string = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined)
