import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

type Login = { email: string; password: string; totpSecret: string }

/** What demo.json holds: how each role signs in, and the ids that tests begin with. */
export interface Demo {
	baseUrl: string
	accounts: {
		guardian: { letterNo: string; secret: string; birthDate: string; children: string[] }
		pupil: { classLink: string; cardLink: string; pupil: string; pin: string[] }
		teacher: Login
		office: Login
		head: Login
		dpo: Login
	}
	ids: { school: string; class: string; pupil: string; meeting: string }
}

/** A demo school that runs. */
export interface Server {
	demo: Demo
	/** Ends the process and waits for it. */
	stop: () => Promise<void>
}

const binary = fileURLToPath(new URL('../../bin/einverstanden', import.meta.url))

/** Serves the demo school in the folder, made first if the folder is empty; each start has a fresh letter. */
export async function serve(folder: string, port?: number, more: Record<string, string> = {}): Promise<Server> {
	const address = `localhost:${port ?? (await freePort())}`
	const child = spawn(binary, ['demo'], {
		env: { ...process.env, EINVERSTANDEN_DATA: folder, EINVERSTANDEN_ADDR: address, ...more },
		stdio: ['ignore', 'pipe', 'pipe']
	})
	let said = ''
	child.stdout.on('data', (chunk: Buffer) => (said += chunk))
	child.stderr.on('data', (chunk: Buffer) => (said += chunk))
	const ended = once(child, 'exit')
	const answers = async () => {
		try {
			return (await fetch(`http://${address}/readyz`)).ok
		} catch {
			return false
		}
	}
	while (!(await answers())) {
		if (child.exitCode !== null) throw new Error(`the demo ended before it was ready:\n${said}`)
		await new Promise((wake) => setTimeout(wake, 30))
	}
	return {
		demo: JSON.parse(await readFile(join(folder, 'demo.json'), 'utf8')),
		stop: async () => {
			child.kill('SIGTERM')
			await ended
		}
	}
}

/** Gives the school in the folder what no screen can, see scripts/stage. */
export async function stage<Staged>(folder: string, what: 'passkey' | 'reminders', account: string): Promise<Staged> {
	const env = { ...process.env, EINVERSTANDEN_DATA: folder }
	const { stdout } = await promisify(execFile)(process.env.E2E_STAGE!, [what, account], { env })
	return JSON.parse(stdout) as Staged
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, 'localhost')
	await once(probe, 'listening')
	const { port } = probe.address() as AddressInfo
	probe.close()
	await once(probe, 'close')
	return port
}
