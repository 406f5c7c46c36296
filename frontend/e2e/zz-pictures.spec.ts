import type { Page } from '@playwright/test'
import { signIn, test, type Demo } from './fixtures'
import { comeIn } from './pupil'

const out = '/tmp/h/confpics/'
async function shots(page: Page, name: string, path?: string) {
	if (path) await page.goto(path)
	await page.waitForTimeout(500)
	for (const [size, width, height] of [
		['p', 820, 1180],
		['l', 1180, 820]
	] as const) {
		await page.setViewportSize({ width, height })
		await page.waitForTimeout(150)
		await page.screenshot({ path: `${out}${name}-${size}.png`, fullPage: true })
	}
}
const ar = (page: Page) => page.evaluate(() => localStorage.setItem('language', 'ar'))

test('pics teacher', async ({ page, school, another }) => {
	test.setTimeout(120000)
	const { demo } = school
	await signIn(page, demo, 'teacher')
	const pupil = await another()
	await comeIn(pupil, demo)
	await shots(page, 't-classes', '/classes')
	await shots(page, 't-class', `/classes/${demo.ids.class}`)
	await page.getByRole('button', { name: 'Vertretung übernehmen' }).click()
	await shots(page, 't-substitute')
	await shots(page, 't-meetings', '/meetings')
	await page.getByRole('button', { name: 'Konferenz planen' }).click()
	await shots(page, 't-plan')
	await shots(page, 't-roster', `/meetings/${demo.ids.meeting}`)
	await page.getByRole('button', { name: 'Namen zeigen' }).click()
	await shots(page, 't-roster-names')
	await page.getByRole('button', { name: 'Große Knöpfe' }).click()
	await shots(page, 't-roster-big')
	await page.getByRole('button', { name: 'Kontakte zeigen' }).click()
	await page.getByRole('button', { name: 'Wer fehlt?' }).click()
	await shots(page, 't-absent')
	await page
		.getByRole('dialog')
		.getByRole('button', { name: /^Fehlt/ })
		.first()
		.click()
	await page.getByRole('dialog').getByRole('button', { name: 'Schließen' }).last().click()
	await shots(page, 't-absent-after')
	await page.getByRole('button', { name: 'Bildschirm abdecken' }).click()
	await shots(page, 't-covered')
	await shots(page, 't-contacts', '/contacts')
	await page.emulateMedia({ colorScheme: 'dark' })
	await shots(page, 't-roster-dark', `/meetings/${demo.ids.meeting}`)
	await shots(page, 't-class-dark', `/classes/${demo.ids.class}`)
})

test('pics pupil', async ({ page, school }) => {
	test.setTimeout(120000)
	const { demo } = school
	await comeIn(page, demo)
	for (const language of ['de', 'ar']) {
		await page.evaluate((l) => localStorage.setItem('language', l), language)
		await page.emulateMedia({ colorScheme: language === 'ar' ? 'dark' : 'light' })
		await shots(page, `p-day-${language}`, '/pupil')
		await shots(page, `p-rules-${language}`, `/pupil/${demo.ids.meeting}`)
		for (const code of ['too_early', 'mode_none', 'link_used', 'meeting_cancelled', 'room_not_ready'])
			await shots(page, `p-j-${code}-${language}`, `/j#code=${code}&meeting=${demo.ids.meeting}&x=${language}`)
	}
	await page.evaluate(() => localStorage.setItem('language', 'de'))
	await page.emulateMedia({ colorScheme: 'light' })
	await page.goto(`/pupil/${demo.ids.meeting}`)
	for (let i = 1; i <= 6; i++) {
		await page.getByText(`Regel ${i} von 6`).waitFor()
		if (i > 1) await shots(page, `p-rules-${i}`)
		await page.getByRole('button', { name: 'Verstanden' }).click()
	}
	await shots(page, 'p-question')
	const { questions } = await (await page.request.get(`/api/v1/meetings/${demo.ids.meeting}/rules`)).json()
	for (const [i, q] of questions.entries()) {
		const wrong = q.answers.find((a: { id: string }) => a.id !== q.right)
		const right = q.answers.find((a: { id: string }) => a.id === q.right)
		if (i === 0) {
			await page.getByRole('button', { name: wrong.text, exact: true }).click()
			await shots(page, `p-wrong-${i}`)
			await page.getByRole('button', { name: 'Noch einmal' }).click()
		}
		await page.getByRole('button', { name: right.text, exact: true }).click()
		await shots(page, `p-right-${i}`)
		await page.getByRole('button', { name: 'Weiter', exact: true }).click()
	}
	await shots(page, 'p-door')
	await page.getByRole('button', { name: 'Heute nur Ton' }).click()
	await shots(page, 'p-door-audio')
	await page.evaluate(() => localStorage.setItem('language', 'ar'))
	await page.emulateMedia({ colorScheme: 'dark' })
	await shots(page, 'p-door-audio-ar', `/pupil/${demo.ids.meeting}`)
})

test('pics head', async ({ page, school, another }) => {
	test.setTimeout(120000)
	const { demo } = school
	const teacher = await another()
	await signIn(teacher, demo, 'teacher')
	const post = async (who: Page, path: string, data: object) => {
		const reply = await who.request.post(`/api/v1${path}`, {
			headers: { 'X-App': '1', Origin: demo.baseUrl, 'Idempotency-Key': crypto.randomUUID() },
			data
		})
		if (!reply.ok()) console.log(path, await reply.text())
		return reply.json()
	}
	const today = new Date().toISOString().slice(0, 10)
	const roster = await (await teacher.request.get(`/api/v1/meetings/${demo.ids.meeting}/roster`)).json()
	for (const row of roster.rows.slice(0, 3))
		await post(teacher, '/breaches', {
			meetingId: demo.ids.meeting,
			pupilId: row.pupil,
			ruleKey: 'NO_RECORDING',
			heard: ['pupil'],
			notedOn: today
		})
	await signIn(page, demo, 'head')
	const { items } = await (await page.request.get('/api/v1/breaches')).json()
	await post(page, `/breaches/${items[0].id}/decision`, {
		kind: 'formal',
		measure: 'audio_only',
		heard: ['pupil', 'parents'],
		notedOn: today,
		from: today,
		until: new Date(Date.now() + 7 * 864e5).toISOString().slice(0, 10)
	})
	await shots(page, 'h-office', '/office')
	await shots(page, 'h-sanctions', '/office/sanctions')
	await page
		.getByRole('button', { name: /entscheiden/i })
		.first()
		.click()
	await shots(page, 'h-decide')
	await shots(page, 'h-meetings', '/office/meetings')
	await shots(page, 'h-week', '/meetings')
	await shots(page, 'h-distance', '/office/distance')
	await shots(page, 'h-rooms', '/office/rooms')
	await shots(page, 'h-groups', '/office/groups')
	await page.emulateMedia({ colorScheme: 'dark' })
	await shots(page, 'h-sanctions-dark', '/office/sanctions')
	await page.setViewportSize({ width: 360, height: 740 })
	await page.waitForTimeout(300)
	await page.screenshot({ path: out + 'h-phone.png' })
	await page.getByRole('button', { name: 'Menü' }).click()
	await page.waitForTimeout(300)
	await page.screenshot({ path: out + 'h-phone-menu.png' })
})
