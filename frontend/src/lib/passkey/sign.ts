import type { components } from '$lib/api/schema'
import { fromBase64, toBase64 } from '$lib/base64'
import { asked } from './asked'
import { challengeOf, declare, type Request, type Signing } from './declaration'

export type Assertion = components['schemas']['AssertionBody']

const timeout = 5 * 60 * 1000 // nobody is hurried while looking for a device

/**
 * Has a passkey of the person sign what is about to be sent (W3C WebAuthn 3, section 7.2), with its owner verified by
 * the device. Undefined where the person closed the dialog, or the device could not: nothing has happened then.
 */
export async function sign(request: Request, signing: Signing): Promise<Assertion | undefined> {
	const { declaration } = await declare(request, signing)
	const challenge = await challengeOf(signing.nonce, declaration)
	const credential = await asked(() =>
		navigator.credentials.get({
			publicKey: {
				challenge,
				rpId: location.hostname,
				allowCredentials: signing.credentials.map((id) => ({ type: 'public-key', id: fromBase64(id) })),
				userVerification: 'required',
				timeout
			}
		})
	)
	if (!credential) return undefined
	const { authenticatorData, clientDataJSON, signature } = credential.response as AuthenticatorAssertionResponse
	return {
		state: signing.state,
		credential: toBase64(credential.rawId),
		authenticatorData: toBase64(authenticatorData),
		clientData: toBase64(clientDataJSON),
		signature: toBase64(signature)
	}
}
