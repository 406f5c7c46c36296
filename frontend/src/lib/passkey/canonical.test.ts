import { describe, expect, it } from 'vitest'
import { canonical } from './canonical'

describe('canonical', () => {
	it('sorts members by UTF-16 code units, at every depth', () => {
		const value = { b: 1, a: [{ z: '1', '\u{1f600}': '2', '\ufb01': '3' }], '': 'x' }
		expect(canonical(value)).toBe('{"":"x","a":[{"z":"1","\u{1f600}":"2","\ufb01":"3"}],"b":1}')
	})

	it('leaves out what is undefined and keeps what is empty', () => {
		expect(canonical({ a: undefined, b: '', c: [], d: {} })).toBe('{"b":"","c":[],"d":{}}')
	})

	it('composes text, names of members too', () => {
		expect(canonical({ 'u\u0308': 'A\u030a' })).toBe('{"\u00fc":"\u00c5"}')
	})

	it('escapes what it must and nothing else', () => {
		expect(canonical('"\\/\b\f\n\r\t\u0001\u007f\u2028<é>')).toBe('"\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f\u2028<é>"')
	})

	it('writes half a character as the server reads it', () => {
		expect(canonical('a\ud800b')).toBe('"a\ufffdb"')
		expect(canonical('\udc00\ud83d\ude00')).toBe('"\ufffd\u{1f600}"')
	})

	it('refuses numbers that not every reader keeps', () => {
		for (const number of [0.5, NaN, Infinity, 2 ** 53]) expect(() => canonical({ number })).toThrow(TypeError)
		expect(canonical([-0, -4, 2 ** 53 - 1])).toBe('[0,-4,9007199254740991]')
	})
})
