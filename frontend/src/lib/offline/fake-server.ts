import type { Wire } from './deliver'

/** How the fake server treats the next calls of a POST. */
export type Mood = 'well' | 'unreachable' | 'answer lost' | Response

interface Taken {
	account: string
	child: string
	key: string
	body: unknown
}

/** For tests: a server that keeps what it took, by key, and a line to it that can be cut. */
export class FakeServer implements Wire {
	/** What was decided, once per key. */
	taken: Taken[] = []
	/** Children of the POSTs that arrived or were attempted, in order. */
	attempts: string[] = []
	/** Whose session the browser's cookies hold. */
	signedIn: string | undefined = 'mother'
	mood: Mood = 'well'
	/** Moods of single children, before the general one. */
	moods = new Map<string, Mood>()
	/** Awaited before each answer. */
	gate: Promise<void> = Promise.resolve()

	base = () => 'https://school.example/api/v1'
	language = () => 'tr'

	fetch = async (request: Request): Promise<Response> => {
		await this.gate
		const { pathname } = new URL(request.url)
		if (pathname === '/api/v1/me') return this.#me()
		const [, child = ''] = /^\/api\/v1\/children\/([^/]+)\/(?:decisions|withdrawals)$/.exec(pathname) ?? []
		this.attempts.push(child)
		return this.#decide(request, child)
	}

	#me(): Response {
		if (this.mood === 'unreachable') throw new TypeError('Failed to fetch')
		if (this.signedIn === undefined) return problem(401, 'not_signed_in')
		return Response.json({ account: { id: this.signedIn, name: 'A name' } })
	}

	async #decide(request: Request, child: string): Promise<Response> {
		const mood = this.moods.get(child) ?? this.mood
		if (mood === 'unreachable') throw new TypeError('Failed to fetch')
		if (mood instanceof Response) return mood.clone()
		if (this.signedIn === undefined) return problem(401, 'not_signed_in')
		const key = request.headers.get('Idempotency-Key') ?? ''
		if (request.headers.get('X-App') !== '1' || key === '') return problem(403, 'not_same_origin')
		const repeated = this.taken.some((taken) => taken.key === key)
		if (!repeated) this.taken.push({ account: this.signedIn, child, key, body: await request.json() })
		if (mood === 'answer lost') throw new TypeError('Failed to fetch')
		return Response.json(
			{ decision: { id: `d-${key}` }, receipt: { id: `r-${key}` }, child: { id: child } },
			{ status: 201 }
		)
	}
}

/** An answer as the server words a failure (RFC 9457). */
export function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
	return new Response(JSON.stringify({ code, status, title: 'A title', detail: 'A detail', instance: 'i' }), {
		status,
		headers: { 'Content-Type': 'application/problem+json', ...headers }
	})
}
