import type { Page } from '@playwright/test'
import { expect, expectAccessible, signIn, test, type School } from './fixtures'
import { provide, type Provider } from './provider'
import { freshCode } from './totp'

const group = (id: string, name: string) => ({ 'iserv:groups': [{ id, act: name.toLowerCase(), name }] })
const accounts = {
	nele: { name: 'Nele Lehmann', ...group('12', 'Lehrer') },
	lena: { name: 'Lena Neumann', ...group('13', 'Schüler') },
	gast: { name: 'Gustav Gast', ...group('14', 'Gäste') }
}

/** The provider of the school, which its operator lets be called although it is in the own network. */
async function withProvider(school: School, people: Record<string, object>): Promise<Provider> {
	const provider = await provide(`${school.demo.baseUrl}/api/v1/session/oidc/callback`, people)
	await school.stop()
	process.env.EINVERSTANDEN_PRIVATE_HOSTS = new URL(provider.issuer).host
	await school.restart()
	delete process.env.EINVERSTANDEN_PRIVATE_HOSTS
	return provider
}

async function comeBy(page: Page, name: string) {
	await comeAgain(page)
	await page.getByRole('link', { name, exact: true }).click()
}

/** The provider knows who sits there from the last time, and asks nobody. */
async function comeAgain(page: Page) {
	await page.goto('/sign-in')
	await page.getByRole('link', { name: 'Mit IServ anmelden' }).click()
}

async function setUp(page: Page, provider: Provider) {
	await page.goto('/office/staff')
	await page.getByRole('link', { name: 'Anmeldung über IServ und andere Dienste' }).click()
	await page.getByLabel('Adresse des Dienstes').fill(provider.issuer)
	await page.getByLabel('Client-ID').fill('einverstanden')
	await page.getByLabel('Client-Geheimnis').fill('falsch')
	const teachers = page.getByRole('group', { name: 'Gruppen der Lehrkräfte' })
	await teachers.getByLabel('Kennung', { exact: true }).fill('12')
	await teachers.getByRole('button', { name: 'Kennung hinzufügen' }).click()
	await page.getByRole('button', { name: 'Speichern' }).click()
	await expect(page.getByText('Gespeichert. Am besten gleich ausprobieren.')).toBeVisible()
}

test('the head sets IServ up, and teachers and pupils come in by it', async ({ page, school, another }) => {
	test.slow() // three browsers
	const provider = await withProvider(school, accounts)
	await signIn(page, school.demo, 'head')
	await setUp(page, provider)
	await expect(page.getByLabel('Client-Geheimnis')).toHaveValue('') // never shown again
	await page.getByRole('button', { name: 'Ausprobieren' }).click()
	await expect(page.getByText('Das Client-Geheimnis ist falsch.')).toBeVisible()
	await expectAccessible(page)
	await page.getByLabel('Client-Geheimnis').fill('ein-Geheimnis-unter-uns')
	await page.getByRole('button', { name: 'Speichern' }).click()
	await expect(page.getByLabel('Client-Geheimnis')).toHaveValue('')
	await page.getByRole('button', { name: 'Ausprobieren' }).click()
	await expect(page.getByText('Alles passt.')).toBeVisible()

	const visitor = await another()
	await comeBy(visitor, 'Gustav Gast')
	await expect(visitor.getByText('gehört dort zu keiner Gruppe')).toBeVisible()
	await expect(visitor).toHaveURL(/\/sign-in$/) // the code has left the address bar
	await expectAccessible(visitor)
	const pupil = await another()
	await comeBy(pupil, 'Lena Neumann')
	await expect(pupil.getByText('gehört dort zu keiner Gruppe')).toBeVisible()

	// Whoever has come by it shows the head which groups there are.
	await page.reload()
	const pupils = page.getByRole('group', { name: 'Gruppen der Schülerinnen und Schüler' })
	await pupils.getByLabel('Schon gesehene Gruppe').selectOption('Schüler (13)')
	await pupils.getByRole('button', { name: 'Hinzufügen', exact: true }).click()
	await page.getByRole('button', { name: 'Speichern' }).click()
	await expect(page.getByText('Gespeichert. Am besten gleich ausprobieren.')).toBeVisible()

	await comeAgain(pupil)
	await expect(pupil.getByText('Wir kennen dieses Konto noch nicht.')).toBeVisible()
	await page.reload()
	await page.getByRole('button', { name: 'Lena Neumann zuordnen' }).click()
	const sheet = page.getByRole('dialog')
	await expectAccessible(page)
	await sheet.getByLabel('Klasse').selectOption({ index: 1 })
	await expect(sheet.getByLabel('Kind').locator('option')).not.toHaveCount(1)
	await sheet.getByLabel('Kind').selectOption({ index: 1 })
	await sheet.getByRole('button', { name: 'Zuordnen' }).click()
	await expect(page.getByText('Lena Neumann ist zugeordnet')).toBeVisible()
	await expectAccessible(page)
	await comeAgain(pupil)
	await expect(pupil).toHaveURL(/\/home$/)

	const teacher = await another()
	await comeBy(teacher, 'Nele Lehmann')
	await expect(teacher).toHaveURL(/\/classes$/)
	await provider.stop()
})

test('the head comes by IServ with a code of ours', async ({ page, school, another }) => {
	const { accounts: logins } = school.demo
	await signIn(page, school.demo, 'head')
	const me = await (await page.request.get('/api/v1/me')).json()
	const provider = await withProvider(school, { head: { name: me.account.name, ...group('12', 'Lehrer') } })
	await setUp(page, provider)
	await page.getByLabel('Client-Geheimnis').fill('ein-Geheimnis-unter-uns')
	await page.getByRole('button', { name: 'Speichern' }).click()
	await expect(page.getByLabel('Client-Geheimnis')).toHaveValue('')

	const other = await another()
	await comeBy(other, me.account.name)
	await expect(other.getByText('Wir kennen dieses Konto noch nicht.')).toBeVisible()
	await page.reload()
	await page.getByRole('button', { name: `${me.account.name} zuordnen` }).click()
	await page.getByRole('dialog').getByLabel('Konto').selectOption(`${me.account.name}, Schulleitung`)
	await page.getByRole('dialog').getByRole('button', { name: 'Zuordnen' }).click()
	await expect(page.getByText(`${me.account.name} ist zugeordnet`)).toBeVisible()

	await comeAgain(other)
	await expect(other.getByText('Für Ihre Rolle brauchen wir noch einen Code.')).toBeVisible()
	await expectAccessible(other)
	await other.getByLabel('Code aus Ihrer App').fill('000000')
	await other.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(other.getByText('Der Code stimmt nicht oder wurde schon benutzt.')).toBeVisible()
	await other.getByLabel('Code aus Ihrer App').fill(await freshCode(logins.head.totpSecret, school.demo.baseUrl))
	await other.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(other).toHaveURL(/\/office$/)
	await provider.stop()
})

test("the letter's page offers IServ to those who have it", async ({ page, school }) => {
	const provider = await withProvider(school, accounts)
	await page.goto('/e')
	await expect(page.getByText('Gesamtschule')).toBeVisible() // the server has told what there is
	await expect(page.getByRole('link', { name: 'Mit IServ anmelden' })).toHaveCount(0)
	await signIn(page, school.demo, 'head')
	await setUp(page, provider)
	await page.getByRole('button', { name: 'Abmelden' }).click()
	await expect(page).toHaveURL(/\/sign-in$/) // else the app's own way there meets the next one
	await page.goto('/e')
	await expect(page.getByRole('link', { name: 'Mit IServ anmelden' })).toBeVisible()
	await expectAccessible(page)
	await provider.stop()
})
