import { api, call } from '$lib/api/client'

/** The number on the app's symbol: how many consents are open, and nothing once none is. */
export async function showOpen(count: number): Promise<void> {
	try {
		await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())
	} catch {
		// a browser that keeps no badges has nothing to take back
	}
}

/** Takes messages off the lock screen whose matter is done, and those of whoever was signed in here before. */
export async function closeSettled(): Promise<void> {
	const registration = await navigator.serviceWorker?.getRegistration()
	for (const notification of (await registration?.getNotifications()) ?? []) {
		const id = /^\/o\/([\w-]+)$/.exec(String(notification.data?.path))?.[1]
		if (!id) continue
		const { data, status } = await call(api.GET('/api/v1/push/messages/{id}', { params: { path: { id } } }))
		if (data?.settled || status === 404) notification.close()
	}
}
