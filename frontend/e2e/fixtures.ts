import AxeBuilder from '@axe-core/playwright'
import { expect, test as base, type Browser, type Page } from '@playwright/test'
import { cp } from 'node:fs/promises'
import { serve, type Demo, type Server } from './demo'

import { freshCode } from './totp'

export { expect }
export type { Demo }

type Staff = 'teacher' | 'office' | 'head' | 'dpo'

/** A school of the test's own, and what happens to its server. */
export interface School {
	demo: Demo
	/** Where its data lie. */
	folder: string
	/** Ends the server, as a crash or a lost network would. */
	stop: () => Promise<void>
	/** Serves the same data again, on the same port, with a fresh letter. */
	restart: () => Promise<void>
}

interface Fixtures {
	school: School
	/** Opens a second browser beside the first, as another person would. */
	another: () => Promise<Page>
}

export const test = base.extend<Fixtures>({
	school: async ({}, use, info) => {
		const folder = info.outputPath('school')
		await cp(process.env.E2E_TEMPLATE!, folder, { recursive: true })
		let server: Server | undefined = await serve(folder)
		const school: School = {
			demo: server.demo,
			folder,
			stop: async () => {
				await server?.stop()
				server = undefined
			},
			restart: async () => {
				server = await serve(folder, Number(new URL(school.demo.baseUrl).port))
				school.demo = server.demo
			}
		}
		await use(school)
		await school.stop()
	},
	baseURL: async ({ school }, use) => use(school.demo.baseUrl),
	page: async ({ page }, use) => {
		const seen = watch(page)
		await use(page)
		expect(seen, 'the page reported nothing').toEqual([])
	},
	another: async ({ browser, contextOptions, baseURL }, use) => {
		const opened: { page: Page; seen: string[] }[] = []
		await use(async () => {
			const page = await openPage(browser, { ...contextOptions, baseURL })
			opened.push({ page, seen: watch(page) })
			return page
		})
		for (const { page, seen } of opened) {
			expect(seen, 'the other page reported nothing').toEqual([])
			await page.context().close()
		}
	}
})

async function openPage(browser: Browser, options: Parameters<Browser['newContext']>[0]): Promise<Page> {
	return (await browser.newContext(options)).newPage()
}

// What a browser says when a request fails is no fault of the page: tests make them fail on purpose.
const expected = /Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_REFUSED/

/** Collects what no page of ours may do: errors, and violations of the Content-Security-Policy. */
function watch(page: Page): string[] {
	const seen: string[] = []
	page.on('pageerror', (error) => seen.push(`error: ${error.message}`))
	page.on('console', (message) => {
		if (message.type() === 'error' && !expected.test(message.text())) seen.push(`console: ${message.text()}`)
	})
	return seen
}

/** Signs a member of staff in through the form. */
export async function signIn(page: Page, demo: Demo, role: Staff): Promise<void> {
	await page.goto('/sign-in')
	await page.getByLabel('E-Mail-Adresse').fill(demo.accounts[role].email)
	await page.getByLabel('Passwort').fill(demo.accounts[role].password)
	await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await page.getByLabel('Code aus Ihrer App').fill(await freshCode(demo.accounts[role].totpSecret, demo.baseUrl))
	await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(page).not.toHaveURL(/sign-in/)
}

/** Signs the demo's guardian in, past the form: their tests begin at home. */
export async function arrive(page: Page, demo: Demo): Promise<void> {
	const { letterNo, secret, birthDate } = demo.accounts.guardian
	const reply = await page.request.post('/api/v1/session/letter', {
		headers: { 'X-App': '1', Origin: demo.baseUrl },
		data: { letterNo, secret, birthDate }
	})
	expect(reply.status()).toBe(200)
}

const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** WCAG 2.2 AA, as far as a machine can tell, and nothing that sticks out at the side. */
export async function expectAccessible(page: Page): Promise<void> {
	await expect(page.getByRole('heading', { level: 1 }).first()).toBeVisible() // the page is there
	const { violations } = await new AxeBuilder({ page }).withTags(rules).analyze()
	const told = violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(', ')}`)
	expect(told, `axe on ${page.url()}`).toEqual([])
	const sticksOut = await page.evaluate(
		() => document.documentElement.scrollWidth - document.documentElement.clientWidth
	)
	expect(sticksOut, `px that ${page.url()} is too wide`).toBeLessThanOrEqual(0)
}

/** Draws lines with a finger: the browser's own touch input, point by point. Coordinates are parts of the box. */
export async function draw(
	page: Page,
	box: { x: number; y: number; width: number; height: number },
	lines: [number, number][][]
) {
	const client = await page.context().newCDPSession(page)
	const at = ([x, y]: [number, number]) => ({
		x: box.x + x * box.width,
		y: box.y + y * box.height,
		radiusX: 8,
		radiusY: 8,
		force: 0.5
	})
	for (const [first, ...rest] of lines) {
		await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [at(first!)] })
		for (const point of rest) {
			await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: [at(point)] })
		}
		await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
	}
	await client.detach()
}

/** A lively signature of three strokes. */
export const scribble: [number, number][][] = [
	wave(0.1, 0.45, 24),
	wave(0.4, 0.8, 24),
	[
		[0.15, 0.8],
		[0.5, 0.75],
		[0.85, 0.82]
	]
]

function wave(from: number, to: number, steps: number): [number, number][] {
	return Array.from({ length: steps }, (_, i) => [from + ((to - from) * i) / steps, 0.5 + 0.25 * Math.sin(i * 1.3)])
}
