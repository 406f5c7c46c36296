import type { Mode } from '$lib/api/types'
import type { DrawnSignature } from '$lib/components/signature/strokes'

export type Relation = 'together' | 'alone' | 'legal_guardian'
export type How = 'typed' | 'drawn'
/** How the answer is sent: with a passkey's confirmation or without. */
export type Way = 'passkey' | 'plain'

type Kept = Pick<Draft, 'relation' | 'answer' | 'place'>

/**
 * What a guardian has filled in so far. It survives a reload within the tab, but for the signature: that lies on no
 * device before it is sent.
 */
export class Draft {
	relation = $state<Relation>()
	answer = $state<Mode>()
	place = $state('')
	how = $state<How>()
	name = $state('')
	drawn = $state.raw<DrawnSignature>()
	/** Nothing filled in yet, so nothing would be lost. */
	readonly blank = $derived(!this.relation && !this.answer && !this.place && !this.name && !this.drawn)
	readonly isYes = $derived(this.answer === 'video' || this.answer === 'audio')
	#place: string

	constructor(pupil: string) {
		this.#place = `draft-${pupil}`
		const kept: Partial<Kept> = JSON.parse(sessionStorage.getItem(this.#place) ?? '{}')
		this.relation = kept.relation
		this.answer = kept.answer
		this.place = kept.place ?? ''
	}

	/** Keeps what may be kept; call it in an effect. */
	keep() {
		const { relation, answer, place } = this
		sessionStorage.setItem(this.#place, JSON.stringify({ relation, answer, place } satisfies Kept))
	}

	forget() {
		sessionStorage.removeItem(this.#place)
	}

	/** The signature as the API takes it; none beside a no. */
	get signature() {
		if (!this.isYes) return undefined
		if (this.how === 'drawn' && this.drawn) return this.drawn
		return { kind: 'typed' as const, name: this.name.trim() }
	}
}
