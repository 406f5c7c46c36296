/// <reference no-default-lib="true"/>
/// <reference lib="esnext" />
/// <reference lib="webworker" />
/// <reference types="@sveltejs/kit" />
import { build, files, version } from '$service-worker'
import { open, show } from './push'
import { answer, clearOldCaches, install, keep } from './shell'

const worker = globalThis as unknown as ServiceWorkerGlobalScope
const cacheName = `shell-${version}`

// Languages are kept one by one, on request: nobody needs all of them.
const shell = [
	'/index.html',
	...build.filter((file) => !file.endsWith('.json')),
	...files.filter((file) => !file.endsWith('.txt'))
]

worker.addEventListener('install', (event) => event.waitUntil(install(cacheName, shell)))
worker.addEventListener('activate', (event) => event.waitUntil(clearOldCaches(cacheName)))

worker.addEventListener('fetch', (event) => {
	const response = answer(cacheName, event.request, worker.location.origin)
	if (response) event.respondWith(response)
})

worker.addEventListener('message', (event) => {
	if (event.data?.type === 'SKIP_WAITING') void worker.skipWaiting()
	if (event.data?.type === 'KEEP') event.waitUntil(keep(cacheName, event.data.url, build, worker.location.origin))
})

worker.addEventListener('push', (event) => event.waitUntil(show(worker, event.data?.text())))
worker.addEventListener('notificationclick', (event) => event.waitUntil(open(worker, event.notification)))
