import { createHmac } from 'node:crypto'

const period = 30_000 // ms
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The latest step whose code was used, by secret and server: each code counts once. */
const used = new Map<string, number>()

/** A code that was not used yet: of now, or of the next step, which counts as well; else it waits for one. */
export async function freshCode(secret: string, server: string): Promise<string> {
	const key = `${server} ${secret}`
	const step = Math.max(Math.floor(Date.now() / period), (used.get(key) ?? 0) + 1)
	used.set(key, step)
	const early = (step - 1) * period - Date.now()
	if (early > 0) await new Promise((wake) => setTimeout(wake, early))
	return codeOf(secret, step)
}

/** RFC 6238 with SHA-1 and six digits. */
function codeOf(secret: string, step: number): string {
	const counter = Buffer.alloc(8)
	counter.writeBigUInt64BE(BigInt(step))
	const digest = createHmac('sha1', decode(secret)).update(counter).digest()
	const offset = digest[19]! & 15
	return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

function decode(base32: string): Buffer {
	const bits = [...base32.replaceAll(/\s/g, '')]
		.map((symbol) => alphabet.indexOf(symbol).toString(2).padStart(5, '0'))
		.join('')
	return Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)))
}
