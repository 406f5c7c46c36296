/** Knows whether a form on the page is half filled, so that nothing reloads under it. */
class Forms {
	#open = $state(0)

	get dirty() {
		return this.#open > 0
	}

	/** Marks a form as half filled; the answer takes the mark back. Use it in an $effect. */
	hold(): () => void {
		this.#open++
		return () => {
			this.#open--
		}
	}
}

export const forms = new Forms()
