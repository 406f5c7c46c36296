const minute = 60_000
const leaveAfter = 15 * minute
const refreshAfter = 4 * minute

/** Follows whether anybody touches a tablet that many use: for the server only a fresh token is use. */
export class Idle {
	#touched: number
	#refreshed: number

	constructor(now: number) {
		this.#touched = this.#refreshed = now
	}

	touch(now: number) {
		this.#touched = now
	}

	/** What has to be done now: sign out after 15 minutes without a touch, tell the server of touches now and then. */
	next(now: number): 'leave' | 'refresh' | 'wait' {
		if (now - this.#touched >= leaveAfter) return 'leave'
		if (this.#touched <= this.#refreshed || now - this.#refreshed < refreshAfter) return 'wait'
		this.#refreshed = now
		return 'refresh'
	}
}
