/** Bytes travel to and from our API in standard base64 (RFC 4648, section 4). */
export function toBase64(bytes: ArrayBuffer | null): string {
	return bytes ? btoa(String.fromCharCode(...new Uint8Array(bytes))) : ''
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(atob(text), (symbol) => symbol.charCodeAt(0))
}
