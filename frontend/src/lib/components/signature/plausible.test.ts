import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isPlausible } from './plausible'
import type { Stroke } from './strokes'

interface Recorded {
	name: string
	width: number
	height: number
	strokes: Stroke[]
	plausible: boolean
}

// The server's tests read the same table.
const file = new URL('../../../../../backend/consent/testdata/strokes.json', import.meta.url)
const table: Recorded[] = JSON.parse(readFileSync(file, 'utf8'))

describe('a plausible signature', () => {
	test.each(table)('$name', ({ strokes, width, plausible }) => {
		expect(isPlausible(strokes, width)).toBe(plausible)
	})

	test('does not depend on where it stands', () => {
		for (const { name, strokes, width, plausible } of table) {
			const moved = strokes.map((stroke) => stroke.map(({ x, y }) => ({ x: x - 64, y: y + 32 })))
			expect(isPlausible(moved, width), name).toBe(plausible)
		}
	})

	test('has rows of both kinds', () => {
		expect(new Set(table.map((row) => row.plausible))).toEqual(new Set([true, false]))
	})
})
