import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
	plugins: [sveltekit()],
	build: {
		// A small language file turned into a data: URL would be in every bundle, and connect-src would block it.
		assetsInlineLimit: (file) => (file.endsWith('.json') ? false : undefined)
	},
	server: { proxy: { '/api': 'http://localhost:8080' } },
	test: { include: ['src/**/*.test.ts'], environment: 'node' },
	resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined
})
