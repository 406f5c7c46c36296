import { arrive, expect, expectAccessible, signIn, test } from './fixtures'

test('a wrong password is refused kindly', async ({ page, school }) => {
	await page.goto('/sign-in')
	await page.getByLabel('E-Mail-Adresse').fill(school.demo.accounts.teacher.email)
	await page.getByLabel('Passwort').fill('falsch-geraten-123')
	await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
	await expect(page.locator('form').getByRole('alert')).toContainText('Passwort')
	await expect(page).toHaveURL(/sign-in/)
})

test('from sign-in to the live roster in four taps', async ({ page, school }) => {
	await signIn(page, school.demo, 'teacher')
	await expect(page.getByRole('heading', { name: 'Meine Klassen' })).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('link', { name: /7b/ }).click()
	await expect(page.getByRole('heading', { name: 'Klasse 7b' })).toBeVisible()
	await expect(page.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' })).toContainText('Bild und Ton')
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Jetzt beginnen' }).click()
	await page.getByRole('dialog').getByRole('button', { name: 'Jetzt beginnen' }).click()
	await expect(page).toHaveURL(/\/meetings\//)
	await expect(page.getByText('Wird live aktualisiert')).toBeVisible()
	await expectAccessible(page)
})

test('a withdrawal told to one teacher reaches the open roster of another', async ({ page, school, another }) => {
	await signIn(page, school.demo, 'teacher')
	await page.goto(`/meetings/${school.demo.ids.meeting}`)
	await expect(page.getByText('Wird live aktualisiert')).toBeVisible()
	const card = page.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' })
	await expect(card).toContainText('Bild und Ton')

	const phone = await another()
	await signIn(phone, school.demo, 'teacher')
	await phone.goto(`/classes/${school.demo.ids.class}`)
	const told = phone.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' })
	await told.getByRole('button', { name: 'Widerruf entgegengenommen' }).click()
	const sheet = phone.getByRole('dialog')
	await sheet.getByRole('group', { name: 'Wer hat es Ihnen gesagt?' }).getByRole('radio').first().check()
	await sheet.getByRole('radio', { name: 'Nur das Bild, Ton bleibt' }).check()
	await sheet.getByRole('button', { name: 'Widerruf eintragen' }).click()
	await expect(phone.getByText('Ab jetzt: Nur Ton')).toBeVisible()

	await expect(card).toBeHidden() // below video, names fold into a count
	await page.getByRole('button', { name: 'Namen zeigen' }).click()
	const moved = page.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' })
	await expect(moved).toContainText('Nur Ton')
	await moved.getByRole('button', { name: 'Gesehen' }).click()
	await expect(moved.getByRole('button', { name: 'Gesehen' })).toBeHidden()
})

test('a lost line is unmistakable, and mends itself with a renewed session', async ({ page, school }) => {
	await signIn(page, school.demo, 'teacher')
	await page.goto(`/meetings/${school.demo.ids.meeting}`)
	await expect(page.getByText('Wird live aktualisiert')).toBeVisible()
	await school.stop()
	await expect(page.getByText('Verbindung verloren')).toBeVisible()
	await expect(page.getByText('Yusuf Al-Khatib')).toBeVisible()
	await page.context().clearCookies({ name: '__Host-einv_access' }) // it has run out meanwhile
	await school.restart()
	await expect(page.getByText('Wird live aktualisiert')).toBeVisible({
		timeout: 20_000
	})
})

test('X10: one tap or leaving the tab covers the roster, and paper holds names alone', async ({ page, school }) => {
	await signIn(page, school.demo, 'teacher')
	await page.goto(`/meetings/${school.demo.ids.meeting}`)
	await page.getByRole('button', { name: 'Bildschirm abdecken' }).click()
	await expect(page.getByText('Yusuf Al-Khatib')).toBeHidden()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Liste wieder zeigen' }).click()
	const yusuf = page.getByRole('listitem').filter({ hasText: 'Yusuf Al-Khatib' }).first()
	await expect(yusuf).toBeVisible()

	await page.evaluate(() => (window.print = () => undefined))
	const paper = page.locator('section.paper')
	for (const modes of [false, true]) {
		await page.getByRole('button', { name: 'Drucken' }).first().click()
		const sheet = page.getByRole('dialog')
		if (modes) await sheet.getByRole('checkbox').check()
		await sheet.getByRole('button', { name: 'Drucken' }).click()
		await expect(paper).toContainText('Al-Khatib, Yusuf')
		await expect(paper.getByText('Bild und Ton')).toHaveCount(modes ? 12 : 0)
	}

	await page.evaluate(() => {
		Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })
		document.dispatchEvent(new Event('visibilitychange'))
	})
	await expect(yusuf).toBeHidden()
	await expect(page.getByText('Die Liste ist abgedeckt')).toBeVisible()
})

test('a guardian has no business on a teacher’s page', async ({ page, school }) => {
	await arrive(page, school.demo)
	await page.goto('/classes')
	await expect(page).toHaveURL(/\/home/)
})
