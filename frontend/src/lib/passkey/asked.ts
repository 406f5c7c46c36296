/**
 * What the browser's sheet gave; undefined where the person closed it, or the device could not. Browsers say so in several
 * ways (NotAllowedError, AbortError, InvalidStateError); for the person all are one.
 */
export async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential | undefined> {
	try {
		const credential = await ask()
		return credential instanceof PublicKeyCredential ? credential : undefined
	} catch (error) {
		if (error instanceof DOMException) return undefined
		throw error
	}
}
