/** A letter's secret: 13 random Crockford symbols and a check symbol over GF(2^5), x^5 + x^2 + 1. */
const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const secretLength = 14

/** What was typed, in the form that is compared: blanks, hyphens and case are forgiven, O is 0, I and L are 1. */
export function normalSecret(text: string): string {
	return text.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')
}

/** The secret in groups of four, as on the letter. */
export const groupedSecret = (text: string): string => (normalSecret(text).match(/.{1,4}/g) ?? []).join('-')

const timesX = (value: number) => ((value << 1) & 31) ^ (value & 16 ? 5 : 0)

/** Whether the check symbol fits: a single wrong symbol, and two neighbours swapped, are always found. */
export const isSecret = (text: string): boolean => isChecked(text, secretLength)

/** The code of a further device: 7 random symbols and a check symbol. */
export const deviceCodeLength = 8
export const isDeviceCode = (text: string): boolean => isChecked(text, deviceCodeLength)

function isChecked(text: string, length: number): boolean {
	const secret = normalSecret(text)
	if (secret.length !== length) return false
	let rest = 0
	for (const symbol of secret) {
		const value = symbols.indexOf(symbol)
		if (value < 0) return false
		rest = timesX(rest) ^ value
	}
	return rest === 0
}
