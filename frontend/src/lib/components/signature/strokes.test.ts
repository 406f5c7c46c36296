import { describe, expect, test } from 'vitest'
import { drawnFrom, hasRoom, maxPoints, maxStrokes, placed, placement, type Group, type Size } from './strokes'

const size = { width: 360, height: 480 }
const group = (...points: [number, number][]): Group => ({ points: points.map(([x, y]) => ({ x, y })) })
const long = (points: number): Group => ({ points: Array.from({ length: points }, (_, i) => ({ x: i % 300, y: 100 })) })

describe('the record of a drawing', () => {
	test('holds rounded points and the size of the pad, and neither time nor pressure', () => {
		const recorded = { points: [{ x: 10.4, y: 20.6, time: 1_764_000_000_000, pressure: 0.5 }], penColor: 'black' }
		expect(drawnFrom([recorded], size)).toEqual({ kind: 'drawn', ...size, strokes: [[{ x: 10, y: 21 }]] })
	})

	test('is nothing while nothing is drawn', () => {
		expect(drawnFrom([], size)).toBeUndefined()
		expect(drawnFrom([group()], size)).toBeUndefined()
	})

	test('keeps points within one side of the pad, as the server demands', () => {
		const drawn = drawnFrom([group([-900, -900], [900, 1900], [-12, 485])], size)
		expect(drawn?.strokes).toEqual([
			[
				{ x: -360, y: -480 },
				{ x: 720, y: 960 },
				{ x: -12, y: 485 }
			]
		])
	})

	test('has no more strokes and points than the server takes', () => {
		const many = drawnFrom(
			Array.from({ length: maxStrokes + 1 }, () => group([1, 1])),
			size
		)
		expect(many?.strokes).toHaveLength(maxStrokes)
		const endless = drawnFrom([long(maxPoints - 1), long(5), long(5)], size)
		expect(endless?.strokes.map((stroke) => stroke.length)).toEqual([maxPoints - 1, 1])
	})
})

test('the pad takes strokes up to the caps', () => {
	expect(hasRoom([])).toBe(true)
	expect(hasRoom(Array.from({ length: maxStrokes - 1 }, () => group([1, 1])))).toBe(true)
	expect(hasRoom(Array.from({ length: maxStrokes }, () => group([1, 1])))).toBe(false)
	expect(hasRoom([long(maxPoints)])).toBe(false)
})

describe('turning the device', () => {
	const landscape = { width: 740, height: 240 }
	const stays = { factor: 1, dx: 0, dy: 0 }
	const turned = (ink: Group[], from: Size, to: Size) => placed(ink, placement(ink, from, to))

	test('leaves ink that fits where it is', () => {
		const ink = [group([20, 100], [320, 200])]
		expect(placement(ink, size, landscape)).toEqual(stays)
		expect(placement(ink, landscape, size)).toEqual(stays)
	})

	test('shifts ink that fits but would lie outside', () => {
		expect(turned([group([20, 300], [320, 400])], size, landscape)).toEqual([group([20, 136], [320, 236])])
		expect(turned([group([500, 100], [700, 200])], landscape, size)).toEqual([group([156, 100], [356, 200])])
	})

	test('shrinks ink that is larger than the pad, and no more than that', () => {
		expect(turned([group([10, 100], [714, 200])], landscape, size)).toEqual([group([4, 50], [356, 100])])
		expect(turned([group([20, 8], [320, 472])], size, landscape)).toEqual([group([10, 4], [160, 236])])
	})

	test('does not shrink twice', () => {
		const once = turned([group([0, 100], [720, 200])], landscape, size)
		expect(placement(once, size, landscape)).toEqual(stays)
		expect(placement(once, landscape, size)).toEqual(stays)
	})

	test('takes a single dot along', () => {
		expect(turned([group([700, 100])], landscape, size)).toEqual([group([356, 100])])
	})

	test('leaves ink alone that had slipped over the edge of a pad that grows', () => {
		expect(placement([group([20, 100], [380, 100])], size, { width: 370, height: 500 })).toEqual(stays)
	})

	test('keeps everything else of a group', () => {
		const drawn = { penColor: 'black', points: [{ x: 10, y: 20, time: 7 }] }
		expect(placed([drawn], { factor: 2, dx: 1, dy: -1 })).toEqual([
			{ penColor: 'black', points: [{ x: 21, y: 39, time: 7 }] }
		])
	})
})
