import { untrack } from 'svelte'

/** Knows whether a form on the page is half filled, so that nothing reloads under it. */
class Forms {
	#open = $state(0)

	get dirty() {
		return this.#open > 0
	}

	/** Marks a form as half filled; the answer takes the mark back. Use it in an $effect. */
	hold(): () => void {
		// The caller's effect must not depend on the count that it changes.
		untrack(() => this.#open++)
		return () => untrack(() => this.#open--)
	}
}

export const forms = new Forms()
