import type { Page } from '@playwright/test'
import { startConference, type Conference } from './conference'
import { expect, expectAccessible, signIn, test, type Demo, type School } from './fixtures'

/** The school's own conference server, which its operator lets be called although it is in the own network. */
async function withConference(school: School): Promise<Conference> {
	const conference = await startConference()
	await school.stop()
	process.env.EINVERSTANDEN_PRIVATE_HOSTS = new URL(conference.url).host
	await school.restart()
	delete process.env.EINVERSTANDEN_PRIVATE_HOSTS
	return conference
}

async function setUp(head: Page, school: School, conference: Conference) {
	await signIn(head, school.demo, 'head')
	await head.goto('/office/staff')
	await head.getByRole('link', { name: 'Räume für Videokonferenzen' }).click()
	await head.getByLabel('Adresse des Servers').fill(conference.url)
	await head.getByLabel('Geheimnis').fill('falsch')
	await head.getByRole('button', { name: 'Server speichern' }).click()
	await head.getByRole('button', { name: 'Ausprobieren' }).click()
	await expect(head.getByText('Das Geheimnis passt nicht')).toBeVisible()
	await expectAccessible(head)
	await head.getByLabel('Geheimnis').fill(conference.secret)
	await head.getByRole('button', { name: 'Server speichern' }).click()
	await expect(head.getByLabel('Geheimnis')).toHaveValue('') // never shown again
	await head.getByRole('button', { name: 'Ausprobieren' }).click()
	await expect(head.getByText('Alles passt.')).toBeVisible()
}

/** The pupil comes in by its card, reads the rules and joins, past the screens: those have a test of their own. */
async function join(page: Page, demo: Demo) {
	const { cardLink, pupil, pin } = demo.accounts.pupil
	const headers = { 'X-App': '1', Origin: demo.baseUrl }
	const ask = async (path: string, data: object) => {
		const reply = await page.request.post(`/api/v1${path}`, {
			headers: { ...headers, 'Idempotency-Key': crypto.randomUUID() },
			data
		})
		expect(reply.ok(), await reply.text()).toBe(true)
		return reply
	}
	await ask('/session/pin', { key: new URL(cardLink).hash.slice(1), pupil, pin })
	const path = `/meetings/${demo.ids.meeting}`
	const rules = await (await page.request.get(`/api/v1${path}/rules`)).json()
	const answers = rules.questions.map((q: { id: string; right: string }) => ({ question: q.id, answer: q.right }))
	await ask(`${path}/acknowledgements`, { version: rules.version.id, answers })
	const { url } = await (await ask(`${path}/join`, {})).json()
	await page.goto(url)
}

/** The room that the tap opens, in a window of its own. */
async function opens(page: Page, tap: () => Promise<void>): Promise<Page> {
	const popup = page.waitForEvent('popup')
	await tap()
	return popup
}

// Journeys 4 and 8 of the product: the conference runs, and somebody withdraws.
test('a roster that meets reality: a room, who is in, and a withdrawal in the middle', async ({
	page,
	another,
	school
}) => {
	test.slow() // three browsers, and a server that is asked every five seconds
	const soon = { timeout: 20_000 }
	const conference = await withConference(school)
	await setUp(await another(), school, conference)

	await signIn(page, school.demo, 'teacher')
	await page.goto(`/meetings/${school.demo.ids.meeting}`)
	await expect(
		page.getByRole('button', { name: 'IServ-Raum öffnen' }).or(page.getByRole('link', { name: 'IServ-Raum öffnen' }))
	).toBeVisible()
	await page.getByRole('button', { name: 'Große Knöpfe' }).click() // for the hand that teaches with the other
	const cover = await page.getByRole('button', { name: 'Bildschirm abdecken' }).boundingBox()
	expect(cover!.height).toBeGreaterThanOrEqual(72)
	await page.getByText('Einlassliste für den Warteraum').click()
	const admitted = await page.locator('details ol li').allTextContents()
	expect(admitted, 'as the waiting room sorts them').toEqual(admitted.toSorted(new Intl.Collator('de').compare))
	expect(admitted).toContain('Al-Khatib, Yusuf')
	await page.getByText('So muss der Raum eingestellt sein').click()
	await expect(page.getByText('Der Warteraum ist eingeschaltet.')).toBeVisible()
	await expectAccessible(page)
	await page.getByRole('button', { name: 'Raum ändern' }).click()
	await page.getByRole('dialog').getByRole('radio', { name: 'Eigener Konferenzserver' }).check()
	await page.getByRole('dialog').getByRole('button', { name: 'Speichern' }).click()
	await expect(page.getByText('Der Raum ist zu.')).toBeVisible()

	// A server that talks nonsense: one sentence, and the roster goes on.
	await conference.play('fail garbage')
	const nowhere = await opens(page, () => page.getByRole('button', { name: 'Raum öffnen' }).click())
	await expect(page.getByText('Der Konferenzserver antwortet gerade nicht')).toBeVisible()
	await expect.poll(() => nowhere.isClosed()).toBe(true)
	await expect(page.getByText('Wird live aktualisiert')).toBeVisible()
	await conference.play('fail')
	const room = await opens(page, () => page.getByRole('button', { name: 'Raum öffnen' }).click())
	await expect(room.getByText('MODERATOR')).toBeVisible()
	await expect(page.getByText('Der Raum ist offen.')).toBeVisible()

	const pupil = await another()
	await join(pupil, school.demo)
	await expect(pupil.getByText('VIEWER')).toBeVisible()
	const inside = page.getByRole('main').getByRole('listitem').filter({ hasText: 'im Raum' })
	await expect(inside).toHaveCount(1, soon)
	await expectAccessible(page)
	await conference.play('stranger')
	await expect(page.getByText('Eine Person im Raum steht nicht auf der Liste.')).toBeVisible(soon)

	// The mother stands at the gate.
	const name = (await inside.locator('.name').textContent())!
	await inside.getByRole('button', { name: 'Widerruf entgegengenommen' }).click()
	const sheet = page.getByRole('dialog')
	await sheet.getByRole('group', { name: 'Wer hat es Ihnen gesagt?' }).getByRole('radio').first().check()
	await sheet.getByRole('radio', { name: 'Alles', exact: true }).check()
	await sheet.getByRole('button', { name: 'Widerruf eintragen' }).click()
	await page.keyboard.press('Escape')
	await expect(page.getByText('Ein Kind ist im Raum, das jetzt nicht dabei sein soll.')).toBeVisible()
	await expect(page.getByText(name)).toBeHidden() // no name without being asked
	await page.reload()
	await page.getByRole('button', { name: 'Namen zeigen' }).click()
	const card = page.getByRole('listitem').filter({ hasText: name })
	await expect(card).toContainText('noch im Raum')
	await card.getByRole('button', { name: 'Gesehen' }).click()
	await expect(card.getByRole('button', { name: 'Gesehen' })).toBeHidden()

	await page.getByRole('button', { name: 'Raum schließen und neu öffnen' }).first().click()
	const second = await opens(page, () =>
		page.getByRole('dialog').getByRole('button', { name: 'Ja, schließen und neu öffnen' }).click()
	)
	await expect(second.getByText('MODERATOR')).toBeVisible()
	await expect(page.getByText('Ein Kind ist im Raum')).toBeHidden(soon)
	await page.reload()
	await page.getByRole('button', { name: 'Namen zeigen' }).click()
	await expect(card).toBeVisible()
	await expect(card.getByRole('button', { name: 'Gesehen' })).toBeHidden() // the tap was kept
	await conference.play('record')
	await expect(page.getByText('Achtung: Der Server meldet eine Aufzeichnung.')).toBeVisible(soon)
	await conference.stop()
})
