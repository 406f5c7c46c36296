import type { Problem } from '$lib/api/problem'
import type { components } from '$lib/api/schema'
import type { Decided } from '$lib/api/types'

/** What may wait on the device: declarations about a child, with the hash of the text that was shown. */
export type Declaration =
	| { route: 'decisions'; body: components['schemas']['DecideInputBody'] }
	| { route: 'withdrawals'; body: components['schemas']['WithdrawInputBody'] }

/** A declaration as a page hands it over. Key: the Idempotency-Key, one for each thing decided (`newKey`). */
export type Draft = Declaration & { key: string; child: string }

/**
 * A declaration kept on this device until the server has answered: a short buffer, no archive. It belongs to one
 * account and is never sent under another.
 */
export type Entry = Draft & {
	/** Place in the queue; given by the store. */
	seq: number
	/** Account id of whoever decided. */
	account: string
	/** When it was decided, milliseconds by this device's clock. Legal time is the server's. */
	created: number
	/**
	 * `waiting`: not yet answered by the server. `reread`: the server wants another look (or it has waited for too long),
	 * so the person decides again. `refused`: the server will never take it. Only `waiting` is ever sent.
	 */
	state: 'waiting' | 'reread' | 'refused'
	/** What the server said; none for an entry that has waited for too long. */
	problem?: Problem
}

/** How sending went, as far as the page that asked for it is told. */
export type Outcome =
	| { kind: 'sent'; data: Decided; status: number }
	/** Lies on this device, not yet sent. Not kept: this browser stores nothing, so it is lost with the page. */
	| { kind: 'waiting'; kept: boolean }
	/** Please look again and decide again, with a new key. */
	| { kind: 'reread'; problem?: Problem }
	/** Lies on this device; nobody, or somebody else, is signed in. */
	| { kind: 'signIn' }
	| { kind: 'refused'; problem: Problem }

const day = 24 * 60 * 60 * 1000

/** After seven days a declaration is not sent any more; the person is asked again. */
export const tooOld = (entry: Entry, now: number): boolean => now - entry.created >= 7 * day

/** After thirty days nothing of it stays on the device: the phone may be shared. */
export const outlived = (entry: Entry, now: number): boolean => now - entry.created >= 30 * day

/** The entry after the server did not take it. The strokes go: a new decision needs a new signature. */
export function setAside(entry: Entry, state: 'reread' | 'refused', problem?: Problem): Entry {
	if (entry.route === 'withdrawals') return { ...entry, state, problem }
	return { ...entry, state, problem, body: { ...entry.body, signature: undefined } }
}
