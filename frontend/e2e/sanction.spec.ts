import { randomUUID } from 'node:crypto'
import type { Page } from '@playwright/test'
import { arrive, expect, expectAccessible, signIn, test, type Demo } from './fixtures'

/** The guardian says yes to picture and sound; how that is done on screen is another flow's. */
async function agree(page: Page, demo: Demo, child: string) {
	const headers = { 'X-App': '1', Origin: demo.baseUrl }
	const sheet = await (await page.request.get(`/api/v1/children/${child}/consent?lang=de`)).json()
	const reply = await page.request.post(`/api/v1/children/${child}/decisions`, {
		headers: { ...headers, 'Idempotency-Key': randomUUID() },
		data: {
			answer: 'video',
			formVersion: sheet.version.id,
			textSha256: sheet.german.textSha256,
			language: 'de',
			after: sheet.after,
			relation: 'together',
			signature: { kind: 'typed', name: 'Vera Muster' }
		}
	})
	expect(reply.status()).toBe(201)
	return `${sheet.child.givenName} ${sheet.child.familyName}`
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

// Journey 9: report, decision, the roster changes, objection, end, and the mode is what consent allows again.
test('from a breach to its end', async ({ page, school, another }) => {
	test.slow() // three people, one after the other
	const { demo } = school
	const guardian = await another()
	await arrive(guardian, demo)
	const child = demo.accounts.guardian.children[0]!
	const name = await agree(guardian, demo, child)

	await signIn(page, demo, 'teacher')
	await page.goto(`/meetings/${demo.ids.meeting}`)
	const card = page.getByRole('listitem').filter({ hasText: name })
	await expect(card).toContainText('Bild und Ton')
	await card.getByRole('button', { name: 'Verstoß' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('button', { name: 'Verstoß melden' }).click()
	await expect(sheet.getByText('Bitte wählen Sie eine Regel.')).toBeVisible()
	await sheet.getByRole('radio', { name: 'Nimm nichts auf' }).check()
	await sheet.getByRole('checkbox', { name: 'Kind', exact: true }).check()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Verstoß melden' }).click()
	await expect(sheet.getByText('Gemeldet. Die Schulleitung entscheidet.')).toBeVisible()
	await expect(sheet.getByText('Noch offen')).toBeVisible()
	await sheet.getByRole('button', { name: 'Schließen' }).last().click()
	await expect(card).toContainText('Bild und Ton') // a report alone does nothing

	const head = await another()
	await signIn(head, demo, 'head')
	await head.goto('/office/sanctions')
	await expect(head.getByRole('listitem').filter({ hasText: name })).toContainText('Nimm nichts auf')
	await head.getByRole('button', { name: 'Maßnahme entscheiden' }).click()
	const decide = head.getByRole('dialog')
	await decide.getByRole('radio', { name: /Ordnungsmaßnahme/ }).check()
	await decide.getByRole('radio', { name: 'Nur Ton' }).check()
	await decide.getByLabel('Letzter Tag').fill(inDays(7))
	await expect(decide.getByText('Widerspruch bei der Schule einlegen')).toBeVisible() // what guardians will read
	await decide.getByRole('button', { name: 'Maßnahme entscheiden' }).click()
	await expect(decide.getByText('Bitte haken Sie beide an.')).toBeVisible() // the parents were not heard
	await decide.getByRole('checkbox', { name: 'Eltern', exact: true }).check()
	await expectAccessible(head)
	await decide.getByRole('button', { name: 'Maßnahme entscheiden' }).click()
	await expect(head.getByText('Entschieden. Eltern und Kind werden benachrichtigt.')).toBeVisible()

	await expect(card).toBeHidden() // below video, names fold into a count
	await page.getByRole('button', { name: 'Namen zeigen' }).click()
	await expect(card).toContainText('Nur Ton')
	await expect(card).not.toContainText('Nimm nichts auf')

	await guardian.goto('/home')
	const measure = guardian.getByRole('region', { name: 'Maßnahme der Schule' })
	await expect(measure).toContainText('Nimm nichts auf')
	await measure.getByRole('button', { name: 'Widerspruch einlegen' }).click()
	await guardian.getByRole('dialog').getByRole('button', { name: 'Jetzt abschicken' }).click()
	await expect(measure.getByText('Ihr Einwand ist angekommen')).toBeVisible()
	await expectAccessible(guardian)

	await head.reload()
	await head.getByRole('button', { name: 'Einwand beantworten' }).click()
	await head
		.getByRole('dialog')
		.getByRole('radio', { name: /Stattgeben/ })
		.check()
	await head.getByRole('dialog').getByRole('button', { name: 'Antwort senden' }).click()
	await expect(head.getByText('Vorzeitig beendet')).toBeVisible()
	await expectAccessible(head)
	await expect(card).toContainText('Bild und Ton')
})
