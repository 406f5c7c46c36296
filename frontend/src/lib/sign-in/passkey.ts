import { api, call } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import type { Me } from '$lib/api/types'
import { fromBase64, toBase64 } from '$lib/base64'
import { asked } from '$lib/passkey/asked'

/** Registering and signing in by passkey (W3C WebAuthn 3). Declarations are signed elsewhere. */

/** What came of asking for a passkey; `cancelled` when the person closed the browser's sheet, or had none. */
export type Asked<T> = { data: T } | { problem: Problem } | { cancelled: true }

/** Whether this browser knows passkeys at all. */
export const knowsPasskeys = () => 'PublicKeyCredential' in globalThis && 'credentials' in navigator

/** Whether it can offer them among the suggestions of a field (conditional UI). */
export async function suggestsPasskeys(): Promise<boolean> {
	return knowsPasskeys() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false)
}

/** Makes a passkey for whoever is signed in. */
export async function addPasskey(): Promise<Asked<{ id: string }>> {
	const { data: begun, problem } = await call(api.POST('/api/v1/session/passkey/registration'))
	if (problem) return { problem }
	const made = await asked(() =>
		navigator.credentials.create({
			publicKey: {
				challenge: fromBase64(begun.challenge),
				rp: { id: begun.rpId, name: begun.rpName },
				user: { id: fromBase64(begun.userHandle), name: begun.userName, displayName: begun.userName },
				pubKeyCredParams: begun.algorithms.map((alg) => ({ type: 'public-key', alg })),
				excludeCredentials: begun.exclude.map((id) => ({ type: 'public-key', id: fromBase64(id) })),
				authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
				attestation: 'none'
			}
		})
	)
	if (!made || !(made.response instanceof AuthenticatorAttestationResponse)) return { cancelled: true }
	const result = await call(
		api.POST('/api/v1/passkeys', {
			body: {
				state: begun.state,
				credential: toBase64(made.rawId),
				clientData: toBase64(made.response.clientDataJSON),
				attestation: toBase64(made.response.attestationObject)
			}
		})
	)
	return result.problem ? { problem: result.problem } : { data: result.data }
}

interface How {
	/** Whether others use this device too; asked when the passkey has been found. */
	shared?: () => boolean
	/** Wait among the suggestions of a field instead of asking at once. */
	suggest?: boolean
	/** Ends the waiting. */
	signal?: AbortSignal
}

/** Signs in by passkey; whoever was signed in here before is signed out. */
export async function signInByPasskey({ shared, suggest, signal }: How = {}): Promise<Asked<Me>> {
	const { data: begun, problem } = await call(api.POST('/api/v1/session/passkey/challenge'))
	if (problem) return { problem }
	const found = await asked(() =>
		navigator.credentials.get({
			mediation: suggest ? 'conditional' : 'optional',
			signal,
			publicKey: { challenge: fromBase64(begun.challenge), rpId: begun.rpId, userVerification: 'required' }
		})
	)
	if (!found || !(found.response instanceof AuthenticatorAssertionResponse)) return { cancelled: true }
	const result = await call(
		api.POST('/api/v1/session/passkey', {
			body: {
				state: begun.state,
				credential: toBase64(found.rawId),
				userHandle: toBase64(found.response.userHandle),
				authenticatorData: toBase64(found.response.authenticatorData),
				clientData: toBase64(found.response.clientDataJSON),
				signature: toBase64(found.response.signature),
				shared: shared?.()
			}
		})
	)
	return result.problem ? { problem: result.problem } : { data: result.data }
}

/** Whether only signing in afresh by passkey would let this through. */
export const wantsPasskey = (problem: Problem | undefined): boolean => problem?.code === 'passkey_needed'
