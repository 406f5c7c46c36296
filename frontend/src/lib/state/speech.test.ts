import { afterEach, expect, test, vi } from 'vitest'
import { speech } from './speech.svelte'

class Device extends EventTarget {
	voices: { lang: string }[] = []
	said: { text: string; lang: string }[] = []
	cancelled = 0
	getVoices = () => this.voices
	speak = (words: { text: string; lang: string }) => this.said.push(words)
	cancel = () => this.cancelled++
}

class Words {
	voice: unknown
	lang = ''
	rate = 1
	constructor(readonly text: string) {}
}

function withVoices(...langs: string[]) {
	const device = new Device()
	device.voices = langs.map((lang) => ({ lang }))
	vi.stubGlobal('speechSynthesis', device)
	vi.stubGlobal('SpeechSynthesisUtterance', Words)
	return device
}

let stop = () => {}
afterEach(() => {
	stop()
	vi.unstubAllGlobals()
})

test('a device that cannot speak offers nothing, and nothing breaks', () => {
	vi.stubGlobal('speechSynthesis', undefined)
	stop = speech.start()
	expect(speech.speaks('de')).toBe(false)
	speech.say('de', 'Sei pünktlich.')
	speech.stop()
})

test('a language without a voice is not read in another one', () => {
	const device = withVoices('en-GB', 'de_DE')
	stop = speech.start()
	expect(speech.speaks('uk')).toBe(false)
	speech.say('uk', 'Приходь вчасно.')
	expect(device.said).toEqual([])
})

test('simple German is read by a German voice, and a new text ends the one before', () => {
	const device = withVoices('en-GB', 'de_DE')
	stop = speech.start()
	expect(speech.speaks('de-simple')).toBe(true)
	speech.say('de-simple', 'Sei pünktlich.', '', 'Komm zur Zeit.')
	expect(device.said).toMatchObject([{ text: 'Sei pünktlich. Komm zur Zeit.', lang: 'de_DE' }])
	expect(device.cancelled).toBe(1)
})

test('voices that come late are found', () => {
	const device = withVoices()
	stop = speech.start()
	expect(speech.speaks('ar')).toBe(false)
	device.voices = [{ lang: 'ar-SA' }]
	device.dispatchEvent(new Event('voiceschanged'))
	expect(speech.speaks('ar')).toBe(true)
})
