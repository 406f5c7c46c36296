import { problemOf, type Problem } from '$lib/api/problem'
import type { Decided } from '$lib/api/types'
import type { Draft } from './entry'

const timeout = 20_000 // twice what the server gives itself

/** What sends requests, and what they need. The base is absolute: `https://…/api/v1`. */
export interface Wire {
	/** Renews a session that has run out, once, by itself. */
	fetch: (request: Request) => Promise<Response>
	base: () => string
	language: () => string
}

/**
 * Why a declaration stays on the device for now. `network`: no answer of ours came. `busy`: the server, or what stands
 * before it, takes nothing for the moment. `server`: it failed over this one call. retryAfter in seconds.
 */
export type Hindrance = { kind: 'kept'; cause: 'network' | 'busy' | 'server'; retryAfter?: number } | { kind: 'signIn' }

/** What came of one attempt. */
export type Verdict =
	{ kind: 'sent'; data: Decided; status: number } | { kind: 'reread' | 'refused'; problem: Problem } | Hindrance

/** Sends one declaration. Repeating it is harmless: the same key gets the same reply. */
export async function deliver(wire: Wire, { child, route, key, body }: Draft): Promise<Verdict> {
	const request = new Request(`${wire.base()}/children/${encodeURIComponent(child)}/${route}`, {
		...common(wire, { 'Content-Type': 'application/json', 'Idempotency-Key': key }),
		method: 'POST',
		body: JSON.stringify(body)
	})
	const answer = await ask(wire, request)
	if (!answer) return { kind: 'kept', cause: 'network' }
	const { response, json } = answer
	if (response.ok && isDecided(json)) return { kind: 'sent', data: json, status: response.status }
	return refusal(response, json)
}

/** Whose session the browser holds: an account id, or why it is not known. */
export async function whoIsSignedIn(wire: Wire): Promise<{ account: string } | Hindrance> {
	const answer = await ask(wire, new Request(`${wire.base()}/me`, common(wire, {})))
	if (!answer) return { kind: 'kept', cause: 'network' }
	const account = (answer.json as { account?: { id?: unknown } } | undefined)?.account?.id
	if (answer.response.ok && typeof account === 'string') return { account }
	const verdict = refusal(answer.response, answer.json)
	return verdict.kind === 'kept' || verdict.kind === 'signIn' ? verdict : { kind: 'kept', cause: 'server' }
}

function common(wire: Wire, headers: Record<string, string>): RequestInit {
	return {
		headers: { ...headers, 'X-App': '1', 'Accept-Language': wire.language() },
		redirect: 'error', // ours never redirects; the sign-in page of a foreign network does
		signal: AbortSignal.timeout(timeout)
	}
}

/** Undefined when no whole answer came. */
async function ask(wire: Wire, request: Request): Promise<{ response: Response; json: unknown } | undefined> {
	let response: Response
	let text: string
	try {
		response = await wire.fetch(request)
		text = await response.text()
	} catch {
		return undefined
	}
	return { response, json: parsed(text) }
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text)
	} catch {
		return undefined // not our server, see refusal
	}
}

const isDecided = (json: unknown): json is Decided => typeof json === 'object' && json !== null && 'decision' in json

/**
 * What a failure means. An answer that is no problem of ours (RFC 9457 with a code) comes from something in between, a
 * filter or a hotspot's page, and decides nothing.
 */
function refusal(response: Response, json: unknown): Hindrance | { kind: 'reread' | 'refused'; problem: Problem } {
	const problem = problemOf(json, response)
	const { status, retryAfter } = problem
	if (status === 429 || status === 502 || status === 503 || status === 504)
		return { kind: 'kept', cause: 'busy', retryAfter }
	if (status >= 500) return { kind: 'kept', cause: 'server', retryAfter }
	const ours = typeof (json as { code?: unknown } | undefined)?.code === 'string'
	if (!ours || status < 400) return { kind: 'kept', cause: 'network' }
	if (status === 401) return { kind: 'signIn' }
	if (status === 409 || status === 422) return { kind: 'reread', problem }
	return { kind: 'refused', problem }
}
