import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../../scripts/oidc/provider.js', import.meta.url))

/** An OpenID provider that plays an IServ, see scripts/oidc/provider.js. */
export interface Provider {
	issuer: string
	stop: () => Promise<void>
}

export async function provide(redirect: string, accounts: Record<string, object>): Promise<Provider> {
	const settings = {
		generation: 'new',
		clients: [{ id: 'einverstanden', secret: 'ein-Geheimnis-unter-uns', redirect }],
		accounts
	}
	const child = spawn('node', ['--no-warnings', script, JSON.stringify(settings)], {
		stdio: ['pipe', 'pipe', 'ignore']
	})
	const ended = once(child, 'exit')
	const [line] = (await once(child.stdout, 'data')) as [Buffer]
	return {
		issuer: line.toString().trim(),
		stop: async () => {
			child.stdin.end() // it ends with its input
			await ended
		}
	}
}
