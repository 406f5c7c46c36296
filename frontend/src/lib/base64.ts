/** Bytes travel to and from our API in standard base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: ArrayBuffer | Uint8Array | null): string {
	return bytes ? btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('')) : ''
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(atob(text), (symbol) => symbol.charCodeAt(0))
}
