import { arrive, expect, expectAccessible, signIn, test } from './fixtures'
import type { Page } from '@playwright/test'

/** Says yes to picture and sound with a typed name, up to the receipt. */
async function sayYes(page: Page): Promise<void> {
	await page.goto('/home')
	await page.getByRole('link', { name: 'Lesen und antworten' }).first().click()
	await page.getByRole('button', { name: 'Gelesen' }).click()
	await page.getByRole('radio', { name: 'Ja, Bild und Ton' }).check()
	const relation = page.getByRole('radio', { name: 'gemeinsam' })
	if (await relation.isVisible()) await relation.check()
	await page.getByRole('button', { name: 'Weiter' }).click()
	await page.getByRole('radio', { name: 'Namen tippen' }).check()
	await page.getByLabel('Ihr Vor- und Nachname').fill('Erika Muster')
	await page.getByRole('button', { name: 'Weiter' }).click()
	await page.getByRole('button', { name: 'Verbindlich absenden' }).click()
	await expect(page.getByText('Danke. Ihre Antwort ist angekommen.')).toBeVisible()
}

test('the code of the receipt lowers in a foreign browser, and the teacher’s roster changes', async ({
	page,
	another,
	school
}) => {
	await arrive(page, school.demo)
	await sayYes(page)
	await expect(page.getByRole('img', { name: 'QR-Code zum Widerrufen' })).toBeVisible()
	await expectAccessible(page)
	const link = (await page.getByRole('link', { name: 'Link zum Widerrufen' }).getAttribute('href'))!
	const secret = link.split('.').at(-1)!

	const teacher = await another()
	await signIn(teacher, school.demo, 'teacher')
	await teacher.goto(`/meetings/${school.demo.ids.meeting}`)
	await expect(teacher.getByText('Wird live aktualisiert')).toBeVisible()
	const video = teacher.locator('[data-mode="video"]')
	const before = await video.count()

	const stranger = await another()
	await stranger.goto(link)
	await expect(stranger.getByText('Das Kind nimmt heute mit Bild und Ton teil.')).toBeVisible()
	expect(stranger.url(), 'the address bar forgets the key').not.toContain(secret)
	await expectAccessible(stranger)
	await stranger.getByRole('button', { name: 'Nur Ton' }).click()
	await expect(stranger.getByRole('heading', { name: 'nur noch Ton?' })).toBeFocused()
	await stranger.getByRole('button', { name: 'Nichts ändern' }).click()
	await stranger.getByRole('button', { name: 'Ganz widerrufen' }).click()
	await expectAccessible(stranger)
	await stranger.getByRole('button', { name: 'Ja, ganz widerrufen' }).dblclick()
	await expect(stranger.getByText('Das gilt ab sofort.')).toBeVisible()
	await expect(stranger.getByText('Auf anderem Weg', { exact: true })).toBeVisible()
	await expect(stranger.getByRole('button', { name: 'Ganz widerrufen' })).toHaveCount(0)
	await expectAccessible(stranger)

	await expect(video).toHaveCount(before - 1)
	await page.goto('/home')
	await expect(page.getByText('Auf anderem Weg', { exact: true })).toBeVisible()
})

test('a code that is none says so, in the language that is chosen', async ({ page, school }) => {
	await page.goto(`/w#${school.demo.ids.school}.${school.demo.ids.pupil}.AAAAAAAAAAAAAAAAAAAAAA`)
	await expect(page.getByText('Dieser Code gilt nicht')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Türkçe' }).click()
	await expect(page.getByText('Bu kod geçerli değil')).toBeVisible()
	await page.goto('/w')
	await expect(page.getByText('geri alma kodunu yeniden okutun')).toBeVisible()
})
