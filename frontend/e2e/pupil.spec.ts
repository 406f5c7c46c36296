import { arrive, expect, expectAccessible, signIn, test } from './fixtures'
import { comeIn, tapPictures } from './pupil'

test('a pupil comes in by card and four pictures, sees its own day, and is done', async ({ page, school }) => {
	const { cardLink, pin } = school.demo.accounts.pupil
	await page.goto(cardLink)
	await expect(page.getByRole('heading', { name: /^Hallo \S+ \S\.!$/ })).toBeVisible()
	expect(page.url(), 'the address bar forgets the key').not.toContain(cardLink.split('.').at(-1)!)
	await expectAccessible(page)
	await tapPictures(page, pin)

	await expect(page).toHaveURL(/\/pupil$/)
	await expect(page.getByRole('heading', { name: /^Hallo / })).toBeVisible()
	await expect(page.getByRole('heading', { name: 'Mathematik' })).toBeVisible()
	await expect(page.getByText('Jetzt gerade')).toBeVisible()
	await expectAccessible(page)

	// Nothing of a guardian's is behind any address.
	await page.goto('/home')
	await expect(page).toHaveURL(/\/pupil$/)

	await page.getByRole('button', { name: 'Ich bin fertig' }).click()
	await expect(page.getByRole('heading', { name: 'Scanne deine Karte' })).toBeVisible()
	await expectAccessible(page)
	await page.goto('/pupil')
	await expect(page.getByRole('heading', { name: 'Scanne deine Karte' })).toBeVisible()
})

test('five wrong PINs make the device wait, and say so kindly', async ({ page, school }) => {
	const { cardLink, pin } = school.demo.accounts.pupil
	await page.clock.install()
	await page.goto(cardLink)
	for (let i = 0; i < 5; i++) {
		await tapPictures(page, pin.toReversed())
		await expect(page.getByText('Das waren andere Bilder')).toBeVisible()
	}
	await expect(page.getByText(/Noch \d+ Sekunden/)).toBeVisible()
	await expectAccessible(page)
	const picture = page.getByRole('button', { name: 'Sonne' })
	await expect(picture).toHaveAttribute('aria-disabled', 'true')
	await page.clock.fastForward('00:31')
	await expect(page.getByText('Jetzt darfst du es noch einmal versuchen.')).toBeAttached()
	await expect(picture).toHaveAttribute('aria-disabled', 'false')
})

test('the class link shows tiles while it is open, and the next child finds its tile', async ({ page, school }) => {
	const { classLink, pin } = school.demo.accounts.pupil
	await page.goto(classLink)
	await expect(page.getByRole('heading', { name: 'Wer bist du?' })).toBeVisible()
	const tiles = page.getByRole('main').getByRole('listitem').getByRole('button')
	const names = await tiles.allTextContents()
	expect(names.filter((name) => !/^.+ \S\.$/.test(name))).toEqual([])
	await expectAccessible(page)

	// The demo's card is that of the first in the class.
	await tiles.first().click()
	await expect(page.getByRole('heading', { name: `Hallo ${names[0]}!` })).toBeFocused()
	await page.getByRole('button', { name: 'Das bin ich nicht' }).click()
	await tiles.first().click()
	await tapPictures(page, pin)
	await expect(page).toHaveURL(/\/pupil$/)
	await page.getByRole('button', { name: 'Ich bin fertig' }).click()
	await expect(page.getByRole('heading', { name: 'Wer bist du?' })).toBeVisible()
})

test('the teacher gives a child a new card, and the old one is void', async ({ page, another, school }) => {
	const teacher = await another()
	await signIn(teacher, school.demo, 'teacher')
	await teacher.goto(`/classes/${school.demo.ids.class}`)
	await teacher.getByRole('link', { name: 'Karten und Klassenlink' }).click()
	await expect(teacher.getByRole('heading', { name: 'Karten der Klasse 7b' })).toBeVisible()
	await expect(teacher.getByText('Alle Kinder haben eine Karte.')).toBeVisible()
	await expectAccessible(teacher)
	await comeIn(page, school.demo)

	await teacher.getByRole('button', { name: 'Klassenlink jetzt öffnen' }).click()
	await expect(teacher.getByText(/Offen bis/)).toBeVisible()
	await teacher
		.getByRole('button', { name: /^Neue Karte für/ })
		.first()
		.click()
	await expect(teacher.getByText('Eine Karte ist fertig')).toBeVisible()
	await teacher.getByRole('button', { name: 'Neuen Link machen' }).click()
	await expect(teacher.getByRole('img', { name: 'QR-Code des Klassenlinks' })).toBeVisible()
	await expectAccessible(teacher)

	const child = await another()
	await child.goto(school.demo.accounts.pupil.cardLink)
	await expect(child.getByText('Diese Karte gilt nicht mehr')).toBeVisible()
	await expectAccessible(child)
})

test('a guardian opens for the child on another device', async ({ page, another, school }) => {
	await arrive(page, school.demo)
	await page.goto('/home')
	await page.getByRole('link', { name: 'Für mein Kind öffnen' }).first().click()
	await expect(page.getByText('Ohne Passkey kämen Sie hier nicht zurück.', { exact: false })).toBeVisible()
	await page.getByRole('button', { name: 'Code zeigen' }).click()
	await expect(page.getByRole('img', { name: 'QR-Code für das Gerät Ihres Kindes' })).toBeVisible()
	await expectAccessible(page)
	const code = (await page.locator('.code').textContent())!

	const child = await another()
	await child.goto('/p')
	await child.getByText('Ich habe einen Code von meinen Eltern').click()
	await child.getByLabel('Code', { exact: true }).fill(code)
	await child.getByRole('button', { name: 'Hereinkommen' }).click()
	await expect(child).toHaveURL(/\/pupil$/)
	await expectAccessible(child)
	await page.goto('/home')
	await expect(page.getByRole('link', { name: 'Für mein Kind öffnen' }).first()).toBeVisible()
})
