import { authenticator } from './authenticator'
import { expect, expectAccessible, signIn, test } from './fixtures'
import { freshCode } from './totp'

test('an invited teacher sets a password and a second step and comes in', async ({ page, school, another }) => {
	test.slow() // two browsers, and every screen on the way is looked at
	await signIn(page, school.demo, 'head')
	await page.goto('/office/staff')
	await page.getByRole('link', { name: 'Konten und Einladungen' }).click()
	await page.getByRole('button', { name: 'Jemanden einladen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByLabel('Rolle').selectOption('Sekretariat')
	await sheet.getByLabel('Name').fill('Nele Neu')
	await sheet.getByLabel('Dienstliche E-Mail-Adresse').fill('neu@demo.example')
	await sheet.getByRole('button', { name: 'Einladung erstellen' }).click()
	await expect(page.getByRole('heading', { name: 'Link für Nele Neu' })).toBeVisible()
	await expectAccessible(page)
	const link = (await page.locator('code').textContent())!

	const newcomer = await another()
	await newcomer.goto(link)
	await expect(newcomer).toHaveURL(/\/invitation$/) // the secret has left the address bar
	await expect(newcomer.getByLabel('E-Mail-Adresse (fest)')).toHaveValue('neu@demo.example')
	await newcomer.getByLabel('Neues Passwort').fill('zu kurz')
	await expect(newcomer.getByText('Noch 8 Zeichen')).toBeVisible()
	await expectAccessible(newcomer)
	await newcomer.getByLabel('Neues Passwort').fill('Nele-Neu-Passwort-1234')
	await newcomer.getByRole('button', { name: 'Passwort setzen und weiter' }).click()
	await expect(newcomer.getByLabel('Neues Passwort')).toHaveAccessibleDescription(/zuerst versucht/)
	await newcomer.getByLabel('Neues Passwort').fill('drei Löffel Zimt im Kakao')
	await newcomer.getByRole('button', { name: 'Passwort setzen und weiter' }).click()

	await expect(newcomer.getByRole('heading', { name: 'Zweiten Schritt einrichten' })).toBeVisible()
	await expect(newcomer.getByRole('img', { name: 'QR-Code für die Authenticator-App' })).toBeVisible()
	await expectAccessible(newcomer)
	await newcomer.goto('/office/pupils') // nothing else opens yet
	await expect(newcomer).toHaveURL(/\/account$/)
	const secret = (await newcomer.locator('code').textContent())!.replaceAll(' ', '')
	await newcomer.getByLabel('Code aus Ihrer App').fill('000000')
	await newcomer.getByRole('button', { name: 'Code prüfen' }).click()
	await expect(newcomer.getByText('Der Code stimmt nicht oder wurde schon benutzt.')).toBeVisible()
	await newcomer.getByLabel('Code aus Ihrer App').fill(await freshCode(secret, school.demo.baseUrl))
	await newcomer.getByRole('button', { name: 'Code prüfen' }).click()
	await expect(newcomer.getByRole('heading', { name: 'Ihre Wiederherstellungscodes' })).toBeVisible()
	await expect(newcomer.locator('ol li')).toHaveCount(10)
	await expectAccessible(newcomer)
	const recovery = (await newcomer.locator('ol li').first().textContent())!
	await newcomer.getByRole('button', { name: 'Ich habe die Liste, weiter' }).click()
	await expect(newcomer).toHaveURL(/\/office$/)

	// The phone lies at home: a code from the list opens the same door, once.
	await newcomer.getByRole('button', { name: 'Abmelden' }).click()
	await newcomer.getByLabel('E-Mail-Adresse').fill('neu@demo.example')
	await newcomer.getByLabel('Passwort').fill('drei Löffel Zimt im Kakao')
	await newcomer.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(newcomer.getByLabel('Code aus Ihrer App')).toBeFocused()
	await expectAccessible(newcomer)
	await newcomer.getByRole('button', { name: 'Handy nicht zur Hand?' }).click()
	await newcomer.getByLabel('Wiederherstellungscode').fill(recovery)
	await newcomer.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(newcomer).toHaveURL(/\/office$/)
	await newcomer.getByRole('link', { name: 'Mein Konto' }).click()
	await expect(newcomer.getByText('Noch 9 Wiederherstellungscodes.')).toBeVisible()

	// The head locks the account: the next call of the other browser leads to the door.
	await page.reload()
	await expect(page.getByText('Angenommen')).toBeVisible()
	await page.getByRole('button', { name: 'Konto von Nele Neu ändern' }).click()
	await page.getByRole('dialog').getByRole('button', { name: 'Konto sperren' }).click()
	await expect(page.getByText('Das Konto von Nele Neu ist gesperrt.')).toBeVisible()
	await newcomer.goto('/office')
	await expect(newcomer).toHaveURL(/sign-in/)
})

test('a passkey takes the place of password and app', async ({ page, school, another }) => {
	test.slow() // two browsers
	await signIn(page, school.demo, 'head')
	await page.goto('/office/accounts')
	await page.getByRole('button', { name: 'Jemanden einladen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByLabel('Rolle').selectOption('Lehrkraft')
	await sheet.getByLabel('Name').fill('Nele Neu')
	await sheet.getByLabel('Dienstliche E-Mail-Adresse').fill('neu@demo.example')
	await sheet.getByRole('button', { name: 'Einladung erstellen' }).click()
	const link = (await page.locator('code').textContent())!

	const newcomer = await another()
	const { client, id } = await authenticator(newcomer)
	await newcomer.goto(link)
	await newcomer.getByLabel('Neues Passwort').fill('drei Löffel Zimt im Kakao')
	await newcomer.getByRole('button', { name: 'Passwort setzen und weiter' }).click()
	await expect(newcomer.getByRole('heading', { name: 'Am einfachsten: ein Passkey' })).toBeVisible()
	await expectAccessible(newcomer)
	await newcomer.getByRole('button', { name: 'Passkey einrichten' }).click()
	await expect(newcomer).toHaveURL(/\/classes$/)
	const { credentials } = await client.send('WebAuthn.getCredentials', { authenticatorId: id })
	expect(credentials).toHaveLength(1)

	await newcomer.getByRole('link', { name: 'Mein Konto' }).click()
	await expect(newcomer.getByText('1 Passkey ist eingerichtet.')).toBeVisible()
	// Else the page's suggestion would sign in by itself: nobody has to choose it from this authenticator.
	await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false })
	await newcomer.getByRole('button', { name: 'Abmelden' }).click()
	await newcomer.getByLabel('E-Mail-Adresse').fill('neu@demo.example')
	await newcomer.getByLabel('Passwort').fill('drei Löffel Zimt im Kakao')
	await newcomer.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(newcomer.getByLabel('Code aus Ihrer App'), 'a password alone opens nothing any more').toBeFocused()
	// From here on the page suggests nothing: it could sign in between the next two lines, and take the button along.
	await newcomer.addInitScript(() => (PublicKeyCredential.isConditionalMediationAvailable = async () => false))
	await client.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true })
	await newcomer.goto('/sign-in')
	await newcomer.getByRole('button', { name: 'Mit Passkey anmelden' }).click()
	await expect(newcomer).toHaveURL(/\/classes$/)
})

test('a session that has not proved itself lately is asked who sits there', async ({ page, school }) => {
	await signIn(page, school.demo, 'head')
	await page.goto('/office/accounts')
	// The eleventh minute, as the server would say it.
	let late = true
	await page.route('**/api/v1/accounts/*/role', (route) =>
		late
			? route.fulfill({
					status: 403,
					contentType: 'application/problem+json',
					body: JSON.stringify({ code: 'reauthentication_needed', status: 403 })
				})
			: route.continue()
	)
	await page.getByRole('button', { name: 'Konto von Selin Yılmaz ändern' }).click()
	const sheet = page.getByRole('dialog')
	await expectAccessible(page)
	await sheet.getByLabel('Rolle').selectOption('Sekretariat')
	await sheet.getByRole('button', { name: 'Rolle ändern' }).click()
	await expect(page.getByRole('heading', { name: 'Sind Sie es?' })).toBeVisible()
	await expectAccessible(page)
	const { password, totpSecret } = school.demo.accounts.head
	await page.getByLabel('Passwort').fill('falsch')
	await page.getByLabel('Code aus Ihrer App').fill('000000')
	await page.getByRole('button', { name: 'Bestätigen' }).click()
	await expect(page.getByText('E-Mail-Adresse oder Passwort stimmt nicht.')).toBeVisible()
	late = false
	await page.getByLabel('Passwort').fill(password)
	await page.getByLabel('Code aus Ihrer App').fill(await freshCode(totpSecret, school.demo.baseUrl))
	await page.getByRole('button', { name: 'Bestätigen' }).click()
	await expect(page.getByText('Selin Yılmaz hat jetzt die Rolle Sekretariat.')).toBeVisible()
})
