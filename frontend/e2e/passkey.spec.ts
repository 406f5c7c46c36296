import type { Page } from '@playwright/test'
import { authenticator } from './authenticator'
import { stage } from './demo'
import { arrive, expect, expectAccessible, test, type School } from './fixtures'

/** The browser's own authenticator, with a passkey that the signed-in account has. */
interface Authenticator {
	/** Lets its owner's fingerprint fail from now on, or be right again. */
	recognise: (owner: boolean) => Promise<void>
}

async function givePasskey(page: Page, school: School): Promise<Authenticator> {
	const me = await (await page.request.get('/api/v1/me')).json()
	const { credential, privateKey } = await stage<{ credential: string; privateKey: string }>(
		school.folder,
		'passkey',
		me.account.id
	)
	const { client, id: authenticatorId } = await authenticator(page)
	await client.send('WebAuthn.addCredential', {
		authenticatorId,
		credential: {
			credentialId: credential,
			isResidentCredential: true,
			rpId: 'localhost',
			privateKey,
			userHandle: Buffer.from(me.account.id).toString('base64'),
			signCount: 0
		}
	})
	return {
		recognise: async (owner) => {
			await client.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: owner })
		}
	}
}

/** From home to the last look before sending. */
async function fillIn(page: Page, answer = 'Ja, Bild und Ton'): Promise<void> {
	await page.goto('/home')
	await page.getByRole('link', { name: 'Lesen und antworten' }).first().click()
	await page.getByRole('button', { name: 'Gelesen' }).click()
	await page.getByRole('radio', { name: 'gemeinsam' }).check()
	await page.getByRole('radio', { name: answer, exact: false }).check()
	await page.getByRole('button', { name: 'Weiter' }).click()
	if (answer === 'Nein') return
	await page.getByRole('radio', { name: 'Namen tippen' }).check()
	// As some keyboards give it, with the dots apart: both sides compose it.
	await page.getByLabel('Ihr Vor- und Nachname').fill('Ju\u0308rgen  O\u2019Neill 👩‍👧')
	await page.getByLabel('Ort').fill(' Gru\u0308nstadt\u00a0 am Berg')
	await page.getByRole('button', { name: 'Weiter' }).click()
}

const withPasskey = (page: Page) => page.getByRole('button', { name: 'Mit Passkey bestätigen und absenden' })
const without = (page: Page) => page.getByRole('button', { name: 'Ohne Passkey absenden' })

async function receiptOf(page: Page) {
	await expect(page.getByText('Danke. Ihre Antwort ist angekommen.')).toBeVisible()
	const id = new URL(page.url()).pathname.split('/').at(-1)
	return (await page.request.get(`/api/v1/receipts/${id}?format=json`)).json()
}

test('a passkey signs the declaration, and its receipt says so to anyone', async ({ page, school }) => {
	await arrive(page, school.demo)
	await givePasskey(page, school)
	await fillIn(page)
	await expect(without(page)).toBeVisible()
	await expectAccessible(page)
	await withPasskey(page).click()
	const receipt = await receiptOf(page)
	expect(receipt.statement.server.means).toBe('passkey')
	expect(receipt.private.signature.name).toBe('J\u00fcrgen O\u2019Neill 👩‍👧')
	expect(receipt.private.place).toBe('Gr\u00fcnstadt am Berg')
	await page.getByText('Für die Prüfung').click()
	await expect(page.getByText('einen Passkey')).toBeVisible()

	const id = new URL(page.url()).pathname.split('/').at(-1)
	const file = await (await page.request.get(`/api/v1/receipts/${id}?format=json`)).body()
	const checked = await page.request.post('/api/v1/evidence/verify', {
		headers: { 'X-App': '1', Origin: school.demo.baseUrl, 'Content-Type': 'application/octet-stream' },
		data: file
	})
	const { holds, claims } = await checked.json()
	expect(holds).toBe(true)
	expect(claims.find((claim: { id: string }) => claim.id === 'passkey')?.state).toBe('holds')
})

test('a dialog that is closed leaves everything as it was', async ({ page, school }) => {
	await arrive(page, school.demo)
	const authenticator = await givePasskey(page, school)
	await fillIn(page)
	await authenticator.recognise(false)
	await withPasskey(page).click()
	const told = page.getByText('Es wurde nichts gesendet. Ihre Antwort steht noch hier.')
	await expect(told).toBeInViewport({ ratio: 1 })
	const [note, button] = [(await told.boundingBox())!, (await withPasskey(page).boundingBox())!]
	expect(note.y + note.height, 'the actions do not cover it').toBeLessThanOrEqual(button.y)
	await expectAccessible(page)
	await expect(without(page)).toBeEnabled()
	await expect(page.getByText('getippt: Ju')).toBeVisible()
	await authenticator.recognise(true)
	await withPasskey(page).click()
	expect((await receiptOf(page)).statement.server.means).toBe('passkey')
})

test('the answer goes without a passkey, too', async ({ page, school }) => {
	await arrive(page, school.demo)
	await givePasskey(page, school)
	await fillIn(page)
	await without(page).click()
	expect((await receiptOf(page)).statement.server.means).toBe('session')
})

test('a form that lay open for too long is read again, and the passkey asked once more', async ({ page, school }) => {
	await arrive(page, school.demo)
	await givePasskey(page, school)
	let read = 0
	await page.route('**/consent?lang=de', async (route) => {
		const reply = await route.fetch()
		const sheet = await reply.json()
		if (++read === 1) sheet.signing.state = `${sheet.signing.state.slice(0, -4)}AAAA` // as one that has run out
		await route.fulfill({ json: sheet })
	})
	await fillIn(page)
	await withPasskey(page).click()
	await expect(page.getByText('Die Bestätigung mit dem Passkey war zu alt')).toBeVisible()
	expect(read).toBe(2)
	await withPasskey(page).click()
	expect((await receiptOf(page)).statement.server.means).toBe('passkey')
})

test('what a passkey has signed waits without a net, and is sent as it is', async ({ page, school }) => {
	await arrive(page, school.demo)
	await givePasskey(page, school)
	await fillIn(page)
	await page.context().setOffline(true)
	await withPasskey(page).click()
	await expect(page.getByRole('heading', { name: 'Noch nicht gesendet' })).toBeVisible()
	await page.context().setOffline(false)
	expect((await receiptOf(page)).statement.server.means).toBe('passkey')
})

test('a no asks for no passkey', async ({ page, school }) => {
	await arrive(page, school.demo)
	await givePasskey(page, school)
	await fillIn(page, 'Nein')
	await expect(page.getByRole('button', { name: 'Verbindlich absenden' })).toBeVisible()
	await expect(withPasskey(page)).toHaveCount(0)
})
