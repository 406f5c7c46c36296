import { api, call, type Result } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import type { Mode, RoomState, RosterRow } from '$lib/api/types'

export interface Row extends RosterRow {
	mode: Mode
}

interface Snapshot {
	asOf: string
	rows: RosterRow[]
	room?: RoomState
}

interface Change extends Snapshot {
	gone?: string[]
}

/** Without a word from the server for this long, what is shown may no longer be true. The server pings every 15 s. */
export const silence = 35_000

type Source = Pick<EventSource, 'addEventListener' | 'close' | 'onerror' | 'readyState'>

interface Line {
	open: (url: string) => Source
	/** The list by an ordinary call, which also renews a session that has run out. */
	ask: (meeting: string) => Promise<Result<Snapshot>>
	/** Says that a mode that became stricter was seen. */
	see: (meeting: string, pupil: string) => Promise<Result<unknown>>
}

const line: Line = {
	open: (url) => new EventSource(url),
	ask: (meeting) => call(api.GET('/api/v1/meetings/{id}/roster', { params: { path: { id: meeting } } })),
	see: (meeting, pupil) =>
		call(api.POST('/api/v1/meetings/{id}/roster/{pupil}/seen', { params: { path: { id: meeting, pupil } } }))
}
const closed = 2 // EventSource.CLOSED: the browser has given up
const longest = 15_000 // ms between two attempts

/** The one owner of the live list: components read it, only words from the server and taps change it. */
export class Roster {
	rows = $state<Row[]>([])
	/** How the meeting's room stands. */
	room = $state<RoomState>({})
	/** Instant of the server's last word; undefined before the first. */
	asOf = $state<string>()
	live = $state(false)
	/** Set when waiting does not help: signed out, or the meeting is nobody's of ours. */
	problem = $state<Problem>()
	readonly counts = $derived.by(() => {
		const counts: Record<Mode, number> = { video: 0, audio: 0, none: 0 }
		for (const row of this.rows) counts[row.mode]++
		return counts
	})
	#meeting = ''
	#source: Source | undefined
	#timer: ReturnType<typeof setTimeout> | undefined
	#wait = 1000
	#line: Line

	constructor(by: Line = line) {
		this.#line = by
	}

	/** Follows a meeting until `stop`. A broken line is mended by the browser, and by us where it gives up. */
	follow(meeting: string) {
		this.stop()
		this.#meeting = meeting
		this.problem = undefined
		const source = this.#line.open(`/api/v1/meetings/${encodeURIComponent(meeting)}/roster/stream`)
		this.#source = source
		source.addEventListener('snapshot', (event) => this.#heard(() => this.takeSnapshot(read(event))))
		source.addEventListener('change', (event) => this.#heard(() => this.apply(read(event))))
		source.addEventListener('ping', (event) => this.#heard(() => (this.asOf = read<{ asOf: string }>(event).asOf)))
		source.onerror = () => {
			this.live = false
			if (source.readyState === closed) this.#mendLater()
		}
	}

	stop() {
		this.#source?.close()
		this.#source = undefined
		this.#meeting = ''
		clearTimeout(this.#timer)
		this.live = false
	}

	/** The whole state, on every connect. What became stricter is marked by the server, until somebody says "seen". */
	takeSnapshot({ asOf, rows, room }: Snapshot) {
		this.rows = rows.map(known)
		this.room = room ?? {}
		this.asOf = asOf
	}

	/** Rows that are new or differ, and pupils who are gone. */
	apply({ asOf, rows, gone, room }: Change) {
		const kept = this.rows.filter((row) => !gone?.includes(row.pupil))
		const added = rows.filter((row) => !rowOf(kept, row.pupil))
		this.rows = kept.map((row) => {
			const next = rowOf(rows, row.pupil)
			return next ? known(next) : row
		})
		this.rows.push(...added.map(known))
		this.rows.sort(
			(a, b) => a.familyName.localeCompare(b.familyName, 'de') || a.givenName.localeCompare(b.givenName, 'de')
		)
		if (room) this.room = room
		this.asOf = asOf
	}

	/** The teacher has seen that a pupil's mode became stricter: on this device at once, on the others by the server. */
	async seen(pupil: string) {
		const row = rowOf(this.rows, pupil)
		if (!row) return
		row.stricter = false
		const { problem } = await this.#line.see(this.#meeting, pupil)
		const now = rowOf(this.rows, pupil)
		if (problem && now) now.stricter = true
	}

	#heard(take: () => void) {
		take()
		this.live = true
		this.#wait = 1000
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => this.#mendLater(), silence)
	}

	/** The browser does not repeat after an answer like 401 or 503, nor does it notice a line that fell silent. */
	#mendLater() {
		this.live = false
		this.#source?.close()
		clearTimeout(this.#timer)
		this.#timer = setTimeout(() => void this.#mend(this.#meeting), this.#wait)
		this.#wait = Math.min(2 * this.#wait, longest)
	}

	async #mend(meeting: string) {
		const { data, problem } = await this.#line.ask(meeting)
		if (meeting !== this.#meeting) return // stopped, or another meeting by now
		if (data) {
			this.takeSnapshot(data)
			this.follow(meeting)
		} else if ([401, 403, 404].includes(problem.status)) {
			this.problem = problem
		} else {
			this.#mendLater()
		}
	}
}

const rowOf = <T extends RosterRow>(rows: T[], pupil: string) => rows.find((row) => row.pupil === pupil)

const read = <T = Change>(event: Event): T => JSON.parse((event as MessageEvent<string>).data)

const known = (row: RosterRow): Row => ({ ...row, mode: row.mode as Mode })
