import adapter from '@sveltejs/adapter-static'

/** @type {import('@sveltejs/kit').Config} */
export default {
	compilerOptions: { runes: true },
	kit: {
		// One folder below build, so that the tracked build/.gitkeep survives every build and the Go embed always compiles.
		adapter: adapter({ pages: 'build/app', assets: 'build/app', fallback: 'index.html', precompress: true }),
		serviceWorker: { register: false }, // registered in src/lib/service-worker.ts, past Trusted Types
		// Without a fixed name every build differs; it also names the worker's cache.
		version: { name: process.env.EINVERSTANDEN_VERSION || 'dev' },
		paths: { relative: false }
	}
}
