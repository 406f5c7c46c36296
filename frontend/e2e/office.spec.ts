import type { Page } from '@playwright/test'
import { readFile } from 'node:fs/promises'
import { expect, expectAccessible, signIn, test, type School } from './fixtures'

/** A child of the demo school whose mother and father have not answered. */
const open = { name: 'Nazar Petrenko', mother: 'Svitlana Petrenko', father: 'Andriy Petrenko' }

const header = 'Nachname;Vorname;Klasse;Geburtsdatum;Erzieher 1: Vorname;Erzieher 1: Nachname'

/** Chooses a class list of the given lines. */
async function upload(page: Page, ...lines: string[]): Promise<void> {
	await page.goto('/office/imports')
	await page
		.locator('input[type=file]')
		.setInputFiles({ name: 'liste.csv', mimeType: 'text/csv', buffer: Buffer.from([header, ...lines].join('\r\n')) })
}

/** From the list of pupils to one of them. */
async function find(page: Page, name: string): Promise<void> {
	const [given, family] = name.split(' ')
	await page.goto('/office/pupils')
	await page.getByLabel('Name suchen').fill(family!)
	await page.getByRole('link', { name: `${family}, ${given}` }).click()
	await expect(page.getByRole('heading', { level: 1, name })).toBeVisible()
}

async function record(page: Page, who: string, how: string, what: string, known?: string): Promise<void> {
	await page.getByRole('button', { name: 'Entscheidung eintragen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('radio', { name: who }).check()
	await sheet.getByRole('radio', { name: how }).check()
	if (known) await sheet.getByRole('radio', { name: known }).check()
	await sheet.getByRole('radio', { name: what }).check()
	await sheet.getByRole('button', { name: 'Eintragen' }).click()
	await expect(sheet).toBeHidden()
}

/** What somebody else at the school says to the API meanwhile. */
async function call(page: Page, school: School, method: string, path: string, body?: object): Promise<unknown> {
	const reply = await page.request.fetch(`/api/v1${path}`, {
		method,
		headers: { 'X-App': '1', Origin: school.demo.baseUrl, 'Idempotency-Key': crypto.randomUUID() },
		data: body
	})
	expect(reply.ok(), `${method} ${path}: ${await reply.text()}`).toBe(true)
	return reply.headers()['content-type']?.includes('json') ? reply.json() : undefined
}

test('the overview leads to what waits', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await expect(page.getByRole('heading', { name: 'Zu tun' })).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('link', { name: /Antworten verschieden/ }).click()
	await expect(page).toHaveURL(/only=conflict/)
	const marks = page.getByRole('listitem').filter({ hasText: 'geboren am' })
	await expect(marks.first()).toBeVisible()
	for (const text of await marks.allInnerTexts()) expect(text).toContain('Antworten verschieden')
	await expectAccessible(page)
})

test('a class list shows its plan first; nothing changes before it is applied', async ({ page, school }) => {
	await signIn(page, school.demo, 'head') // a list without the other hundred is not for the office to apply
	await upload(page, 'Testermann;Änne;5a;03.02.2016;Käthe;Testermann', 'Neuling;Ole;5a;04.05.2016;Uwe;Neuling')
	await expect(page.getByRole('heading', { name: 'Was sich ändern würde' })).toBeVisible()
	await expect(page.getByText('Niemand wird gelöscht')).toBeVisible()
	await expectAccessible(page)
	const list = (await call(page, school, 'GET', '/pupils?q=Testermann')) as { items: unknown[] }
	expect(list.items).toEqual([])

	await page.getByRole('button', { name: /Neu$/ }).click()
	await expect(page.getByText('Änne Testermann')).toBeVisible()
	await page.getByRole('button', { name: 'Jetzt anwenden' }).click()
	await expect(page.getByText('Neu: 2')).toBeVisible()
	await expectAccessible(page)
	await find(page, 'Änne Testermann')
	await expect(page.getByText('Käthe Testermann hat noch nicht geantwortet.')).toBeVisible()
	const all = (await call(page, school, 'GET', '/pupils')) as { total: number }
	expect(all.total).toBe(102)
})

test('a list that cannot be read says where, and changes nothing', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await upload(page, 'Gut;Gerd;5a;03.02.2016;;', 'Schlecht;Susi;5a;31.02.2015;;')
	const row = page.getByRole('row').filter({ hasText: 'Geburtsdatum' })
	await expect(row).toContainText('3')
	await expect(page.getByText('An der Schule hat sich nichts geändert.')).toBeVisible()
	await expectAccessible(page)
	const all = (await call(page, school, 'GET', '/pupils')) as { total: number }
	expect(all.total).toBe(100)
})

test('a refusal by phone is noted in seconds and reaches the open roster', async ({ page, school, another }) => {
	const tablet = await another()
	await signIn(tablet, school.demo, 'teacher')
	await tablet.goto(`/meetings/${school.demo.ids.meeting}`)
	const card = tablet.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' })
	await expect(card).toContainText('Bild und Ton')

	await signIn(page, school.demo, 'office')
	await page.goto('/office/pupils')
	await page.getByLabel('Name suchen').fill('khatib')
	await page.getByRole('link', { name: 'Al-Khatib, Yusuf' }).click()
	await page.getByRole('button', { name: 'Entscheidung eintragen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('button', { name: 'Eintragen' }).click()
	await expect(sheet.getByText('Bitte wählen Sie den Weg.')).toBeVisible()
	await expectAccessible(page)
	await sheet.getByRole('radio', { name: 'Am Telefon' }).check()
	await expect(sheet.getByRole('radio', { name: 'Ja, Bild und Ton' })).toBeHidden()
	const people = sheet.getByRole('group', { name: 'Wer hat entschieden?' }).getByRole('radio')
	await people.first().check()
	await sheet.getByRole('radio', { name: 'Nein' }).check()
	await sheet.getByRole('button', { name: 'Eintragen' }).click()
	await expect(page.getByText('Eingetragen. Ab jetzt: Auf anderem Weg.')).toBeVisible()
	await expect(page.getByText(/eingetragen von Beate Kornfeld/)).toBeVisible()
	await expectAccessible(page)
	await expect(card).toBeHidden() // below video, names fold into a count
})

test('a yes on paper counts once a second person has confirmed it', async ({ page, school, another }) => {
	await signIn(page, school.demo, 'office')
	await find(page, open.name)
	await record(page, open.mother, 'Auf Papier', 'Ja, Bild und Ton')
	await expect(page.getByText('Das Ja wartet jetzt auf eine zweite Person.')).toBeVisible()
	await page.goto('/office/decisions')
	await expect(page.getByText('Das haben Sie selbst vorgeschlagen.')).toBeVisible()
	await expect(page.getByRole('button', { name: 'Bestätigen' })).toBeHidden()
	await expectAccessible(page)

	const second = await another()
	await signIn(second, school.demo, 'head')
	await second.goto('/office/decisions')
	await expect(second.getByText(`${open.mother} hat Ja gesagt: Bild und Ton`)).toBeVisible()
	await second.getByRole('button', { name: 'Bestätigen' }).click()
	await expect(second.getByText('Nichts wartet')).toBeVisible()

	await find(page, open.name)
	await expect(page.locator('[data-mode=video]')).toBeVisible()
	await page.getByRole('button', { name: 'Eintragung ungültig machen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('radio', { name: 'Es war eine andere Person' }).check()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Ja, ungültig machen' }).click()
	await expect(page.getByText('Die Eintragung ist ungültig.')).toBeVisible()
	await expect(page.locator('[data-mode=none]')).toBeVisible()
})

test('what was proposed by mistake can be taken back', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await find(page, open.name)
	await record(page, open.mother, 'Persönlich', 'Ja, nur Ton', 'Sie hat sich ausgewiesen')
	await page.goto('/office/decisions')
	await page.getByRole('button', { name: 'Zurückziehen' }).click()
	await expect(page.getByText('Nichts wartet')).toBeVisible()
})

test('custody: what restricts holds at once, what could raise waits', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await find(page, open.name)
	await page.getByRole('button', { name: `Sorgerecht von ${open.father} ändern` }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('checkbox', { name: 'strittig' }).check()
	await expectAccessible(page)
	await sheet.getByRole('button', { name: 'Änderung speichern' }).click()
	await expect(page.getByText(`Die Änderung für ${open.father} gilt ab jetzt.`)).toBeVisible()
	await expect(page.getByText('strittig', { exact: true })).toBeVisible()

	await page.getByRole('button', { name: `Sorgerecht von ${open.father} ändern` }).click()
	await sheet.getByRole('checkbox', { name: 'strittig' }).uncheck()
	await sheet.getByRole('button', { name: 'Änderung speichern' }).click()
	await expect(page.getByText('wartet jetzt auf eine zweite Person')).toBeVisible()
	await page.goto('/office/decisions')
	await expect(page.getByText(`Sorgerecht von ${open.father}`)).toBeVisible()
	await expectAccessible(page)
})

test('letters are printed once, listed, and made void', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await page.goto('/office/letters')
	await page.getByRole('radio', { name: 'Eine ganze Klasse' }).check()
	await page.getByRole('button', { name: 'PDF erzeugen' }).click()
	await expect(page.getByText('Bitte wählen Sie eine Klasse.')).toBeVisible()
	const form = page.locator('form')
	await form.getByLabel('Klasse', { exact: true }).selectOption({ label: '7b' })
	await page.getByRole('button', { name: 'PDF erzeugen' }).click()
	await expect(page.getByText(/\d+ Briefe sind fertig/)).toBeVisible({ timeout: 20_000 })
	const download = page.waitForEvent('download')
	await page.getByRole('button', { name: 'PDF speichern' }).click()
	const file = await readFile(await (await download).path())
	expect(file.subarray(0, 5).toString()).toBe('%PDF-')
	await expectAccessible(page)

	await page.getByRole('button', { name: 'offen', exact: true }).click()
	const letter = page.getByRole('listitem').filter({ hasText: open.mother })
	await expect(letter).toHaveCount(1)
	await letter.getByRole('button', { name: 'Ungültig machen' }).click()
	await page.getByRole('dialog').getByRole('button', { name: 'Ja, ungültig machen' }).click()
	await expect(letter).toHaveCount(0)
})

test('a withdrawal that a teacher received is checked by the office', async ({ page, school, another }) => {
	const gate = await another()
	await signIn(gate, school.demo, 'teacher')
	const pupil = school.demo.ids.pupil
	const people = (await call(gate, school, 'GET', `/pupils/${pupil}/people`)) as { items: { from: string }[] }
	const from = people.items[0]!.from
	await call(gate, school, 'POST', `/pupils/${pupil}/received-withdrawals`, { extent: 'all', from })

	await signIn(page, school.demo, 'office')
	await page.getByRole('link', { name: /1 Widerruf prüfen/ }).click()
	await expect(page.getByText('Widerruf: keine Teilnahme')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Stimmt', exact: true }).click()
	await expect(page.getByText('Nichts wartet')).toBeVisible()
})

test('a teacher is given a class and loses it', async ({ page, school }) => {
	await signIn(page, school.demo, 'head')
	await page.goto('/office/staff')
	const card = page.getByRole('listitem').filter({ hasText: 'Selin Yılmaz' })
	await card.getByRole('button', { name: 'Klasse geben' }).click()
	await expectAccessible(page)
	await page.getByRole('dialog').getByRole('button', { name: '9c' }).click()
	await expect(page.getByText('Selin Yılmaz hat jetzt die Klasse 9c.')).toBeVisible()
	await card.getByRole('button', { name: '9c wegnehmen' }).click()
	await expect(page.getByText('Selin Yılmaz hat die Klasse 9c nicht mehr.')).toBeVisible()
	await expectAccessible(page)
})

test('the data protection officer looks and changes nothing', async ({ page, school }) => {
	await signIn(page, school.demo, 'dpo')
	await page.getByRole('link', { name: 'Kinder ansehen' }).click()
	await page.getByLabel('Name suchen').fill('Petrenko')
	await page.getByRole('link', { name: 'Petrenko, Nazar' }).click()
	await expect(page.getByText(`${open.mother} hat noch nicht geantwortet.`)).toBeVisible()
	await expect(page.getByRole('button', { name: 'Entscheidung eintragen' })).toBeHidden()
	await expect(page.getByRole('button', { name: /Sorgerecht/ })).toBeHidden()
	await expectAccessible(page)
})
