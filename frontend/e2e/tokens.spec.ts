import { expect, expectAccessible, signIn, test } from './fixtures'
import { freshCode } from './totp'

/** What a program gets, beside all browsers. */
async function ask(baseUrl: string, token: string, path: string): Promise<{ status: number; body: string }> {
	const reply = await fetch(`${baseUrl}/api/v1${path}`, { headers: { Authorization: `Bearer ${token}` } })
	return { status: reply.status, body: await reply.text() }
}

test('the office gives a program an access, sees it used and takes it away', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await page.goto('/office/accounts')
	await page.getByRole('link', { name: 'Zugänge für Programme' }).click()
	await expect(page.getByText('Noch hat kein Programm einen Zugang')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Neuen Zugang anlegen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByLabel('Wie heißt das Programm?').fill('Anzeige im Lehrerzimmer')
	await sheet.getByRole('button', { name: 'Token erstellen' }).click()
	await expect(sheet.getByText('Bitte wählen Sie mindestens eines.')).toBeVisible()
	await sheet.getByLabel('Teilnahme mit Namen').check()
	await expect(sheet.getByLabel('Wie lange?')).toHaveValue('90')
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Token erstellen' }).click()

	await expect(page.getByRole('heading', { name: 'Token für Anzeige im Lehrerzimmer' })).toBeVisible()
	await expectAccessible(page)
	const token = (await page.locator('code').first().textContent())!
	expect(token).toMatch(/^einv_[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
	await expect(page.locator('pre')).toHaveText(
		`curl -H "Authorization: Bearer ${token}" ${school.demo.baseUrl}/api/v1/classes`
	)
	await page.getByRole('button', { name: 'Ich habe es eingetragen' }).click()
	await expect(page.getByText(token)).toHaveCount(0)
	await expect(page.getByText('Noch nie benutzt')).toBeVisible()

	const { base, modes } = { base: school.demo.baseUrl, modes: `/classes/${school.demo.ids.class}/modes` }
	expect((await ask(base, token, modes)).status).toBe(200)
	expect((await ask(base, token, '/pupils')).status).toBe(403)
	await page.reload()
	await expect(page.getByText('Zuletzt benutzt am')).toBeVisible()
	await expect(page.getByText(token)).toHaveCount(0)

	await page.getByRole('button', { name: 'Zugang von Anzeige im Lehrerzimmer beenden' }).click()
	await expectAccessible(page)
	await page.getByRole('dialog').getByRole('button', { name: 'Zugang jetzt beenden' }).click()
	await expect(page.getByText('Der Zugang von Anzeige im Lehrerzimmer ist beendet.')).toBeVisible()
	await expectAccessible(page)
	expect((await ask(base, token, modes)).status).toBe(401)
})

test('making a token asks who sits there', async ({ page, school }) => {
	await signIn(page, school.demo, 'head')
	await page.goto('/office/tokens')
	// The eleventh minute, as the server would say it.
	let late = true
	await page.route('**/api/v1/tokens', (route) =>
		late && route.request().method() === 'POST'
			? route.fulfill({
					status: 403,
					contentType: 'application/problem+json',
					body: JSON.stringify({ code: 'reauthentication_needed', status: 403 })
				})
			: route.continue()
	)
	await page.getByRole('button', { name: 'Neuen Zugang anlegen' }).click()
	await page.getByLabel('Wie heißt das Programm?').fill('Tabelle')
	await page.getByLabel('Fehlende Antworten').check()
	await page.getByRole('button', { name: 'Token erstellen' }).click()
	await expect(page.getByRole('heading', { name: 'Sind Sie es?' })).toBeVisible()
	late = false
	await page.getByLabel('Passwort').fill(school.demo.accounts.head.password)
	await page
		.getByLabel('Code aus Ihrer App')
		.fill(await freshCode(school.demo.accounts.head.totpSecret, school.demo.baseUrl))
	await page.getByRole('button', { name: 'Bestätigen' }).click()
	await expect(page.getByRole('heading', { name: 'Token für Tabelle' })).toBeVisible()
})

test('anybody can read who sees what', async ({ page }) => {
	await page.goto('/e')
	await page.getByRole('link', { name: 'Wer sieht was?' }).click()
	await expect(page.getByRole('heading', { level: 1, name: 'Wer sieht was?' })).toBeVisible()
	await expect(page.getByRole('heading', { name: 'Daten über Kinder und Familien' })).toBeVisible()
	await expectAccessible(page)
	const what = 'Klassenlisten einlesen, mit Namen, Geburtsdaten und Adressen'
	if (page.viewportSize()!.width > 1000) {
		const row = page.getByRole('row', { name: what })
		await expect(row.getByRole('cell')).toHaveText(['nein', 'nein', 'nein', 'ja', 'ja', 'nein', 'nein'])
	} else {
		const card = page.getByRole('listitem').filter({ hasText: what }).first()
		await expect(card.getByRole('listitem')).toHaveText(['Sekretariat', 'Schulleitung'])
	}
})
