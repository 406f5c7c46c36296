// Drives a real Firefox through the whole way of a push message, against the program that started this one; the test
// that starts it is backend/app/push_firefox_test.go. Each side writes one JSON line for each thing that has happened.
// The settings are the only argument: {firefox}. It ends with its input.
import { createInterface } from 'node:readline'
import puppeteer from 'puppeteer-core'
import { PushServer } from './server.js'

const settings = JSON.parse(process.argv[2])
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const tell = (message) => console.log(JSON.stringify(message))
const told = async () => JSON.parse((await lines.next()).value)

const server = await new PushServer().start()
tell({ push: server.url })
const { baseUrl, letterNo, secret, birthDate } = await told()

const browser = await puppeteer.launch({
	browser: 'firefox',
	executablePath: settings.firefox,
	headless: true,
	extraPrefsFirefox: {
		'dom.push.serverURL': server.url.replace('http', 'ws') + '/',
		'dom.push.testing.allowInsecureServerURL': true,
		'dom.push.connection.enabled': true, // the driver's own settings switch it off
		'remote.prefs.recommended': false,
		'permissions.default.desktop-notification': 1,
		'alerts.useSystemBackend': false // there is none without a screen
	}
})
try {
	const page = await browser.newPage()
	await page.goto(`${baseUrl}/e`)
	await page.evaluate(() => localStorage.setItem('language', 'ar'))
	await page.evaluate(
		(body) =>
			fetch('/api/v1/session/letter', {
				method: 'POST',
				headers: { 'Content-Type': 'application/json', 'X-App': '1' },
				body: JSON.stringify(body)
			}),
		{ letterNo, secret, birthDate }
	)
	await page.goto(`${baseUrl}/home`) // the permission is there: the app subscribes by itself
	const subscriptions = () =>
		page.evaluate(async () => (await (await fetch('/api/v1/push/subscriptions', { headers: { 'X-App': '1' } })).json()).items)
	await until('the opening message is given back', async () => (await subscriptions())[0]?.active)
	tell({ active: true })

	await told()
	await until('the message reached the worker', () => server.acks.length === 2)
	const shown = await until('the message is shown', async () => (await notifications(page)).find(({ path }) => path.startsWith('/o/')))
	await page.goto(baseUrl + shown.path) // as the worker does at a tap
	await until('the link leads on', () => new URL(page.url()).pathname === '/home/settings')
	tell({ shown, acks: server.acks, posts: server.posts })

	server.expire()
	tell({ expired: true })
	await told()
	tell({ left: (await subscriptions()).length })
} finally {
	await browser.close()
	server.stop()
}

function notifications(page) {
	return page.evaluate(async () => {
		const all = await (await navigator.serviceWorker.ready).getNotifications()
		return all.map(({ title, body, dir, lang, data }) => ({ title, body, dir, lang, path: data.path }))
	})
}

/** Waits for a condition and gives its value; the test that started this has the patience. */
async function until(what, condition) {
	for (let tries = 0; tries < 300; tries++) {
		const value = await condition()
		if (value) return value
		await new Promise((wake) => setTimeout(wake, 100))
	}
	throw new Error(`in vain: ${what}`)
}
