import type { components } from '$lib/api/schema'
import { fromBase64 } from '$lib/base64'
import { bytesOf, canonical, hex, sha256, type Value } from './canonical'

type Schemas = components['schemas']
export type Signing = Schemas['SigningBody']
export type Body = Schemas['DecideInputBody']

/** What is about to be sent: its Idempotency-Key and body, and for whom. */
export interface Request {
	pupil: string
	key: string
	body: Body
}

/** The declaration of a request, as the server will put it together (backend/consent/statement.go). */
export interface Declared {
	/** Canonical JSON. */
	declaration: string
	/** Canonical JSON of what a shared receipt leaves out; the declaration names its hash. */
	private: string
	/** Hex. */
	privateSha256: string
}

export async function declare({ pupil, key, body }: Request, signing: Signing): Promise<Declared> {
	const hidden = canonical({
		birthDate: filled(signing.birthDate),
		blind: signing.blind,
		place: filled(body.place && oneLine(body.place)),
		signature: body.signature && signatureOf(body.signature)
	})
	const privateSha256 = hex(await sha256(bytesOf(hidden)))
	const declaration = canonical({
		school: signing.school,
		pupil,
		person: { kind: signing.person.kind, id: signing.person.id },
		purpose: signing.purpose,
		answer: body.answer,
		formVersion: body.formVersion,
		textSha256: body.textSha256,
		language: body.language,
		relation: filled(body.relation),
		privateSha256,
		after: filled(body.after),
		idempotencyKey: key
	})
	return { declaration, private: hidden, privateSha256 }
}

/** What a passkey signs (backend/proof/passkey.go). */
export async function challengeOf(nonce: string, declaration: string): Promise<Uint8Array<ArrayBuffer>> {
	const prefix = bytesOf('einverstanden-declaration-v1')
	return sha256(prefix, fromBase64(nonce), await sha256(bytesOf(declaration)))
}

/** Empty members are left out. */
const filled = <T extends string>(text: T | null | undefined): T | undefined => text || undefined

/** As the server cleans what people type; \s would take a byte order mark for white space, and not know U+0085. */
const oneLine = (text: string): string =>
	text
		.normalize('NFC')
		.split(/\p{White_Space}+/u)
		.filter(Boolean)
		.join(' ')

function signatureOf({ kind, name, width, height, strokes }: Schemas['SignatureBody']): Value {
	if (kind === 'typed') return { kind, name: oneLine(name ?? '') }
	const lines = (strokes ?? []).map((stroke) => (stroke ?? []).map(({ x, y }) => ({ x, y })))
	return { kind, width, height, strokes: lines }
}
