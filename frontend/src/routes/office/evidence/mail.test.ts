import { describe, expect, it } from 'vitest'
import { emailIn, mailTo } from './mail'

describe('emailIn', () => {
	it('finds the address among other words', () => {
		expect(emailIn('dsb@schule.example')).toBe('dsb@schule.example')
		expect(emailIn('Tel. 0201 123, <dsb.nord@amt.schule.example>; montags')).toBe('dsb.nord@amt.schule.example')
		expect(emailIn('E-Mail:dsb@schule.example.')).toBe('dsb@schule.example')
	})

	it('finds none where there is none', () => {
		expect(emailIn('Tel. 0201 123')).toBe('')
		expect(emailIn('a@b')).toBe('')
		expect(emailIn(undefined)).toBe('')
	})
})

describe('mailTo', () => {
	it('keeps every line and character of the body', () => {
		const link = mailTo('a@b.example', 'Prüfpunkt 1', 'eins & zwei\n\n— drei+vier=')
		const [, query] = link.split('?')
		const body = query!.split('&body=')[1]!
		expect(decodeURIComponent(body)).toBe('eins & zwei\r\n\r\n— drei+vier=')
		expect(link.startsWith('mailto:a@b.example?subject=Pr%C3%BCfpunkt%201&body=')).toBe(true)
	})

	it('lets an address add no header', () => {
		expect(mailTo('a@b.example?bcc=x', '', '')).toBe('mailto:a@b.example%3Fbcc%3Dx?subject=&body=')
	})

	it('leaves the recipient empty where none is known', () => {
		expect(mailTo('', 's', 'b')).toBe('mailto:?subject=s&body=b')
	})
})
