/**
 * What is kept of a drawn signature: strokes as points in CSS pixels of the pad, rounded, never a picture. Time and
 * pressure stay on the device.
 */
export interface Point {
	x: number
	y: number
}

export type Stroke = Point[]

export interface Size {
	width: number
	height: number
}

/** A drawn signature as the server takes it; the points mean nothing without the pad's size. */
export interface DrawnSignature extends Size {
	kind: 'drawn'
	strokes: Stroke[]
}

/** The part of signature_pad's recording that we read. */
export interface Group {
	points: Point[]
}

// The server refuses more, and points further outside the pad than one pad's side.
export const maxStrokes = 200
export const maxPoints = 10_000

/** How many points have been drawn. */
export const countPoints = (groups: Group[]): number => groups.reduce((sum, group) => sum + group.points.length, 0)

/** Whether the pad takes another stroke. */
export const hasRoom = (groups: Group[]): boolean => groups.length < maxStrokes && countPoints(groups) < maxPoints

/** Makes the record of what was drawn; undefined as long as nothing is. */
export function drawnFrom(groups: Group[], { width, height }: Size): DrawnSignature | undefined {
	let left = maxPoints
	const strokes: Stroke[] = []
	for (const { points } of groups.slice(0, maxStrokes)) {
		const stroke = points.slice(0, left).map(({ x, y }) => ({ x: within(x, width), y: within(y, height) }))
		if (stroke.length === 0) continue
		left -= stroke.length
		strokes.push(stroke)
	}
	return strokes.length === 0 ? undefined : { kind: 'drawn', width, height, strokes }
}

/** A finger may slip over the edge, but not further than a pad's side. */
const within = (value: number, side: number) => Math.min(Math.max(Math.round(value), -side), 2 * side)

const edge = 4 // CSS pixels that a shifted line keeps from the edge, so that its whole thickness shows

/** How ink is moved from one pad to another: shrunk by the factor, then shifted. */
export interface Placement {
	factor: number
	dx: number
	dy: number
}

/**
 * Where the ink goes when the pad changes its size, so that none lies outside. Ink that fits stays; ink that would lie
 * beyond a side that got shorter is shifted; only ink larger than the pad shrinks. So turning a phone to and fro does
 * not make a signature smaller each time, and one that was large enough mostly stays so.
 */
export function placement(groups: Group[], from: Size, to: Size): Placement {
	const points = groups.flatMap((group) => group.points)
	const x = span(points.map((point) => point.x))
	const y = span(points.map((point) => point.y))
	const [narrower, lower] = [to.width < from.width, to.height < from.height]
	const factor = Math.min(
		1,
		narrower ? (to.width - 2 * edge) / (x.high - x.low) : 1, // a single dot spans nothing: infinity, so 1
		lower ? (to.height - 2 * edge) / (y.high - y.low) : 1
	)
	return {
		factor,
		dx: narrower ? Math.min(0, to.width - edge - x.high * factor) : 0,
		dy: lower ? Math.min(0, to.height - edge - y.high * factor) : 0
	}
}

function span(values: number[]): { low: number; high: number } {
	const start = { low: Infinity, high: -Infinity }
	return values.reduce(({ low, high }, value) => ({ low: Math.min(low, value), high: Math.max(high, value) }), start)
}

/** The ink as placed on another pad; everything else of a group stays. */
export function placed<P extends Point, G extends { points: P[] }>(groups: G[], { factor, dx, dy }: Placement): G[] {
	return groups.map((group) => ({
		...group,
		points: group.points.map((point) => ({ ...point, x: point.x * factor + dx, y: point.y * factor + dy }))
	}))
}
