import type { Page } from '@playwright/test'
import { expect, type Demo } from './fixtures'

/** What the pictures are called to who cannot see them. */
const german: Record<string, string> = {
	sun: 'Sonne',
	moon: 'Mond',
	star: 'Stern',
	tree: 'Baum',
	flower: 'Blume',
	fish: 'Fisch',
	bird: 'Vogel',
	house: 'Haus',
	car: 'Auto',
	boat: 'Boot',
	umbrella: 'Schirm',
	apple: 'Apfel'
}

/** The picture PIN, tapped in its order. */
export async function tapPictures(page: Page, pin: string[]): Promise<void> {
	for (const picture of pin) await page.getByRole('button', { name: german[picture]!, exact: true }).click()
}

/** The card's way in, up to the own page. */
export async function comeIn(page: Page, demo: Demo): Promise<void> {
	await page.goto(demo.accounts.pupil.cardLink)
	await expect(page.getByRole('heading', { name: /^Hallo / })).toBeVisible()
	await tapPictures(page, demo.accounts.pupil.pin)
	await expect(page).toHaveURL(/\/pupil$/)
}
