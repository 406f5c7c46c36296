import { cp } from 'node:fs/promises'
import { serve, type Server } from './demo'
import { arrive, expect, expectAccessible, signIn, test as base } from './fixtures'
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
	const asked = await office.evaluate(
		async (classId) =>
			(
				await fetch('/api/v1/letters', {
					method: 'POST',
					headers: { 'Content-Type': 'application/json', 'X-App': '1' },
					body: JSON.stringify({ classId })
				})
			).status,
		school.demo.ids.class
	)
	expect(asked).toBe(200)
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
