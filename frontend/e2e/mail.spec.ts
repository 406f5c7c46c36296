import { cp } from 'node:fs/promises'
import { serve, type Server } from './demo'
import { arrive, expect, expectAccessible, test as base } from './fixtures'
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
	await card.getByLabel('Sprache der Nachrichten').selectOption('Українська')
	await card.getByRole('checkbox', { name: 'Nicht mehr erinnern' }).check()
	await card.getByRole('button', { name: 'Auswahl speichern' }).click()
	await expect(card.getByText('Gespeichert.')).toBeVisible()

	await mother.goto(`/m#stop=${school.demo.ids.school}.guardian.x.y`)
	await mother.getByRole('button', { name: 'Ja, nicht mehr erinnern' }).click()
	await expect(mother.getByText('Dieser Link gilt nicht')).toBeVisible()
})
