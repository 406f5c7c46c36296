import type { Page } from '@playwright/test'
import { arrive, expect, signIn, test, type Demo, type School } from './fixtures'

// Checklist A17: what a class list holds is text, whatever it looks like, and no screen breaks the policy for scripts.

const hostile = '<img src=x onerror=window.stolen=1>'
const quoted = `"><script>window.stolen=1</script>`
const header = 'Nachname;Vorname;Klasse;Geburtsdatum;Erzieher 1: Vorname;Erzieher 1: Nachname'

declare global {
	interface Window {
		stolen?: number
		violations?: string[]
	}
}

/** Notes every violation of the Content-Security-Policy, Trusted Types included, from the first script on. */
async function keepWatch(page: Page): Promise<void> {
	await page.addInitScript(() => {
		window.violations = []
		document.addEventListener('securitypolicyviolation', (event) =>
			window.violations?.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`)
		)
	})
}

/** The screen shows the hostile text, where it speaks of the child, and has done nothing else with it. */
async function expectHarmless(page: Page, path: string, text?: string): Promise<void> {
	await page.goto(path)
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
	await expect(page.locator('.lines')).toHaveCount(0)
	if (text) await expect(page.getByText(text).first(), path).toBeVisible()
	expect(await page.evaluate(() => window.violations), path).toEqual([])
	expect(await page.evaluate(() => window.stolen), path).toBeUndefined()
	await expect(page.locator('img[src=x]')).toHaveCount(0)
}

/** Takes the child in by a class list, as the office does, and gives its id. */
async function takeIn(page: Page, school: School): Promise<string> {
	const line = [`${hostile};${hostile};7b;03.02.2014;${hostile};"""><script>window.stolen=1</script>"`]
	const headers = { 'X-App': '1', Origin: school.demo.baseUrl, 'Idempotency-Key': crypto.randomUUID() }
	const proposed = await page.request.post('/api/v1/imports', {
		headers: { ...headers, 'Content-Type': 'text/csv' },
		data: Buffer.from([header, ...line].join('\r\n'))
	})
	expect(proposed.ok(), await proposed.text()).toBe(true)
	const { id } = (await proposed.json()) as { id: string }
	await expectHarmless(page, `/office/imports`)
	const applied = await page.request.post(`/api/v1/imports/${id}/apply`, { headers, data: { confirmed: [] } })
	expect(applied.ok(), await applied.text()).toBe(true)
	const found = await page.request.get(`/api/v1/pupils?q=${encodeURIComponent('<img')}`)
	const { items } = (await found.json()) as { items: { id: string }[] }
	expect(items).toHaveLength(1)
	return items[0]!.id
}

test('a pupil’s name is text on every screen of the staff', async ({ page, school, another }) => {
	await keepWatch(page)
	await signIn(page, school.demo, 'head')
	const pupil = await takeIn(page, school)
	for (const [path, text] of [
		['/office', undefined],
		['/office/pupils?q=img', hostile],
		[`/office/pupils/${pupil}`, hostile],
		['/office/decisions', undefined],
		['/office/staff', undefined]
	] as const) {
		await expectHarmless(page, path, text)
	}
	await expectHarmless(page, `/office/pupils/${pupil}`, quoted)
	await page.goto('/office/letters')
	await page.getByRole('radio', { name: 'Eine ganze Klasse' }).check()
	await page.locator('form').getByLabel('Klasse', { exact: true }).selectOption({ label: '7b' })
	await page.getByRole('button', { name: 'PDF erzeugen' }).click()
	await expect(page.getByText(/\d+ Briefe sind fertig/)).toBeVisible({ timeout: 20_000 })
	await expectHarmless(page, '/office/letters', hostile)

	const officer = await another()
	await keepWatch(officer)
	await signIn(officer, school.demo, 'dpo')
	await expectHarmless(officer, '/office')
	await expectHarmless(officer, `/office/pupils/${pupil}`, hostile)

	const teacher = await another()
	await keepWatch(teacher)
	await signIn(teacher, school.demo, 'teacher')
	for (const path of ['/classes', '/meetings', `/meetings/${school.demo.ids.meeting}`]) {
		await expectHarmless(teacher, path)
	}
	await expectHarmless(teacher, `/classes/${school.demo.ids.class}`, hostile)
})

test('a child’s name is text on every screen of its guardian', async ({ page, school }) => {
	await keepWatch(page)
	await arrive(page, school.demo)
	await rename(page, school.demo)
	const child = `/home/${school.demo.ids.pupil}`
	for (const path of ['/home', child, `${child}/change`]) await expectHarmless(page, path, hostile)
	await expectHarmless(page, '/home/settings')
	await page.unrouteAll({ behavior: 'ignoreErrors' }) // what the last screen still asks for is nobody's any more
})

/** Lets every reply of the API speak of the child by a hostile name: its letter would be on paper alone. */
async function rename(page: Page, demo: Demo): Promise<void> {
	const children = await page.request.get('/api/v1/children')
	const { items } = (await children.json()) as { items: { id: string; givenName: string }[] }
	const { givenName } = items.find((item) => item.id === demo.ids.pupil)!
	await page.route('**/api/v1/**', async (route) => {
		const reply = await route.fetch()
		const text = await reply.text()
		await route.fulfill({ response: reply, body: text.replaceAll(`"${givenName}"`, JSON.stringify(hostile)) })
	})
}
