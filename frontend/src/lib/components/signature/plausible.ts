import type { Stroke } from './strokes'

// The same limits as on the server: a dot, a tap or a plain line is no signature.
const minPoints = 8
const minPath = 0.25 // of the pad's width
const minExtent = 0.03 // of the pad's width, across the main axis

/**
 * Whether the strokes can be a signature on a pad of this width (CSS pixels). Judges strokes, not pixels, so that
 * phone, tablet and server agree; one table of recorded strokes tests both.
 */
export function isPlausible(strokes: Stroke[], width: number): boolean {
	const points = strokes.flat()
	return (
		points.length >= minPoints && pathLength(strokes) >= minPath * width && extentAcross(points) >= minExtent * width
	)
}

/** The way the pen went while it touched the pad. */
function pathLength(strokes: Stroke[]): number {
	let length = 0
	for (const stroke of strokes) {
		stroke.forEach((point, i) => {
			const before = stroke[i - 1]
			if (before) length += Math.hypot(point.x - before.x, point.y - before.y)
		})
	}
	return length
}

/** How far the points spread at right angles to their main axis (the first principal component). */
function extentAcross(points: Stroke): number {
	if (points.length === 0) return 0
	const mx = points.reduce((sum, p) => sum + p.x, 0) / points.length
	const my = points.reduce((sum, p) => sum + p.y, 0) / points.length
	let [xx, yy, xy] = [0, 0, 0]
	for (const { x, y } of points) {
		xx += (x - mx) * (x - mx)
		yy += (y - my) * (y - my)
		xy += (x - mx) * (y - my)
	}
	const angle = Math.atan2(2 * xy, xx - yy) / 2
	const [ax, ay] = [-Math.sin(angle), Math.cos(angle)]
	let [low, high] = [Infinity, -Infinity]
	for (const { x, y } of points) {
		const across = (x - mx) * ax + (y - my) * ay
		low = Math.min(low, across)
		high = Math.max(high, across)
	}
	return high - low
}
