import type { Page } from '@playwright/test'
import { arrive, expect, expectAccessible, signIn, test, type Demo } from './fixtures'

type Who = 'nobody' | 'guardian' | 'teacher' | 'office' | 'head' | 'dpo'

/** Every screen that is reached by its address alone. */
const screens: Record<Who, (ids: Demo['ids']) => string[]> = {
	nobody: (ids) => [
		'/e',
		'/w',
		'/link',
		'/sign-in',
		'/invitation',
		'/verify',
		'/j',
		'/rights',
		`/text/${ids.school}`,
		'/gibt-es-nicht'
	],
	guardian: (ids) => ['/home', `/home/${ids.pupil}`, `/home/${ids.pupil}/change`, '/home/settings', '/devices'],
	teacher: (ids) => [
		'/classes',
		`/classes/${ids.class}`,
		'/meetings',
		`/meetings/${ids.meeting}`,
		'/contacts',
		'/account'
	],
	office: (ids) => [
		'/office',
		'/office/pupils',
		`/office/pupils/${ids.pupil}`,
		'/office/imports',
		'/office/letters',
		'/office/decisions'
	],
	head: () => [
		'/office/meetings',
		'/office/sanctions',
		'/office/distance',
		'/office/groups',
		'/office/staff',
		'/office/accounts',
		'/office/tokens'
	],
	dpo: (ids) => ['/office', `/office/pupils/${ids.pupil}`, '/office/evidence']
}

async function enter(page: Page, demo: Demo, who: Who): Promise<void> {
	if (who === 'guardian') await arrive(page, demo)
	else if (who !== 'nobody') await signIn(page, demo, who)
}

/** Waits until the screen has its heading, and no skeleton any more. */
async function settle(page: Page, path: string): Promise<void> {
	await page.goto(path)
	await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
	await expect(page.locator('.lines')).toHaveCount(0)
}

for (const who of Object.keys(screens) as Who[]) {
	test(`${who}: from right to left, in the dark`, async ({ page, school }) => {
		await enter(page, school.demo, who)
		await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
		await page.addInitScript(() => localStorage.setItem('language', 'ar'))
		for (const path of screens[who](school.demo.ids)) {
			await settle(page, path)
			await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
			await expectAccessible(page)
			// What stands first in a row stands at the right. A German text keeps its own direction.
			const mark = (await page.getByRole('banner').getByRole('link').first().boundingBox())!
			expect(mark.x + mark.width / 2, path).toBeGreaterThan(page.viewportSize()!.width / 2)
		}
	})

	test(`${who}: with text of twice the size`, async ({ page, school }) => {
		await enter(page, school.demo, who)
		for (const path of screens[who](school.demo.ids)) {
			await settle(page, path)
			await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))
			const tooWide = await page.evaluate(
				() => document.documentElement.scrollWidth - document.documentElement.clientWidth
			)
			expect(tooWide, `px that ${path} is too wide`).toBeLessThanOrEqual(0)
		}
	})
}
