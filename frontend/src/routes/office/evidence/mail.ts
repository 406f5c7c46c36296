/** The first e-mail address in a contact as the school wrote it down; it may hold a telephone number beside it. */
export const emailIn = (contact: string | undefined): string =>
	contact?.match(/[^\s<>,;:()]+@[^\s<>,;:()]+\.[^\s<>,;:().]+/)?.[0] ?? ''

/** A link that opens a message to be sent by the person's own mail program (RFC 6068: lines end in CRLF). */
export function mailTo(address: string, subject: string, body: string): string {
	const part = (text: string) => encodeURIComponent(text.replace(/\r?\n/g, '\r\n'))
	return `mailto:${encodeURIComponent(address).replace(/%40/g, '@')}?subject=${part(subject)}&body=${part(body)}`
}
