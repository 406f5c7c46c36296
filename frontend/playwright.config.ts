import { defineConfig } from '@playwright/test'

const chromium = {
	browserName: 'chromium' as const,
	launchOptions: {
		executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
		args: [
			'--no-sandbox', // CI runs as root
			'--disable-gpu',
			'--disable-quic',
			'--no-first-run',
			'--disable-background-networking',
			'--disable-component-update',
			'--disable-sync'
		]
	}
}
const touch = { isMobile: true, hasTouch: true }

// Each flow runs where its people are; how every screen looks and reads on every size, screens.spec.ts looks at.
const family = ['devices', 'disown', 'evidence', 'lowering', 'mail', 'passkey', 'push'] // on a phone
const staff = ['hostile-names', 'oidc', 'sanction', 'staff', 'tokens'] // at a desk
const lesson = ['join', 'planning', 'pupil', 'rooms'] // on the tablets of pupils and of the teacher's desk
const without = (...names: string[]) => names.map((name) => `**/${name}.spec.ts`)

/** Drives the built binary with its real headers; every test has a demo school of its own (fixtures.ts). */
export default defineConfig({
	testDir: 'e2e',
	outputDir: 'test-results',
	globalSetup: './e2e/global-setup.ts',
	fullyParallel: true,
	workers: 2,
	retries: 0,
	forbidOnly: true,
	timeout: 60_000,
	expect: { timeout: 10_000 },
	reporter: [['list']],
	// A trace of every test would cost a tenth of the run; whoever looks for a fault says --trace on.
	use: { locale: 'de-DE', timezoneId: 'Europe/Berlin', trace: 'off' },
	projects: [
		{
			name: 'phone',
			use: { ...chromium, ...touch, viewport: { width: 360, height: 740 } },
			testIgnore: without(...staff, ...lesson)
		},
		{
			name: 'tablet',
			use: { ...chromium, ...touch, viewport: { width: 820, height: 1180 } },
			testIgnore: without(...family, ...staff)
		},
		{
			name: 'desktop',
			use: { ...chromium, viewport: { width: 1440, height: 900 } },
			testIgnore: without(...family, ...lesson)
		}
	]
})
