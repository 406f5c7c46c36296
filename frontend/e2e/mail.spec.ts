import type { Page } from '@playwright/test'
import { cp } from 'node:fs/promises'
import { serve, stage, type Server } from './demo'
import { arrive, expect, expectAccessible, signIn, test as base, type Demo } from './fixtures'
import { openMailbox, type Mailbox } from './mailbox'

// A school that sends mail, in the place of the one that does not.
const test = base.extend<{ mailbox: Mailbox }>({
	mailbox: async ({}, use) => {
		const mailbox = await openMailbox()
		await use(mailbox)
		await mailbox.stop()
	},
	school: async ({ mailbox }, use, info) => {
		const folder = info.outputPath('school')
		await cp(process.env.E2E_TEMPLATE!, folder, { recursive: true })
		const server: Server = await serve(folder, undefined, mailbox.env)
		const over = () => Promise.reject(new Error('this school stays as it is'))
		await use({ demo: server.demo, folder, stop: over, restart: over })
		await server.stop()
	}
})

test('an address is used once the link in the mail was opened', async ({ page, another, school, mailbox }) => {
	const address = 'mutter@familie.example'
	await arrive(page, school.demo)
	await page.goto('/home/settings')
	const card = page.getByRole('region', { name: 'Nachrichten per E-Mail' })
	await card.getByLabel('Ihre E-Mail-Adresse').fill('mutter')
	await card.getByRole('button', { name: 'Adresse eintragen' }).click()
	await expect(card.getByText('Bitte geben Sie eine Adresse wie')).toBeVisible()
	await card.getByLabel('Ihre E-Mail-Adresse').fill(address)
	await card.getByRole('button', { name: 'Adresse eintragen' }).click()
	await expect(card.getByText('Wir haben einen Link geschickt.')).toBeVisible()
	await expect(card.getByText('noch nicht bestätigt')).toBeVisible()
	await expectAccessible(page)

	await expect.poll(() => mailbox.links(address)).toHaveLength(1)
	const [link] = await mailbox.links(address)
	const mother = await another() // her mail program's browser, in which nobody is signed in
	await mother.goto(link!)
	await expect(mother.getByRole('heading', { name: 'Adresse bestätigen?' })).toBeVisible()
	expect(mother.url(), 'the address bar forgets the token').not.toContain('confirm')
	await expectAccessible(mother)
	await mother.getByRole('button', { name: 'Ja, Adresse bestätigen' }).click()
	await expect(mother.getByText('Ihre Adresse ist bestätigt.')).toBeVisible()

	await page.reload()
	await expect(card.getByText('(bestätigt)')).toBeVisible()
	const wishes = page.getByRole('region', { name: 'Sprache und Erinnerungen' })
	await wishes.getByLabel('Sprache der Nachrichten').selectOption('Українська')
	await wishes.getByRole('checkbox', { name: 'Nur E-Mail' }).check()
	await wishes.getByRole('checkbox', { name: 'Zu eigenen Zeiten erinnern' }).check()
	await wishes.getByLabel('Ab', { exact: true }).selectOption('18:00')
	await wishes.getByLabel('Bis', { exact: true }).selectOption('21:00')
	await expectAccessible(page)
	await wishes.getByRole('button', { name: 'Auswahl speichern' }).click()
	await expect(wishes.getByText('Gespeichert.')).toBeVisible()
	await page.reload()
	await expect(wishes.getByRole('checkbox', { name: 'Nur E-Mail' })).toBeChecked()
	await expect(wishes.getByLabel('Ab', { exact: true })).toHaveValue('18')
	await expect(wishes.getByLabel('Bis', { exact: true })).toHaveValue('21')

	const office = await another()
	await signIn(office, school.demo, 'office')
	await ask(office, school.demo)
	await office.goto('/office/reminders')
	await office.getByRole('button', { name: 'Wirkung ansehen' }).click()
	const effect = office.getByRole('dialog')
	await expect(effect.getByText(/^\d+ (Person|Erziehungsberechtigte).* erinnert, ab /)).toBeVisible()
	await expectAccessible(office)
	await effect.getByRole('button', { name: 'Ja, erinnern' }).click()
	await expect(office.getByText(/auf Ihren Wunsch erinnert/)).toBeVisible()

	await mother.goto(`/m#stop=${school.demo.ids.school}.guardian.x.y`)
	await mother.getByRole('button', { name: 'Ja, nicht mehr erinnern' }).click()
	await expect(mother.getByText('Dieser Link gilt nicht')).toBeVisible()
})

test('the office sees what became of messages, and brings its own holidays', async ({ page, school }) => {
	await signIn(page, school.demo, 'office')
	await ask(page, school.demo)
	const me = await (await page.request.get('/api/v1/me')).json()
	await stage(school.folder, 'reminders', me.account.id)
	await page.goto('/office/reminders')
	const log = page.getByRole('region', { name: 'Was hinausging' })
	const line = (step: string) => log.getByRole('listitem').filter({ hasText: step })
	await expect(line('Von Hand').first()).toContainText(`von ${me.account.name}`)
	await expect(line('Von Hand').first()).toContainText('Noch nicht verschickt')
	await expect(line('Anfrage').last()).toContainText('Mail angenommen')
	await expect(line('Anfrage').last()).toContainText('Push angenommen')
	await expect(line('Erste Erinnerung')).toContainText('Mail kam zurück (5.1.1)')
	await expect(line('Zweite Erinnerung')).toContainText('Mail fehlgeschlagen (smtp_550)')
	await expect(log.getByText('noch keine Antwort').first()).toBeVisible()

	const holidays = page.getByRole('region', { name: 'Ferien' })
	const upload = (name: string, ...days: [string, string][]) =>
		holidays.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/calendar', buffer: calendar(days) })
	await expect(holidays.getByText('Die Liste für Ihr Land kommt mit dem Programm.')).toBeVisible()
	await upload('falsch.ics', ['20270329', '20270301'])
	await expect(holidays.getByText(/^Zeile \d+ kann nicht gelesen werden/)).toBeVisible()
	await upload('ferien.ics', ['20270322', '20270404'], ['20300715', '20300828'])
	await expect(holidays.getByText('Die Liste Ihrer Schule gilt ab sofort.')).toBeVisible()
	await expect(holidays.getByText('Ferien sind bekannt bis 27.08.2030.')).toBeVisible()
	await expectAccessible(page)
	await holidays.getByRole('button', { name: 'Liste des Programms nehmen' }).click()
	await expect(holidays.getByText('Die Liste für Ihr Land kommt mit dem Programm.')).toBeVisible()

	await page.goto('/office/messages')
	const todo = page.getByRole('region', { name: /^Das braucht Sie/ }).getByRole('listitem')
	await expect(todo.filter({ hasText: 'Erinnerung' }).filter({ hasText: '5.1.1' })).toHaveCount(1)
	await expect(todo.filter({ hasText: 'smtp_550' })).toHaveCount(1)
	const givenUp = page.getByRole('region', { name: /^Aufgegeben/ })
	await expect(givenUp.getByText('12 Versuche, zuletzt: server_unreachable')).toBeVisible()
	await expectAccessible(page)
	await givenUp.getByRole('button', { name: 'Noch einmal versuchen' }).click()
	await expect(page.getByText('Es wird noch einmal versucht.')).toBeVisible()
})

test('an invitation by mail is answered on a phone, and the receipt says how it came', async ({
	page,
	another,
	school,
	mailbox
}) => {
	const office = await another()
	await signIn(office, school.demo, 'office')
	await office.goto('/office/letters')
	await office.getByRole('radio', { name: 'Eine ganze Klasse' }).check()
	await office.locator('form').getByLabel('Klasse', { exact: true }).selectOption(school.demo.ids.class)
	await office.getByRole('radio', { name: 'Per E-Mail' }).check()
	await office.getByRole('button', { name: 'Vorschau zeigen' }).click()
	await expect(office.getByText(/^\d+ per E-Mail, \d+ auf Papier$/)).toBeVisible()
	await office.getByText('Wer keine E-Mail bekommt und warum').click()
	await expect(office.getByText('keine E-Mail-Adresse').first()).toBeVisible()
	await expectAccessible(office)
	expect(await invited(office, school.demo, mailbox), 'a preview sends nothing').toBeUndefined()
	await office.getByRole('button', { name: /^\d+ Einladung(en)? senden$/ }).click()
	await expect(office.getByText(/Einladung(en)? (ist|sind) unterwegs/)).toBeVisible()

	const found = () => invited(office, school.demo, mailbox)
	await expect.poll(found, { timeout: 20_000 }).toBeDefined()
	const { links, birthDate } = (await found())!
	const [door, notMine] = links
	expect(notMine).toContain('/m#not-mine=')
	const [year, month, day] = birthDate.split('-')
	await page.goto(door!)
	await page.getByLabel('Tag').fill(day!)
	await page.getByLabel('Monat').fill(month!)
	await page.getByLabel('Jahr').fill(year!)
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()
	await page.getByRole('link', { name: 'Lesen und antworten' }).first().click()
	await page.getByRole('button', { name: 'Gelesen' }).click()
	await expect(page.getByRole('radio', { name: 'Nein' })).toBeVisible()
	const relation = page.getByRole('radio', { name: 'gemeinsam' })
	if (await relation.isVisible()) await relation.check()
	await page.getByRole('radio', { name: 'Nein' }).check()
	await page.getByRole('button', { name: 'Weiter' }).click()
	await page.getByRole('button', { name: 'Verbindlich absenden' }).click()
	await expect(page.getByText('per E-Mail-Einladung')).toBeVisible()
	await expectAccessible(page)

	await office.reload()
	await office.getByRole('button', { name: 'benutzt', exact: true }).click()
	await expect(office.getByText('E-Mail: angenommen')).toHaveCount(1) // of the used one alone
})

/** Asks a class by letters. */
async function ask(page: Page, { ids }: Demo): Promise<void> {
	const asked = await page.evaluate(
		async (classId) =>
			(
				await fetch('/api/v1/letters', {
					method: 'POST',
					headers: { 'Content-Type': 'application/json', 'X-App': '1' },
					body: JSON.stringify({ classId })
				})
			).status,
		ids.class
	)
	expect(asked).toBe(200)
}

/** School holidays as an iCalendar file; each ends before its second day. */
function calendar(days: [string, string][]): Buffer {
	const events = days.flatMap(([from, until], i) => [
		'BEGIN:VEVENT',
		`UID:${i}@schule.example`,
		'DTSTAMP:20261128T000000Z',
		`DTSTART;VALUE=DATE:${from}`,
		`DTEND;VALUE=DATE:${until}`,
		'SUMMARY:Ferien',
		'END:VEVENT'
	])
	const lines = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Schule//Ferien//DE', ...events, 'END:VCALENDAR', '']
	return Buffer.from(lines.join('\r\n'))
}

/** Somebody of the class whom an invitation has reached: the links in it, and what to enter behind the first. */
async function invited(office: Page, { ids }: Demo, mailbox: Mailbox) {
	const list = async (path: string) => (await (await office.request.get(`/api/v1/${path}`)).json()).items
	for (const { id, birthDate } of await list(`pupils?class=${ids.class}`)) {
		for (const { guardian } of await list(`guardianships?pupil=${id}`)) {
			const links: string[] = guardian.email ? await mailbox.links(guardian.email) : []
			const door = links.findIndex((link) => link.includes('/e#'))
			if (door >= 0) return { links: links.slice(door), birthDate: birthDate as string }
		}
	}
	return undefined
}
