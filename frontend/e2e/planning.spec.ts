import { addDays, dayOf, mondayOf } from '../src/lib/zone'
import { authenticator } from './authenticator'
import { expect, expectAccessible, signIn, test } from './fixtures'

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)

test('a week is planned, moved, called off and taken over, and nobody falls through', async ({
	page,
	school,
	another
}) => {
	test.slow() // three browsers
	await signIn(page, school.demo, 'teacher')
	await page.getByRole('link', { name: 'Konferenzen' }).click()
	await page.getByRole('button', { name: 'Konferenz planen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByLabel('Fach oder Anlass').fill('Physik')
	await sheet.getByLabel('Klasse oder Gruppe').selectOption('7b')
	await sheet.getByLabel('Tag', { exact: true }).fill(tomorrow())
	await sheet.getByLabel('Beginn').fill('09:00')
	await sheet.getByLabel('Jede Woche').check()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Planen', exact: true }).click()
	await expect(page.getByText('Geplant: Physik.')).toBeVisible()
	const physics = page.getByRole('listitem').filter({ hasText: 'Physik · 7b' })
	await expect(physics).toContainText('09:00 bis 09:45 Uhr')
	await expectAccessible(page)

	await physics.getByRole('button', { name: 'Verschieben' }).click()
	await sheet.getByLabel('Beginn').fill('11:30')
	await sheet.getByRole('button', { name: 'Verschieben' }).click()
	await expect(physics).toContainText('11:30 bis 12:15 Uhr')
	await page.getByRole('button', { name: 'Nächste Woche' }).click()
	await expect(physics).toContainText('09:00 bis 09:45 Uhr')
	await physics.getByRole('button', { name: 'Absagen' }).click()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Diesen und alle folgenden absagen' }).click()
	await expect(page.getByText(/Termine? (ist|sind) abgesagt/)).toBeVisible()
	await expect(physics).toBeHidden()

	// The head, at another desk, moves and calls off a colleague's lesson.
	const head = await another()
	await signIn(head, school.demo, 'head')
	await head.getByRole('link', { name: 'Konferenzen' }).click()
	await head.getByRole('link', { name: 'Konferenzen der Woche' }).click()
	if (mondayOf(tomorrow()) > mondayOf(dayOf(new Date()))) {
		await head.getByRole('button', { name: 'Nächste Woche' }).click()
	}
	const colleagues = head.getByRole('listitem').filter({ hasText: 'Physik · 7b' })
	const change = head.getByRole('dialog')
	await expect(colleagues).toContainText('Selin Yılmaz')
	await colleagues.getByRole('button', { name: 'Verschieben' }).click()
	await change.getByLabel('Beginn').fill('08:00')
	await change.getByLabel('Tag', { exact: true }).fill(addDays(tomorrow(), -2))
	await change.getByRole('button', { name: 'Verschieben' }).click()
	await expect(change.getByRole('alert')).toBeVisible() // not into the past
	await change.getByLabel('Tag', { exact: true }).fill(tomorrow())
	await change.getByLabel('Beginn').fill('13:00')
	await change.getByRole('button', { name: 'Verschieben' }).click()
	await expect(head.getByText(/^Verschoben auf .*, 13:00 Uhr/)).toBeVisible()
	await expect(colleagues).toContainText('13:00 bis 13:45 Uhr')
	await colleagues.getByRole('button', { name: 'Absagen' }).click()
	await head.setViewportSize({ width: 320, height: 400 }) // the text scrolls, and nothing in it takes keys
	await expect(change.getByRole('group', { name: 'Konferenz absagen?' })).toBeVisible()
	await expectAccessible(head)
	await head.setViewportSize(page.viewportSize()!)
	await change.getByRole('button', { name: 'Diesen Termin absagen' }).click()
	await expect(head.getByText('1 Termin ist abgesagt.')).toBeVisible()
	await expect(colleagues).toBeHidden()
	await page.reload()
	await expect(page.getByRole('heading', { name: 'Konferenzen' })).toBeVisible()
	await expect(physics).toBeHidden()

	// The next school day at a distance, and a colleague.
	await head.getByRole('link', { name: 'Konferenzen', exact: true }).click()
	await head.getByRole('link', { name: 'Distanztag vorbereiten' }).click()
	await expect(head.getByRole('listitem').filter({ hasText: '7b' })).toContainText('Selin Yılmaz')
	await expectAccessible(head)
	await head.getByRole('button', { name: 'Distanztag ausrufen' }).click()
	await expect(head.getByText(/Konferenz(en)? (ist|sind) angelegt/)).toBeVisible()
	await expect(head.getByRole('button', { name: 'Distanztag ausrufen' })).toBeHidden() // nothing twice
	await head.goto('/office/accounts')
	await head.getByRole('button', { name: 'Jemanden einladen' }).click()
	const invitation = head.getByRole('dialog')
	await invitation.getByLabel('Rolle').selectOption('Lehrkraft')
	await invitation.getByLabel('Name').fill('Nele Neu')
	await invitation.getByLabel('Dienstliche E-Mail-Adresse').fill('neu@demo.example')
	await invitation.getByRole('button', { name: 'Einladung erstellen' }).click()
	const link = (await head.locator('code').textContent())!

	// The colleague takes over what runs, and sees its roster.
	const colleague = await another()
	await authenticator(colleague)
	await colleague.goto(link)
	await colleague.getByLabel('Neues Passwort').fill('drei Löffel Zimt im Kakao')
	await colleague.getByRole('button', { name: 'Passwort setzen und weiter' }).click()
	await colleague.getByRole('button', { name: 'Passkey einrichten' }).click()
	await colleague.getByRole('link', { name: 'Konferenzen' }).click()
	await colleague.getByRole('button', { name: 'Vertretung übernehmen' }).click()
	await colleague.getByRole('dialog').getByRole('button', { name: 'Übernehmen' }).first().click()
	await expect(colleague.getByRole('dialog').getByText('von Ihnen übernommen')).toBeVisible()
	await expectAccessible(colleague)
	await colleague.getByRole('dialog').getByRole('button', { name: 'Schließen' }).last().click()
	const held = colleague.getByRole('listitem').filter({ hasText: 'Sie vertreten Selin Yılmaz' })
	await held.getByRole('link', { name: 'Liste öffnen' }).click()
	await expect(colleague.getByText('Wird live aktualisiert')).toBeVisible()

	// Who cannot take part is reached another way, ticked off with one tap.
	await page.goto(`/meetings/${school.demo.ids.meeting}`)
	await expect(page.getByText(/Kinder sind noch zu erreichen/)).toBeVisible()
	await page.getByRole('button', { name: 'Wer fehlt?' }).click()
	await sheet.getByRole('button', { name: 'Fehlt: Yusuf Al-Khatib' }).click()
	await expect(sheet.getByText('Yusuf Al-Khatib')).toBeHidden()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Schließen' }).last().click()
	await page.getByRole('button', { name: 'Kontakte zeigen' }).click()
	await page.getByRole('button', { name: 'War doch da: Yusuf Al-Khatib' }).click()
	await expect(page.getByRole('button', { name: /^War doch da/ })).toBeHidden()
	await page.getByRole('link', { name: 'Anderer Weg' }).click()
	await expect(page.getByRole('heading', { name: 'Auf anderem Weg erreichen' })).toBeVisible()
	await page
		.getByRole('button', { name: /^Nummer zeigen: / })
		.first()
		.click()
	await expect(page.getByText('Jeder Blick auf eine Nummer wird vermerkt.')).toBeVisible()
	await expectAccessible(page)
	const called = page.getByRole('button', { name: /^Angerufen: / })
	const open = await called.count()
	await called.first().click()
	await expect(called).toHaveCount(open - 1)
	await expect(page.getByText(/: Angerufen am /)).toBeVisible()
})
