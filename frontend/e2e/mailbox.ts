import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/smtp/server.js', import.meta.url))

/** A mail server that keeps what it is given, see scripts/smtp/server.js. */
export interface Mailbox {
	/** What a server of ours needs to send there. */
	env: Record<string, string>
	/** The links in the mails to the address, once there are any. */
	links: (address: string) => Promise<string[]>
	stop: () => Promise<void>
}

export async function openMailbox(): Promise<Mailbox> {
	const child = spawn('node', ['--no-warnings', script, JSON.stringify({ security: 'none' })], {
		stdio: ['pipe', 'pipe', 'ignore']
	})
	const ended = once(child, 'exit')
	const [line] = (await once(child.stdout, 'data')) as [Buffer]
	const { smtp, http } = JSON.parse(line.toString()) as { smtp: number; http: string }
	const linksTo = async (address: string) => {
		const mails = (await (await fetch(http)).json()) as { to: string[]; raw: string }[]
		return mails.filter(({ to }) => to.includes(address)).flatMap(({ raw }) => plain(raw).match(/^https?:\S+$/gm) ?? [])
	}
	return {
		env: {
			EINVERSTANDEN_SMTP_SERVER: `127.0.0.1:${smtp}`,
			EINVERSTANDEN_SMTP_SECURITY: 'none',
			EINVERSTANDEN_SMTP_FROM: 'einwilligung@demo.example'
		},
		links: linksTo,
		stop: async () => {
			child.stdin.end() // it ends with its input
			await ended
		}
	}
}

/** Undoes quoted-printable as far as links need it. */
const plain = (raw: string) =>
	raw
		.replaceAll('\r\n', '\n')
		.replaceAll('=\n', '')
		.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
