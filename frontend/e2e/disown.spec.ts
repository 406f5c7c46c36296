import type { Page } from '@playwright/test'
import { expect, expectAccessible, signIn, test, type Demo } from './fixtures'

/** Opens the letter's link and enters the birth date. */
async function enter(page: Page, demo: Demo): Promise<void> {
	const { letterNo, secret, birthDate } = demo.accounts.guardian
	const [year, month, day] = birthDate.split('-')
	await page.goto(`/e#${letterNo}.${secret}`)
	await page.getByLabel('Tag').fill(day!)
	await page.getByLabel('Monat').fill(month!)
	await page.getByLabel('Jahr').fill(year!)
	await page.getByRole('button', { name: 'Weiter' }).click()
}

test('“Das war ich nicht” puts out whoever used the letter, and the office finds it in its list', async ({
	page,
	another,
	school
}) => {
	const thief = await another()
	await enter(thief, school.demo)
	await expect(thief.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()

	await enter(page, school.demo)
	await expect(page.getByText('Dieser Brief wurde schon benutzt')).toBeVisible()
	await page.getByRole('button', { name: 'Das war ich nicht' }).click()
	await expect(page.getByText('Die Schule erfährt es sofort.')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Ja, das war ich nicht' }).click()
	await expect(page.getByText('Der Brief ist gesperrt')).toBeVisible()
	await expectAccessible(page)

	await thief.reload()
	await expect(thief).toHaveURL(/\/e/)

	const office = await another()
	await signIn(office, school.demo, 'office')
	await office.getByRole('link', { name: '1 Brief, den jemand anders benutzt hat' }).click()
	await expect(office.getByText('„Das war ich nicht“ am')).toBeVisible()
	await expect(office.getByText('1 Brief', { exact: true })).toBeVisible()
	await expectAccessible(office)
})
