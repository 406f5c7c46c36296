import type { Mode, RosterRow } from '$lib/api/types'

export interface Row extends RosterRow {
	mode: Mode
	/** Became stricter while the teacher looked, and has not been tapped yet. */
	stricter: boolean
}

interface Snapshot {
	asOf: string
	rows: RosterRow[]
}

interface Change extends Snapshot {
	gone?: string[]
}

const reach: Record<Mode, number> = { none: 0, audio: 1, video: 2 }

/** Without a word from the server for this long, what is shown may no longer be true. The server pings every 15 s. */
export const silence = 35_000

type Source = Pick<EventSource, 'addEventListener' | 'close' | 'onerror'>

/** The one owner of the live list: components read it, only words from the server and taps change it. */
export class Roster {
	rows = $state<Row[]>([])
	/** Instant of the server's last word; undefined before the first. */
	asOf = $state<string>()
	live = $state(false)
	readonly counts = $derived.by(() => {
		const counts: Record<Mode, number> = { video: 0, audio: 0, none: 0 }
		for (const row of this.rows) counts[row.mode]++
		return counts
	})
	#source: Source | undefined
	#timer: ReturnType<typeof setTimeout> | undefined
	#open: (url: string) => Source

	constructor(open: (url: string) => Source = (url) => new EventSource(url)) {
		this.#open = open
	}

	/** Follows a meeting until `stop`; the browser connects again by itself. */
	follow(meeting: string) {
		this.stop()
		const source = this.#open(`/api/v1/meetings/${encodeURIComponent(meeting)}/roster/stream`)
		this.#source = source
		source.addEventListener('snapshot', (event) => this.#heard(() => this.takeSnapshot(read(event))))
		source.addEventListener('change', (event) => this.#heard(() => this.apply(read(event))))
		source.addEventListener('ping', (event) => this.#heard(() => (this.asOf = read<{ asOf: string }>(event).asOf)))
		source.onerror = () => this.#lost()
	}

	stop() {
		this.#source?.close()
		this.#source = undefined
		clearTimeout(this.#timer)
		this.live = false
	}

	/** The whole state, on every connect: what became stricter meanwhile is marked too. */
	takeSnapshot({ asOf, rows }: Snapshot) {
		const before = new Map(this.rows.map((row) => [row.pupil, row]))
		this.rows = rows.map((row) => marked(row, before.get(row.pupil)))
		this.asOf = asOf
	}

	/** Rows that are new or differ, and pupils who are gone. */
	apply({ asOf, rows, gone }: Change) {
		const changed = new Map(rows.map((row) => [row.pupil, row]))
		const left = new Set(gone)
		const kept = this.rows.filter((row) => !left.has(row.pupil))
		this.rows = kept.map((row) => {
			const next = changed.get(row.pupil)
			changed.delete(row.pupil)
			return next ? marked(next, row) : row
		})
		for (const row of changed.values()) this.rows.push(marked(row, undefined))
		this.rows.sort(
			(a, b) => a.familyName.localeCompare(b.familyName, 'de') || a.givenName.localeCompare(b.givenName, 'de')
		)
		this.asOf = asOf
	}

	/** The teacher has seen that a pupil's mode became stricter. */
	seen(pupil: string) {
		const row = this.rows.find((r) => r.pupil === pupil)
		if (row) row.stricter = false
	}

	#heard(take: () => void) {
		take()
		this.live = true
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => this.#lost(), silence)
	}

	#lost() {
		this.live = false
	}
}

const read = <T = Change>(event: Event): T => JSON.parse((event as MessageEvent<string>).data)

/** A mode that became stricter stays marked until tapped, or until it rises again. */
function marked(row: RosterRow, before: Row | undefined): Row {
	const mode = row.mode as Mode
	if (!before || reach[mode] > reach[before.mode]) return { ...row, mode, stricter: false }
	return { ...row, mode, stricter: before.stricter || reach[mode] < reach[before.mode] }
}
