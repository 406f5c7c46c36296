import type { Page } from '@playwright/test'
import { arrive, draw, expect, expectAccessible, scribble, signIn, test, type Demo } from './fixtures'

/** Opens the letter's link and enters the birth date. */
async function enter(page: Page, demo: Demo): Promise<void> {
	const { letterNo, secret, birthDate } = demo.accounts.guardian
	await page.goto(`/e#${letterNo}.${secret}`)
	await expect(page.getByText('Der Code aus Ihrem Brief ist da')).toBeVisible()
	await fillDate(page, birthDate)
	await page.getByRole('button', { name: 'Weiter' }).click()
}

async function fillDate(page: Page, date: string): Promise<void> {
	const [year, month, day] = date.split('-')
	await page.getByLabel('Tag').fill(day!)
	await page.getByLabel('Monat').fill(month!)
	await page.getByLabel('Jahr').fill(year!)
}

/** From home to the three answers. */
async function read(page: Page): Promise<void> {
	await page.goto('/home')
	await page.getByRole('link', { name: 'Lesen und antworten' }).first().click()
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Darf Ihr Kind')
	await page.getByRole('button', { name: 'Gelesen' }).click()
}

async function choose(page: Page, answer: string): Promise<void> {
	const relation = page.getByRole('radio', { name: 'gemeinsam' })
	await expect(page.getByRole('radio', { name: 'Ja, Bild und Ton' })).toBeVisible()
	if (await relation.isVisible()) await relation.check()
	await page.getByRole('radio', { name: answer }).check()
	await page.getByRole('button', { name: 'Weiter' }).click()
}

async function type(page: Page): Promise<void> {
	await page.getByRole('radio', { name: 'Namen tippen' }).check()
	await page.getByLabel('Ihr Vor- und Nachname').fill('Erika Muster')
	await page.getByRole('button', { name: 'Weiter' }).click()
}

const send = (page: Page) => page.getByRole('button', { name: 'Verbindlich absenden' })
/** The keys of all declarations that the page sends. */
function keysOf(page: Page): string[] {
	const keys: string[] = []
	page.on('request', (request) => {
		if (request.method() === 'POST' && request.url().endsWith('/decisions'))
			keys.push(request.headers()['idempotency-key']!)
	})
	return keys
}

/** What the server has kept of the decision whose receipt the page shows. */
async function kept(page: Page) {
	const id = new URL(page.url()).pathname.split('/').at(-1)
	return (await page.request.get(`/api/v1/receipts/${id}/summary`)).json()
}

test('the letter opens the door, and its code is nowhere to be seen', async ({ page, school }) => {
	await enter(page, school.demo)
	await expect(page.getByRole('heading', { name: 'Meine Kinder' })).toBeVisible()
	expect(page.url()).not.toContain(school.demo.accounts.guardian.secret)
	await expectAccessible(page)
})

test('a wrong birth date and a typo are told apart, each at its field', async ({ page, school }) => {
	const { letterNo, secret } = school.demo.accounts.guardian
	await page.goto('/e')
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByText('Die Nummer hat 8 Ziffern.')).toBeVisible()
	await page.getByLabel('Nummer').fill(letterNo)
	const last = secret.at(-1) === '7' ? '8' : '7'
	await page.getByLabel('Code').fill(secret.slice(0, -1) + last)
	await expect(page.getByText('Tippfehler')).toBeVisible()
	await page.getByLabel('Code').fill(secret)
	await fillDate(page, '2001-02-03')
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByRole('alert').filter({ hasText: 'Geburtsdatum' })).toBeVisible()
})

test('yes with a drawn signature, to the receipt', async ({ page, school, isMobile }) => {
	await arrive(page, school.demo)
	const keys = keysOf(page)
	await page.goto('/home')
	await page.getByRole('link', { name: 'Lesen und antworten' }).first().click()
	await page.getByText('Den ganzen Text lesen').click()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Gelesen' }).click()
	for (const radio of await page.getByRole('radio').all()) await expect(radio).not.toBeChecked()
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByText('Bitte wählen Sie eine der drei Antworten.')).toBeVisible()
	await expectAccessible(page)
	await choose(page, 'Ja, Bild und Ton')
	await page.getByRole('radio', { name: 'Unterschreiben' }).check()
	await page.getByRole('button', { name: 'Feld öffnen' }).click()
	const pad = page.getByLabel('Feld für die Unterschrift')
	await page.getByRole('button', { name: 'Fertig' }).click()
	await expect(page.getByText('Das ist noch zu kurz')).toBeVisible()
	await expectAccessible(page)
	if (isMobile) await draw(page, (await pad.boundingBox())!, scribble)
	else await drawWithMouse(page, (await pad.boundingBox())!)
	if (isMobile) {
		const { width, height } = page.viewportSize()!
		await page.setViewportSize({ width: height, height: width })
		await page.setViewportSize({ width, height })
	}
	await page.getByRole('button', { name: 'Fertig' }).click()
	await expect(page.getByRole('img', { name: 'Ihre Unterschrift' })).toBeVisible()
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expectAccessible(page)
	await send(page).dblclick()
	await expect(page.getByText('Danke. Ihre Antwort ist angekommen.')).toBeVisible()
	await expect(page.getByRole('img', { name: 'mit der Hand' })).toBeVisible()
	await expectAccessible(page)
	expect(new Set(keys).size, 'a double tap is one decision').toBe(1)
	const { signature, place } = await kept(page)
	expect(signature.kind).toBe('drawn')
	expect(signature.strokes.flat().length).toBeGreaterThan(30)
	expect(place, 'was left empty').toBeUndefined()
})

async function drawWithMouse(page: Page, box: { x: number; y: number; width: number; height: number }) {
	for (const [first, ...rest] of scribble) {
		await page.mouse.move(box.x + first![0] * box.width, box.y + first![1] * box.height)
		await page.mouse.down()
		for (const [x, y] of rest) await page.mouse.move(box.x + x * box.width, box.y + y * box.height)
		await page.mouse.up()
	}
}

/** Counts how often the page asks for the permission to send messages. */
async function countAsked(page: Page): Promise<() => Promise<number>> {
	await page.addInitScript(() => {
		let asked = 0
		Object.defineProperty(Notification, 'permission', { get: () => 'default' })
		Notification.requestPermission = async () => ((asked += 1), 'denied')
		Object.assign(globalThis, { asked: () => asked })
	})
	return () => page.evaluate(() => (globalThis as unknown as { asked: () => number }).asked())
}

test('no is as easy as yes and needs no signature', async ({ page, school }) => {
	const asked = await countAsked(page)
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Nein')
	await send(page).click()
	await expect(page.getByText('Danke. Ihre Antwort ist angekommen.')).toBeVisible()
	expect((await kept(page)).signature).toBeUndefined()
	await page.getByRole('button', { name: 'So lassen' }).click()
	await expect(page.getByRole('heading', { name: 'Beleg auf dieses Gerät?' })).toBeVisible()
	expect(await asked(), 'nobody is asked before the tap').toBe(0)
	await page.getByRole('button', { name: 'Ja, Nachrichten einschalten' }).click()
	await expect(page.getByText('Ihr Browser lässt keine Nachrichten zu.')).toBeVisible()
	expect(await asked()).toBe(1)
	await page.goto('/home')
	await expect(page.getByText('Sie haben Nein gesagt.')).toBeVisible()
	await expect(page.getByText('Auf anderem Weg', { exact: true })).toBeVisible()
})

test("back and reload lose nothing but the signature's drawing", async ({ page, school }) => {
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Ja, nur Ton')
	await page.getByLabel('Ort').fill('Musterstadt')
	await page.getByRole('button', { name: 'Zurück' }).click()
	await expect(page.getByRole('radio', { name: 'Ja, nur Ton' })).toBeChecked()
	await page.reload()
	await page.getByRole('button', { name: 'Gelesen' }).click()
	await expect(page.getByRole('radio', { name: 'Ja, nur Ton' })).toBeChecked()
	await page.getByRole('button', { name: 'Weiter' }).click()
	await expect(page.getByLabel('Ort')).toHaveValue('Musterstadt')
})

test('lowering takes two taps and reaches the open roster', async ({ page, school, another }) => {
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Ja, Bild und Ton')
	await type(page)
	await send(page).click()
	await expect(page.getByText('Danke')).toBeVisible()
	const name = (await page.getByText('Kind', { exact: true }).locator('+ dd').innerText()).split(',')[0]!.trim()

	const teacher = await another()
	await signIn(teacher, school.demo, 'teacher')
	await teacher.goto(`/meetings/${school.demo.ids.meeting}`)
	const card = teacher.getByRole('listitem').filter({ hasText: name })
	await expect(card).toContainText('Bild und Ton')

	await page.goto('/home')
	await page.getByRole('link', { name: 'Antwort ändern' }).click()
	await expectAccessible(page)
	await page.getByRole('radio', { name: 'Ja, nur Ton' }).check()
	await page.getByRole('button', { name: 'Widerruf bestätigen' }).click()
	await expect(page.getByText('Ihr Widerruf ist angekommen')).toBeVisible()
	await expect(card).toBeHidden() // folded: below video no names
	await teacher.getByRole('button', { name: 'Namen zeigen' }).click()
	await expect(card).toContainText('Nur Ton')
})

test('raising leads through text and signature', async ({ page, school }) => {
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Nein')
	await send(page).click()
	await expect(page.getByText('Danke')).toBeVisible()
	await page.goto('/home')
	await page.getByRole('link', { name: 'Antwort ändern' }).click()
	await page.getByRole('radio', { name: 'Ja, Bild und Ton' }).check()
	await page.getByRole('link', { name: 'Weiter zum Text' }).click()
	await page.getByRole('button', { name: 'Gelesen' }).click()
	await expect(page.getByRole('radio', { name: 'Ja, Bild und Ton' })).toBeChecked()
	await choose(page, 'Ja, Bild und Ton')
	await type(page)
	await send(page).click()
	await expect(page.getByText('Danke')).toBeVisible()
})

test('without a net the answer waits on the device, and is sent once', async ({ page, school }) => {
	await arrive(page, school.demo)
	const keys = keysOf(page)
	await read(page)
	await choose(page, 'Nein')
	await page.context().setOffline(true)
	await send(page).click()
	await expect(page.getByRole('heading', { name: 'Noch nicht gesendet' })).toBeVisible()
	await expectAccessible(page)
	await page.context().setOffline(false)
	await expect(page.getByText('Danke. Ihre Antwort ist angekommen.')).toBeVisible()
	expect(new Set(keys).size).toBe(1)
})

test('a second tab that answered meanwhile is told, and asked again', async ({ page, school }) => {
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Ja, Bild und Ton')
	await type(page)
	const other = await page.context().newPage()
	await read(other)
	await choose(other, 'Nein')
	await send(other).click()
	await expect(other.getByText('Danke')).toBeVisible()
	await send(page).click()
	await expect(page.getByText('Es gibt schon eine neuere Antwort von Ihnen')).toBeVisible()
})

test('the text can be read without a code', async ({ page, school }) => {
	await page.goto(`/text/${school.demo.ids.school}`)
	await expect(page.getByRole('heading', { level: 1 })).toContainText('Einwilligung')
	await page.getByText('Den ganzen Text lesen').click()
	await expectAccessible(page)
})

test('the receipts of all answers are in the settings', async ({ page, school }) => {
	await arrive(page, school.demo)
	await read(page)
	await choose(page, 'Nein')
	await send(page).click()
	await expect(page.getByText('Danke')).toBeVisible()
	await page.goto('/home/settings')
	await page.getByRole('link', { name: 'Beleg ansehen' }).first().click()
	await expect(page.getByRole('heading', { name: 'Beleg', level: 1 })).toBeVisible()
	await page.goto('/home/settings')
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Abmelden' }).last().click()
	await expect(page).toHaveURL(/\/e$/)
	await page.goto('/home')
	await expect(page).toHaveURL(/\/e$/)
})
