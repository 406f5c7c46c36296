import { describe, expect, it } from 'vitest'
import { pathOf, read } from './push'

const origin = 'https://einverstanden.schule.example'
const message = {
	web_push: 8030,
	app_badge: '2',
	notification: {
		title: 'Einverstanden',
		body: 'هناك موافقة بانتظاركم.',
		navigate: `${origin}/o/7c1e`,
		lang: 'ar',
		dir: 'rtl',
		tag: 'a'.repeat(32)
	},
	proof: 'school.secret'
}

describe('a push message', () => {
	it('is read as the server writes it', () => {
		expect(read(JSON.stringify(message), origin, 'de')).toMatchObject({
			title: 'Einverstanden',
			options: {
				body: message.notification.body,
				lang: 'ar',
				dir: 'rtl',
				tag: 'a'.repeat(32),
				data: { path: '/o/7c1e' }
			},
			badge: 2,
			proof: 'school.secret'
		})
	})

	it('shows something whatever it holds', () => {
		for (const text of [
			undefined,
			'',
			'{',
			'null',
			'[]',
			'"x"',
			'{"notification":7}',
			'{"notification":{"title":""}}'
		]) {
			const { title, options, badge, proof } = read(text, origin, 'tr-TR')
			expect([title, options.body, options.data.path, badge, proof], String(text)).toEqual([
				'Einverstanden',
				'Sizin için yeni bir mesaj var.',
				'/',
				undefined,
				undefined
			])
		}
		expect(read('', origin, 'xx').options.body).toBe('Es gibt eine neue Nachricht für Sie.')
		expect(read('{"app_badge":"viele"}', origin, 'de').badge).toBeUndefined()
	})

	it('leads to our own pages alone', () => {
		for (const address of [
			'https://evil.example/o/1',
			'//evil.example',
			'javascript:alert(1)',
			'x',
			`${origin}.evil.example/o/1`
		])
			expect(pathOf(address, origin), address).toBe('/')
		expect(pathOf(`${origin}/o/1?x=2#y`, origin)).toBe('/o/1')
	})
})
