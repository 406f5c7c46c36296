/** The shell of the app, kept so that it opens without a net. It holds no personal data. */

export async function install(cacheName: string, shell: string[]): Promise<void> {
	const cache = await caches.open(cacheName)
	await cache.addAll(shell)
}

export async function clearOldCaches(cacheName: string): Promise<void> {
	for (const name of await caches.keys()) if (name !== cacheName) await caches.delete(name)
}

/** Keeps one more file of this build. */
export async function keep(cacheName: string, url: unknown, build: string[], origin: string): Promise<void> {
	if (typeof url !== 'string') return
	const path = new URL(url, origin).pathname
	if (!build.includes(path)) return
	const cache = await caches.open(cacheName)
	if (!(await cache.match(path))) await cache.add(path)
}

// Never answered from here: what must be fresh, and what carries personal data.
const untouched = ['/api/', '/j/', '/_app/version.json', '/service-worker.js', '/livez', '/readyz']

/** The answer to a request, or undefined when the browser should ask the server itself. */
export function answer(cacheName: string, request: Request, origin: string): Promise<Response> | undefined {
	const url = new URL(request.url)
	if (request.method !== 'GET' || url.origin !== origin || untouched.some((path) => url.pathname.startsWith(path)))
		return undefined
	return cached(cacheName, request.mode === 'navigate' ? '/index.html' : url.pathname, request)
}

/** Kept answers go out as they are: a rebuilt one would lose the policy that it came with. */
async function cached(cacheName: string, path: string, request: Request): Promise<Response> {
	const cache = await caches.open(cacheName)
	return (await cache.match(path)) ?? fetch(request)
}
