const first = 2_000
const longest = 5 * 60_000

/** When to try again after a failure: twice as long each time, with jitter so that a school's phones spread out. */
export class Backoff {
	#random: () => number
	#tries = 0
	#until = 0

	/** Random gives numbers from 0 up to, not including, 1. */
	constructor(random: () => number) {
		this.#random = random
	}

	/**
	 * Takes note of a failure and gives the milliseconds to wait. Only what the server asked for (429, 5xx) is a pause that
	 * holds back other triggers as well; after a lost connection any sign of its return is worth a try.
	 */
	failed(now: number, ordered: boolean, retryAfterSeconds = 0): number {
		const grown = Math.min(longest, first * 2 ** this.#tries++)
		const wait = Math.max(grown / 2, retryAfterSeconds * 1000) + (grown / 2) * this.#random()
		this.#until = ordered ? now + wait : 0
		return wait
	}

	succeeded() {
		this.#tries = 0
		this.#until = 0
	}

	/** Whether the server wants to be left alone for now. */
	pausing(now: number): boolean {
		return now < this.#until
	}
}
