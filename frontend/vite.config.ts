import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vitest/config'

export default defineConfig({
	plugins: [sveltekit()],
	build: {
		// What six or more pages share is one file: on a phone a request costs as long as ten kilobytes.
		rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'shared', minShareCount: 6 }] } } },
		// A small language file turned into a data: URL would be in every bundle, and connect-src would block it.
		assetsInlineLimit: (file) => (file.endsWith('.json') ? false : undefined)
	},
	server: { proxy: { '/api': 'http://localhost:8080' } },
	test: { include: ['src/**/*.test.ts'], environment: 'node' },
	resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined
})
