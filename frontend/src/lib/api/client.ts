import createClient, { type Middleware } from 'openapi-fetch'
import { i18n } from '$lib/i18n'
import { offlineProblem, problemOf, type Problem } from './problem'
import type { paths } from './schema'

export const base = '/api/v1'

const headers: Middleware = {
	onRequest({ request }) {
		request.headers.set('X-App', '1')
		request.headers.set('Accept-Language', i18n.language)
		return request
	}
}

/** Typed calls to the API. Prefer `call`, which turns every failure into a Problem. */
export const api = createClient<paths>({ baseUrl: '', fetch: (request) => fetchRefreshing(request) })
api.use(headers)

let refreshing: Promise<boolean> | undefined

/** Gets a fresh access token; calls that fail at the same time share one attempt. */
function refresh(): Promise<boolean> {
	refreshing ??= fetch(`${base}/session/refresh`, { method: 'POST', headers: { 'X-App': '1' } })
		.then((response) => response.ok)
		.catch(() => false)
		.finally(() => (refreshing = undefined))
	return refreshing
}

/** A wrong password or code is a 401 as well, and sending it twice would count twice. */
async function isSignedOut(response: Response): Promise<boolean> {
	if (response.status !== 401) return false
	const problem = await response
		.clone()
		.json()
		.catch(() => undefined)
	return problem?.code === 'not_signed_in'
}

/** Sends a request; when the access token has run out, refreshes once and sends it again. */
export async function fetchRefreshing(request: Request): Promise<Response> {
	const again = request.clone()
	const response = await fetch(request)
	if (!(await isSignedOut(response)) || !(await refresh())) return response
	return fetch(again)
}

export type Result<T> =
	| { data: T; problem?: undefined; status: number; headers?: Headers }
	| { data?: undefined; problem: Problem; status: number; headers?: undefined }

/** Awaits a call of `api`: either data or a problem, never an exception. */
export async function call<T>(promise: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<Result<T>> {
	try {
		const { data, error, response } = await promise
		if (response.ok) return { data: data as T, status: response.status, headers: response.headers }
		return { problem: problemOf(error, response), status: response.status }
	} catch {
		return { problem: offlineProblem(), status: 0 }
	}
}

/** A fresh key for one thing decided; keep it for every repetition of the call. */
export const newKey = () => crypto.randomUUID()
