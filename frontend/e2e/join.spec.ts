import type { Page } from '@playwright/test'
import { expect, expectAccessible, signIn, test, type Demo } from './fixtures'
import { comeIn } from './pupil'

/** The demo's rooms lie on a host that does not exist: stands in for them, and notes where addresses lead. */
async function standIn(page: Page): Promise<{ address: string; room: string | undefined }[]> {
	const followed: { address: string; room: string | undefined }[] = []
	await page.route('**/j/*', async (route) => {
		const response = await route.fetch({ maxRedirects: 0 })
		const room = response.headers().location
		followed.push({ address: route.request().url(), room })
		if (!room?.startsWith('https://')) return route.fallback() // a refusal uses nothing up
		return route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Raum</title><h1>Im Raum</h1>' })
	})
	return followed
}

/** A guardian tells the teacher at the gate; the pupil's page hears of it when it looks again. */
async function withdraw(teacher: Page, demo: Demo, extent: 'all'): Promise<void> {
	const pupil = `/api/v1/pupils/${demo.accounts.pupil.pupil}`
	const { items } = await (await teacher.request.get(`${pupil}/people`)).json()
	const reply = await teacher.request.post(`${pupil}/received-withdrawals`, {
		headers: { 'X-App': '1', Origin: demo.baseUrl, 'Idempotency-Key': extent },
		data: { extent, from: items[0].from }
	})
	expect(reply.ok(), await reply.text()).toBe(true)
}

/** Chooses a language, also one that is not offered yet. */
async function speak(page: Page, language: string): Promise<void> {
	await page.evaluate((tag) => localStorage.setItem('language', tag), language)
	await page.reload()
}

/** The answers that the server would call right, and one that it would not. */
async function answersOf(page: Page, demo: Demo): Promise<{ right: string; wrong: string }[]> {
	const reply = await page.request.get(`/api/v1/meetings/${demo.ids.meeting}/rules`)
	const { questions } = await reply.json()
	return questions.map((q: { right: string; answers: { id: string; text: string }[] }) => ({
		right: q.answers.find((answer) => answer.id === q.right)!.text,
		wrong: q.answers.find((answer) => answer.id !== q.right)!.text
	}))
}

// Journey 7 of the product.
test('a pupil reads the rules once, joins, limits itself, and is called when it may not', async ({
	page,
	another,
	school
}) => {
	const { demo } = school
	const followed = await standIn(page)
	const teacher = await another()
	await signIn(teacher, demo, 'teacher')
	await teacher.goto(`/meetings/${demo.ids.meeting}`)
	const card = teacher.getByRole('main').getByRole('listitem').filter({ hasText: 'Regeln gelesen' })
	await comeIn(page, demo)

	// The first time: six cards, two questions, of which the first is answered wrong.
	await page.getByRole('link', { name: 'Hereinkommen' }).click()
	await expect(page.getByText('Regel 1 von 6')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Українська' }).click()
	await expect(page.getByRole('heading', { name: 'Приходь вчасно' })).toBeVisible()
	await page.getByRole('button', { name: 'Deutsch', exact: true }).click()
	for (let i = 1; i <= 6; i++) {
		await expect(page.getByText(`Regel ${i} von 6`)).toBeVisible()
		await page.getByRole('button', { name: 'Verstanden' }).click()
	}
	const [first, second] = await answersOf(page, demo)
	await page.getByRole('button', { name: first!.wrong, exact: true }).click()
	await expect(page.getByText('Fast! Überleg noch einmal.')).toBeVisible()
	await page.getByRole('button', { name: 'Noch einmal' }).click()
	await page.getByRole('button', { name: first!.right, exact: true }).click()
	await page.getByRole('button', { name: 'Weiter', exact: true }).click()
	await page.getByRole('button', { name: second!.right, exact: true }).click()
	await page.getByRole('button', { name: 'Weiter', exact: true }).click()

	// The door: one line, three ways.
	await expect(page.getByText('Ich halte mich an unsere Regeln.')).toBeVisible()
	await expect(card).toBeVisible()
	await page.getByRole('button', { name: 'Heute nur Ton' }).click()
	await expect(page.getByRole('heading', { name: 'So bleibt deine Kamera aus' })).toBeVisible()
	await expect(card, 'names below video fold into a count').toBeHidden()
	await expectAccessible(page)
	await page.emulateMedia({ colorScheme: 'dark' })
	await speak(page, 'ar')
	await expect(page.locator('html')).toHaveAttribute('dir', 'rtl')
	await expectAccessible(page)
	await speak(page, 'de')
	await page.emulateMedia({ colorScheme: 'light' })
	await page.getByRole('button', { name: 'Doch wieder anders' }).click()
	await expect(page.getByRole('heading', { name: 'So bleibt deine Kamera aus' })).toBeHidden()
	await page.getByRole('button', { name: 'Heute möchte ich nicht' }).click()
	await expect(page.getByText('Du hast gesagt: Heute möchte ich nicht.')).toBeVisible()
	await page.getByRole('button', { name: 'Doch wieder anders' }).click()

	await expect(card).toBeVisible()
	await page.getByRole('button', { name: 'Beitreten' }).click()
	await expect(page.getByRole('heading', { name: 'Im Raum' })).toBeVisible()
	expect(followed[0]!.room).toBe('https://iserv.demo.example/iserv/videoconference/klasse-7b')

	// Once used, the address leads nowhere any more; a new tap does, without cards.
	await page.goto(followed[0]!.address)
	await expect(page.getByRole('heading', { name: 'Tippe noch einmal auf „Beitreten“' })).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('link', { name: 'Noch einmal' }).click()
	await page.getByRole('button', { name: 'Beitreten' }).click()
	await expect(page.getByRole('heading', { name: 'Im Raum' })).toBeVisible()

	await withdraw(teacher, demo, 'all')
	await page.goto(`/pupil/${demo.ids.meeting}`)
	await expect(page.getByRole('heading', { name: 'Selin Yılmaz ruft dich heute an.' })).toBeVisible()
	await expect(page.getByRole('button', { name: 'Beitreten' })).toBeHidden()
	await expectAccessible(page)

	// Every other way in which an address leads nowhere has its own page.
	for (const [code, title] of [
		['link_not_yours', 'Dieser Weg ist für jemand anderen'],
		['link_expired', 'Tippe noch einmal auf „Beitreten“'],
		['meeting_over', 'Schon vorbei'],
		['meeting_cancelled', 'Fällt heute aus'],
		['room_not_ready', 'Der Raum ist noch nicht da'],
		['mode_none', 'Selin Yılmaz ruft dich heute an.']
	]) {
		await page.goto('about:blank') // another # alone would load nothing
		await page.goto(`/j#code=${code}&meeting=${demo.ids.meeting}`)
		await expect(page.getByRole('heading', { level: 1 })).toHaveText(title!)
	}
})
