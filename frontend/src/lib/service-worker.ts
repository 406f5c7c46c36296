import { dev } from '$app/environment'

const workerUrl = '/service-worker.js'

// Policy names can be created once a page; this module is the one place.
const policy =
	typeof window === 'undefined'
		? undefined
		: window.trustedTypes?.createPolicy('sw', {
				createScriptURL: (url) => {
					if (url !== workerUrl) throw new TypeError('not the worker')
					return url
				}
			})

/** Registers the worker. Private windows and old browsers may have none: then everything works but offline. */
export async function registerWorker(onWaiting: (apply: () => void) => void): Promise<void> {
	if (!('serviceWorker' in navigator)) return
	const url = policy?.createScriptURL(workerUrl) ?? workerUrl
	let registration: ServiceWorkerRegistration
	try {
		registration = await navigator.serviceWorker.register(url as string, {
			type: dev ? 'module' : 'classic',
			updateViaCache: 'none'
		})
	} catch {
		return
	}
	offerUpdates(registration, onWaiting)
}

function offerUpdates(registration: ServiceWorkerRegistration, onWaiting: (apply: () => void) => void) {
	let applying = false
	const offer = (worker: ServiceWorker) =>
		onWaiting(() => {
			applying = true
			worker.postMessage({ type: 'SKIP_WAITING' })
		})
	if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting)
	registration.addEventListener('updatefound', () => {
		const worker = registration.installing
		worker?.addEventListener('statechange', () => {
			if (worker.state === 'installed' && navigator.serviceWorker.controller) offer(worker)
		})
	})
	navigator.serviceWorker.addEventListener('controllerchange', () => {
		if (applying) location.reload()
	})
	const look = () => void registration.update().catch(() => undefined) // no network: the next look will do
	look()
	document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && look())
}

/** Asks the worker to keep a file: the first visit bypasses it, so caching on use would lose exactly that file. */
export function keepForOffline(url: string): void {
	if (!('serviceWorker' in navigator)) return
	void navigator.serviceWorker.ready.then((registration) => registration.active?.postMessage({ type: 'KEEP', url }))
}
