/** Takes back what messages have put up: once nothing is open, nothing stands on the app's symbol or the lock screen. */
export async function showOpen(count: number): Promise<void> {
	try {
		await (count > 0 ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.())
		if (count > 0) return
		const registration = await navigator.serviceWorker.getRegistration()
		for (const notification of (await registration?.getNotifications()) ?? []) notification.close()
	} catch {
		// a browser that keeps no badges or notifications has nothing to take back
	}
}
