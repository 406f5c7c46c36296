import type { Page } from '@playwright/test'
import { authenticator } from './authenticator'
import { arrive, expect, expectAccessible, test, type Demo } from './fixtures'

async function fillLetter(page: Page, demo: Demo): Promise<void> {
	const { letterNo, secret, birthDate } = demo.accounts.guardian
	await page.goto(`/e#${letterNo}.${secret}`)
	const [year, month, day] = birthDate.split('-')
	await page.getByLabel('Tag').fill(day!)
	await page.getByLabel('Monat').fill(month!)
	await page.getByLabel('Jahr').fill(year!)
}

test('a passkey is made, and signs in again after signing out', async ({ page, school }) => {
	const { client, id } = await authenticator(page)
	await arrive(page, school.demo)
	await page.goto('/devices')
	await expect(page.getByText('dieses Gerät', { exact: true })).toBeVisible()
	await expect(page.getByText('Sie haben noch keinen Passkey.')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Passkey einrichten' }).click()
	await expect(page.getByText('Der Passkey ist eingerichtet.')).toBeVisible()
	const { credentials } = await client.send('WebAuthn.getCredentials', { authenticatorId: id })
	expect(credentials).toHaveLength(1)
	expect(credentials[0]).toMatchObject({ isResidentCredential: true, rpId: 'localhost' })
	await expectAccessible(page)

	// Without a screen lock the passkey opens nothing, neither asked for nor among the suggestions.
	await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false })
	await page.getByRole('button', { name: 'Abmelden' }).last().click()
	await expect(page).toHaveURL(/\/e$/)
	await page.getByRole('button', { name: 'Mit Passkey anmelden' }).click()
	await expect(page.getByText('Es wurde kein Passkey benutzt.')).toBeVisible()
	await expectAccessible(page)

	await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true })
	await page.getByRole('button', { name: 'Mit Passkey anmelden' }).click()
	await expect(page.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()
})

test('a further device comes by the code, and goes by the list', async ({ page, another, school }) => {
	await arrive(page, school.demo)
	await page.goto('/devices')
	await page.getByRole('button', { name: 'Code zeigen' }).click()
	await expect(page.getByRole('img', { name: 'QR-Code' })).toBeVisible()
	await expectAccessible(page)
	const code = (await page.locator('.code').textContent())!.trim()
	expect(code).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/)

	const second = await another()
	await second.goto('/link')
	await expectAccessible(second)
	await second.getByLabel('Code').fill(code.slice(0, -1) + (code.endsWith('7') ? '8' : '7'))
	await expect(second.getByText('Tippfehler')).toBeVisible()
	await second.getByLabel('Code').fill(code.toLowerCase().replace('-', ' '))
	await second.getByRole('button', { name: 'Anmelden' }).click()
	await expect(second.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()

	await page.reload()
	await expect(page.getByText('Neues Gerät, seit')).toBeVisible()
	await page.getByRole('button', { name: 'Alle anderen Geräte abmelden' }).click()
	await expect(page.getByText('Abgemeldet.')).toBeVisible()
	await expect(page.getByText('Neues Gerät, seit')).toBeHidden()
	await second.goto('/home')
	await expect(second).toHaveURL(/\/e$/)
})

test('a link is opened by its code behind the #, and the address bar forgets it', async ({ page, another, school }) => {
	await arrive(page, school.demo)
	await page.goto('/devices')
	await page.getByRole('button', { name: 'Code zeigen' }).click()
	const code = (await page.locator('.code').textContent())!.trim().replace('-', '')
	const second = await another()
	await second.goto(`/link#${code}`)
	await expect(second.getByText('Der Code ist da.')).toBeVisible()
	expect(second.url()).not.toContain(code)
	await second.getByLabel('Andere nutzen dieses Gerät auch').check()
	await second.getByRole('button', { name: 'Anmelden' }).click()
	await expect(second.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()
	const cookies = await second.context().cookies()
	expect(cookies.map(({ expires }) => expires)).toEqual([-1, -1, -1])
})

test('a second letter in a signed-in browser asks who is there, and starts clean', async ({ page, school }) => {
	await fillLetter(page, school.demo)
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()
	await page.goto(`/e#12345678.${school.demo.accounts.guardian.secret}`)
	await expect(page.getByRole('heading', { name: 'Hier ist schon jemand angemeldet' })).toBeVisible()
	await expect(page.getByLabel('Tag')).toBeHidden()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Nein, jemand anderes' }).click()
	await expect(page.getByLabel('Tag')).toBeVisible()
	await page.goto('/home')
	await expect(page).toHaveURL(/\/e$/)
})
