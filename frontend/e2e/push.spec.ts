import type { BrowserContext, Page } from '@playwright/test'
import { arrive, expect, expectAccessible, test } from './fixtures'

/** Lets the browser subscribe at once: Chromium's own push service is Google's, and no test calls that. */
async function subscribeWithoutService(page: Page): Promise<void> {
	await page.addInitScript(() => {
		let present: object | null = null
		const subscribe = async ({ applicationServerKey: key }: { applicationServerKey: Uint8Array }) => {
			const keys = { p256dh: 'BA', auth: 'AA' }
			present = {
				options: { applicationServerKey: key.buffer },
				toJSON: () => ({ endpoint: 'https://fcm.googleapis.com/fcm/send/x', keys }),
				unsubscribe: async () => ((present = null), true)
			}
			return present
		}
		Object.assign(PushManager.prototype, { subscribe, getSubscription: async () => present })
	})
	const row = {
		id: 'x',
		kind: 'phone',
		browser: 'chrome',
		current: true,
		active: false,
		kinds: ['consents', 'receipts', 'changes', 'meetings', 'other'],
		madeAt: '2026-11-28T10:00:00Z'
	}
	let rows: object[] = []
	await page.route('**/api/v1/push/subscriptions', (route) => {
		if (route.request().method() === 'GET') return route.fulfill({ json: { items: rows } })
		rows = [{ ...row, seenAt: row.madeAt, lastError: 'unreachable' }]
		return route.fulfill({ json: { id: 'x' } })
	})
	await page.route('**/api/v1/push/subscriptions/x', (route) => ((rows = []), route.fulfill({ status: 204 })))
	await page.route('**/api/v1/push/subscriptions/x/kinds', (route) => {
		rows = [{ ...row, seenAt: row.madeAt, ...route.request().postDataJSON() }]
		return route.fulfill({ status: 204 })
	})
	await page.route('**/api/v1/push/subscriptions/x/test', (route) => route.fulfill({ json: { verdict: 'accepted' } }))
}

/** Hands the worker a message as the browser would after decrypting it. */
async function deliver(context: BrowserContext, page: Page, data: string): Promise<void> {
	const client = await context.newCDPSession(page)
	const registered = new Promise<string>((found) =>
		client.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
			const [first] = registrations
			if (first) found(first.registrationId)
		})
	)
	await client.send('ServiceWorker.enable')
	const origin = new URL(page.url()).origin
	await client.send('ServiceWorker.deliverPushMessage', { origin, registrationId: await registered, data })
	await client.detach()
}

const shown = (page: Page) =>
	page.evaluate(async () => {
		const notifications = await (await navigator.serviceWorker.ready).getNotifications()
		return notifications.map(({ title, body, dir, data }) => ({ title, body, dir, path: data.path }))
	})

test('push is turned on, tested and turned off', async ({ page, context, school }) => {
	await context.grantPermissions(['notifications'])
	await subscribeWithoutService(page)
	await arrive(page, school.demo)
	await page.goto('/devices')
	await page.getByRole('button', { name: 'Nachrichten einschalten' }).click()
	await expect(page.getByText('Die erste Nachricht ist noch nicht angekommen.')).toBeVisible()
	await expect(page.getByText('Der Dienst antwortet nicht.')).toBeVisible()
	await expectAccessible(page)
	await page.getByText('Was auf dieses Gerät kommt').click()
	await page.getByRole('checkbox', { name: 'Belege' }).uncheck()
	await expect(page.getByText('Gespeichert.')).toBeVisible()
	await expect(page.getByRole('checkbox', { name: 'Belege' })).not.toBeChecked()
	await expect(page.getByRole('checkbox', { name: 'Einwilligungen, die auf Sie warten' })).toBeChecked()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Telefon, Chrome testen' }).click()
	await expect(page.getByText('Der Dienst hat den Test angenommen.')).toBeVisible()
	await page.getByRole('button', { name: 'Nachrichten auf Telefon, Chrome ausschalten' }).click()
	await expect(page.getByText('Ausgeschaltet.')).toBeVisible()
	await page.reload()
	await expect(page.getByRole('button', { name: 'Nachrichten einschalten' })).toBeVisible()

	await page.addInitScript(() => Object.defineProperty(navigator, 'userAgent', { get: () => 'iPhone' }))
	await page.reload() // there it takes the app on the home screen, and a code for it, first
	await expect(page.getByRole('heading', { name: 'Zuerst auf den Home-Bildschirm' })).toBeVisible()
	await expect(page.getByText('unter „Weiteres Gerät anmelden“ einen Code')).toBeVisible()
	await expect(page.getByRole('button', { name: 'Nachrichten einschalten' })).toBeHidden()
	await expectAccessible(page)
})

test('the worker shows every message, and a tap leads to our own pages after sign-in', async ({
	page,
	context,
	school
}) => {
	await context.grantPermissions(['notifications'])
	await subscribeWithoutService(page)
	await page.goto('/o/keine-nachricht')
	await expect(page).toHaveURL(/\/e$/)
	await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === 'activated')
	const body = 'هناك موافقة بانتظاركم.'
	const navigate = `${school.demo.baseUrl}/o/noch-eine`
	const message = {
		web_push: 8030,
		app_badge: '2',
		notification: { title: 'Einverstanden', body, navigate, dir: 'rtl', tag: 'a'.repeat(32) }
	}
	// The browser loses a message now and then that comes by the developer tools; the same one again replaces itself.
	const seen = async (data: string) => (await deliver(context, page, data), shown(page))
	const first = { title: 'Einverstanden', body, dir: 'rtl', path: '/o/noch-eine' }
	await expect.poll(() => seen(JSON.stringify(message))).toEqual([first])
	await expect
		.poll(async () => new Set((await seen('{"notification":')).map(({ path }) => path)))
		.toEqual(new Set(['/', '/o/noch-eine']))

	await arrive(page, school.demo)
	await page.goto('/home') // what led here before signing in is still wanted
	await expect(page).toHaveURL(/\/o\/keine-nachricht$/)
	await expect(page.getByText('Diese Nachricht gibt es nicht mehr')).toBeVisible()
	await expect.poll(() => shown(page), 'what is not there any more leaves the lock screen').not.toContainEqual(first)
	await expectAccessible(page)
	await page.reload() // from now on the worker has the page
	await expect(page.getByText('Diese Nachricht gibt es nicht mehr')).toBeVisible()
	const [worker] = context.serviceWorkers()
	await worker!.evaluate(() => {
		const notification = { close() {}, data: { path: '/o/noch-eine' } }
		const event = Object.assign(new Event('notificationclick'), { notification, waitUntil() {} })
		globalThis.dispatchEvent(event)
	})
	await expect(page).toHaveURL(/\/o\/noch-eine$/)
})
