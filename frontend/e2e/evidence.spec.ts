import type { Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { arrive, expect, expectAccessible, signIn, test, type Demo } from './fixtures'

/** Lets the demo's guardian say yes, past the screens, and gives the receipt's id. */
async function answered(page: Page, { ids, baseUrl }: Demo): Promise<string> {
	const path = `/api/v1/children/${ids.pupil}`
	const sheet = await (await page.request.get(`${path}/consent?lang=de`)).json()
	const reply = await page.request.post(`${path}/decisions`, {
		headers: { 'X-App': '1', Origin: baseUrl, 'Idempotency-Key': crypto.randomUUID() },
		data: {
			answer: 'video',
			formVersion: sheet.version.id,
			textSha256: sheet.text.textSha256,
			language: sheet.text.language,
			after: sheet.after,
			place: 'Kleinbeispiel',
			relation: sheet.relationAsked ? 'together' : undefined,
			signature: { kind: 'typed', name: 'Erika Muster' }
		}
	})
	expect(reply.status()).toBe(201)
	return (await reply.json()).receipt.id
}

/** Gives a file to the check page. */
async function check(page: Page, name: string, content: Buffer): Promise<void> {
	await page.goto('/verify')
	await expect(page.getByRole('heading', { level: 1, name: 'Beleg prüfen' })).toBeVisible()
	await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: content })
}

const verdict = (page: Page, text: string) => page.getByRole('heading', { name: text, exact: true })

/** The JSON that the receipt's page hands out, by its own link. */
async function download(page: Page): Promise<{ name: string; content: Buffer }> {
	const coming = page.waitForEvent('download')
	await page.getByRole('link', { name: 'Beleg-Datei (JSON)' }).click()
	const file = await coming
	return { name: file.suggestedFilename(), content: await readFile(await file.path()) }
}

test('a receipt is downloaded and holds; with one byte flipped it does not', async ({ page, school, another }) => {
	await arrive(page, school.demo)
	const id = await answered(page, school.demo)
	await page.goto(`/receipts/${id}`)
	await page.getByText('Für die Prüfung').click()
	await expect(page.getByText('ein angemeldetes Gerät')).toBeVisible()
	await expectAccessible(page)
	const { name, content } = await download(page)
	expect(name).toBe(`beleg-${id.slice(-8)}.json`)

	const stranger = await another()
	await check(stranger, name, content)
	await expect(verdict(stranger, 'Dieser Beleg hält.')).toBeFocused()
	await expect(stranger.getByText('Die Schule hat diese Datei ausgestellt.')).toBeVisible()
	await expect(stranger.getByText('hält nicht')).toHaveCount(0)
	await expect(stranger.getByRole('heading', { name: 'Was ein Beleg nicht zeigen kann' })).toBeVisible()
	for (const told of ['Erika', 'Kleinbeispiel', 'Bühler']) await expect(stranger.getByText(told)).toHaveCount(0)
	await expectAccessible(stranger)

	await stranger.getByRole('button', { name: 'Einen anderen Beleg prüfen' }).click()
	await expect(stranger.getByRole('button', { name: 'Datei auswählen' })).toBeFocused()
	const changed = Buffer.from(content)
	const byte = changed.indexOf('"answer":"video"') + '"answer":"'.length
	changed[byte] = 'w'.charCodeAt(0)
	await check(stranger, name, changed)
	await expect(verdict(stranger, 'Dieser Beleg hält nicht.')).toBeVisible()
	await expect(stranger.getByText('Bitte verlassen Sie sich nicht darauf')).toBeVisible()
	await expectAccessible(stranger)
})

test('a link to a file renews a session that has run out', async ({ page, school }) => {
	await arrive(page, school.demo)
	await page.goto(`/receipts/${await answered(page, school.demo)}`)
	await expect(page.getByRole('link', { name: 'Beleg-Datei (JSON)' })).toBeVisible()
	await page.context().clearCookies({ name: '__Host-einv_access' })
	const { content } = await download(page)
	expect(JSON.parse(content.toString()).schema).toBe('einverstanden-receipt')
})

test('a copy to pass on leaves out what is private, and still holds', async ({ page, school }) => {
	await arrive(page, school.demo)
	const id = await answered(page, school.demo)
	await page.goto(`/receipts/${id}`)
	await expect(page.getByText('Darin fehlen Unterschrift, Ort und Geburtsdatum.')).toBeVisible()
	const copy = await (await page.request.get(`/api/v1/receipts/${id}?share=1&format=json`)).body()
	expect(copy.toString()).not.toContain('Kleinbeispiel')
	await check(page, 'kopie.json', copy)
	await expect(verdict(page, 'Dieser Beleg hält.')).toBeVisible()
	const claim = page.getByRole('listitem').filter({ hasText: 'Geburtsdatum, Ort und Unterschrift' })
	await expect(claim).toContainText('ausgelassen')
})

test('where files can be shared, the copy without the signature is', async ({ page, school }) => {
	await arrive(page, school.demo)
	const id = await answered(page, school.demo)
	await page.addInitScript(() => {
		const shared: string[] = []
		let tired = true // the first time, fetching took longer than the browser takes a tap for fresh
		Object.assign(window, { shared })
		Object.assign(navigator, {
			canShare: (data?: ShareData) => data?.files?.[0]?.type === 'application/pdf',
			share: async (data: ShareData) => {
				if (tired) {
					tired = false
					throw new DOMException('', 'NotAllowedError')
				}
				shared.push(data.files![0]!.name)
			}
		})
	})
	await page.goto(`/receipts/${id}`)
	const asked = page.waitForRequest(/\/receipts\/.*share=1/)
	await page.getByRole('button', { name: 'Teilen' }).click()
	await asked
	await expect(page.getByText('Die Kopie ist bereit.')).toBeVisible()
	await page.getByRole('button', { name: 'Teilen' }).click()
	await expect
		.poll(() => page.evaluate(() => (window as unknown as { shared: string[] }).shared))
		.toEqual([`beleg-${id.slice(-8)}.pdf`])
})

test('what is no receipt is told apart, each in plain words', async ({ page }) => {
	const sent: string[] = []
	page.on('request', (request) => request.url().endsWith('/evidence/verify') && sent.push(request.url()))
	await check(page, 'gross.pdf', Buffer.alloc(1024 * 1024 + 1))
	await expect(page.getByText('Die Datei ist zu groß')).toBeVisible()
	await expectAccessible(page)
	await check(page, 'leer.json', Buffer.alloc(0))
	await expect(page.getByText('Die Datei ist leer')).toBeVisible()
	expect(sent, 'nothing was sent').toEqual([])
	await check(page, 'brief.json', Buffer.from('{"a": 1}'))
	await expect(verdict(page, 'Dieser Beleg hält nicht.')).toBeVisible()

	await page.route('**/api/v1/evidence/verify', (route) =>
		route.fulfill({
			status: 429,
			headers: { 'Retry-After': '600' },
			contentType: 'application/problem+json',
			json: { code: 'too_many_tries', title: 'Zu viele Versuche', detail: '', status: 429 }
		})
	)
	await check(page, 'brief.json', Buffer.from('{"a": 1}'))
	await expect(page.getByText(/Bitte versuchen Sie es ab \d\d:\d\d Uhr noch einmal/)).toBeVisible()
	await page.unrouteAll()
	await page.context().setOffline(true)
	await page.locator('input[type=file]').setInputFiles({ name: 'a.json', mimeType: '', buffer: Buffer.from('{}') })
	await expect(page.getByRole('alert').filter({ hasText: 'Keine Verbindung' })).toBeVisible()
	await page.context().setOffline(false)
})

test('a file can be dragged onto the page', async ({ page, isMobile }) => {
	await page.goto('/verify')
	const invitation = page.getByText('Datei hierher ziehen')
	await expect(invitation).toBeVisible({ visible: !isMobile })
	const data = await page.evaluateHandle(() => {
		const transfer = new DataTransfer()
		transfer.items.add(new File(['{}'], 'a.json'))
		return transfer
	})
	await page.getByRole('group', { name: 'Datei auswählen' }).dispatchEvent('drop', { dataTransfer: data })
	await expect(verdict(page, 'Dieser Beleg hält nicht.')).toBeVisible()
})

test('the check page is found without a letter and from the settings', async ({ page, school }) => {
	await page.goto('/e')
	await page.getByRole('link', { name: 'Einen Beleg prüfen' }).click()
	await expect(page).toHaveURL(/\/verify$/)
	await arrive(page, school.demo)
	await page.goto('/home/settings')
	await page.getByRole('link', { name: 'Einen Beleg prüfen' }).click()
	await expect(page.getByRole('heading', { level: 1, name: 'Beleg prüfen' })).toBeVisible()
	await expect(page.getByRole('banner')).toContainText('Gesamtschule am Lindenhain')
})

test('the data protection officer takes a checkpoint out of the system', async ({ page, school, another }) => {
	const guardian = await another()
	await arrive(guardian, school.demo)
	const id = await answered(guardian, school.demo)
	await guardian.request.get(`/api/v1/receipts/${id}`) // a receipt comes with a checkpoint

	await signIn(page, school.demo, 'dpo')
	await page.getByRole('link', { name: 'Nachweise' }).click()
	await expect(page.getByRole('heading', { name: 'Letzter Prüfpunkt' })).toBeVisible()
	const note = await page.locator('pre').innerText()
	expect(note.split('\n')[0]).toBe(`einverstanden/${school.demo.ids.school}`)
	await expectAccessible(page)

	const mail = new URL((await page.getByRole('link', { name: 'Mir selbst mailen' }).getAttribute('href'))!)
	expect(mail.pathname).toBe(school.demo.accounts.dpo.email)
	expect(mail.searchParams.get('subject')).toMatch(/^Prüfpunkt \d\d\.\d\d\.\d{4}$/)
	expect(mail.searchParams.get('body')!.replaceAll('\r\n', '\n')).toContain(note.trim())

	const coming = page.waitForEvent('download')
	await page.getByRole('link', { name: 'Als Datei sichern' }).click()
	const file = await coming
	expect(file.suggestedFilename()).toMatch(/^pruefpunkt-\d{4}-\d\d-\d\d\.txt$/)
	expect((await readFile(await file.path(), 'utf8')).trim()).toBe(note.trim())

	await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
	await page.getByRole('button', { name: 'Prüfpunkt kopieren' }).click()
	await expect(page.getByText('Kopiert', { exact: true })).toBeVisible()
	expect((await page.evaluate(() => navigator.clipboard.readText())).trim()).toBe(note.trim())
})

test('an alarm cannot be overlooked', async ({ page, school }) => {
	await signIn(page, school.demo, 'head')
	await page.route('**/api/v1/evidence', async (route) => {
		const reply = await route.fetch()
		const alarm = { since: '2026-11-25T09:12:00Z', cause: 'the log holds 12 leaves, 300 were signed' }
		await route.fulfill({ json: { ...(await reply.json()), alarm } })
	})
	await page.goto('/office/evidence')
	const alarm = page.getByRole('alert').filter({ hasText: 'ALARM: Das Protokoll stimmt nicht' })
	await expect(alarm).toContainText('25.11.2026 um 10:12 Uhr')
	await expectAccessible(page)
})
