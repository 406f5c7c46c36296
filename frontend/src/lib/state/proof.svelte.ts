import type { Problem } from '$lib/api/problem'

/** Asks who sits here before what a found browser must not do. The sheet stands on the pages that do such things. */
class Proof {
	asking = $state(false)
	#answer: ((proved: boolean) => void) | undefined

	/** Opens the sheet; true once the server has taken the proof, false when it was closed. */
	ask(): Promise<boolean> {
		this.asking = true
		return new Promise((resolve) => (this.#answer = resolve))
	}

	end(proved: boolean) {
		this.asking = false
		this.#answer?.(proved)
		this.#answer = undefined
	}
}

export const proof = new Proof()

/** Makes a call; when the server wants a proof first, asks for it and makes the call again. */
export async function proving<R extends { problem?: Problem }>(make: () => Promise<R>): Promise<R> {
	const first = await make()
	if (first.problem?.code !== 'reauthentication_needed' || !(await proof.ask())) return first
	return make()
}
