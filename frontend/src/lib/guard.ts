import { redirect } from '@sveltejs/kit'
import type { Me } from '$lib/api/types'
import { homeOf, session } from '$lib/state/session.svelte'

type Role = Me['role']

const waiting = 'opened'

/** Keeps the link of a push message until somebody has signed in. */
export const waitForSignIn = (message: string) => sessionStorage.setItem(waiting, message)

/**
 * Lets the roles in and sends everybody else where they belong. Without a net the last known person of this page may
 * go on; the server decides about every call anyway.
 */
export async function admit(roles: Role[], door: '/e' | '/sign-in' | '/p'): Promise<void> {
	if (!session.me) await session.load()
	if (!session.me) redirect(307, door)
	if (session.me.limited) redirect(307, '/account')
	if (session.me.noSay && door !== '/p') redirect(307, '/pupil')
	const message = sessionStorage.getItem(waiting)
	if (message) {
		sessionStorage.removeItem(waiting)
		redirect(307, `/o/${encodeURIComponent(message)}`)
	}
	if (!roles.includes(session.me.role)) redirect(307, homeOf(session.me.role))
}
