/** What a statement may hold: text and whole numbers. Members that are undefined are left out. */
export type Value = string | number | Value[] | { [name: string]: Value | undefined }

/**
 * The one way to write a value that the server signs and hashes, too (backend/proof/canonical.go): RFC 8785 with text
 * in NFC and whole numbers alone.
 */
export function canonical(value: Value): string {
	if (typeof value === 'string') return JSON.stringify(composed(value))
	if (typeof value === 'number') {
		if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number that every reader keeps`)
		return String(value)
	}
	if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
	const members = Object.entries(value)
		.filter((member): member is [string, Value] => member[1] !== undefined)
		.map(([name, inner]) => [composed(name), canonical(inner)] as const)
		.sort(([a], [b]) => (a < b ? -1 : 1)) // by UTF-16 code units
	return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${inner}`).join()}}`
}

/** Half a character, as broken keyboards leave it, reaches the server as U+FFFD. */
const composed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd').normalize('NFC')

const encoder = new TextEncoder()

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text)

export async function sha256(...parts: Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
	const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
	let end = 0
	for (const part of parts) {
		all.set(part, end)
		end += part.length
	}
	return new Uint8Array(await crypto.subtle.digest('SHA-256', all))
}

export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
