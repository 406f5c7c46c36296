/** What a browser can do about push messages. */

/** Private windows, in-app browsers and iPhones outside the home screen know none. */
export const knowsPush = () => 'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window

/** On an iPhone or iPad messages arrive in the app on the home screen alone. */
export function needsHomeScreen(): boolean {
	const touchMac = navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1
	const apple = /iPhone|iPad|iPod/.test(navigator.userAgent) || touchMac
	return apple && !matchMedia('(display-mode: standalone)').matches
}

// What this browser's owner has said, and the school that it subscribed for.
const choice = 'push'
export const turnedOff = () => localStorage.getItem(choice) === 'off'
export const wasAsked = () => localStorage.getItem(choice) !== null
export const turnOffHere = () => localStorage.setItem(choice, 'off')
export const subscribedFor = () => localStorage.getItem(choice)
export const keepSchool = (school: string) => localStorage.setItem(choice, school)

/** The bytes of a VAPID key, which travels as base64url without padding (RFC 8292). */
export function keyBytes(text: string): Uint8Array<ArrayBuffer> {
	const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
	return Uint8Array.from(plain, (symbol) => symbol.charCodeAt(0))
}

export function sameKey(subscription: PushSubscription, key: string): boolean {
	const used = subscription.options.applicationServerKey
	if (!used) return false
	const wanted = keyBytes(key)
	const have = new Uint8Array(used)
	return have.length === wanted.length && have.every((byte, i) => byte === wanted[i])
}
