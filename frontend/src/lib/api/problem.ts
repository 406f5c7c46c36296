/** What the server says when something is wrong (RFC 9457), or what we say when it cannot be reached. */
export interface Problem {
	code: string
	status: number
	title: string
	detail: string
	instance: string
	errors: { field: string; code: string; detail: string }[]
	params: Record<string, string>
	/** Seconds after which trying again may help. */
	retryAfter?: number
}

/** A problem without words: what is missing is filled in. */
export const blankProblem = { title: '', detail: '', instance: '', errors: [], params: {} }

/** No answer came: no net, or a server that is gone. */
export const offlineProblem = (): Problem => ({ ...blankProblem, code: 'offline', status: 0 })

/** Reads a problem from a failed response; one that is none becomes an internal error. */
export function problemOf(body: unknown, response: Response): Problem {
	const b = (body ?? {}) as Partial<Problem>
	const retryAfter = Number(response.headers.get('Retry-After')) || undefined
	if (typeof b.code !== 'string') {
		return {
			...blankProblem,
			code: response.status === 503 ? 'database_unavailable' : 'internal_error',
			status: response.status,
			retryAfter
		}
	}
	return {
		code: b.code,
		status: response.status,
		title: b.title ?? '',
		detail: b.detail ?? '',
		instance: b.instance ?? '',
		errors: b.errors ?? [],
		params: b.params ?? {},
		retryAfter
	}
}

export const isProblem = (value: unknown): value is Problem =>
	typeof value === 'object' && value !== null && 'code' in value && 'status' in value

/** The text for one field, if the problem names it. */
export const fieldError = (problem: Problem | undefined, field: string): string | undefined =>
	problem?.errors.find((e) => e.field === field || e.field.startsWith(`${field}.`))?.detail
