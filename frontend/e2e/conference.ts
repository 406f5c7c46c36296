import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A BigBlueButton that plays along, see scripts/conference/main.go. */
export interface Conference {
	url: string
	secret: string
	/** Changes the open rooms, or how the server fails. */
	play: (line: string) => Promise<void>
	stop: () => Promise<void>
}

export async function startConference(): Promise<Conference> {
	const child = spawn(process.env.E2E_CONFERENCE!, { stdio: ['pipe', 'pipe', 'ignore'] })
	const ended = once(child, 'exit')
	const said = async () => ((await once(child.stdout, 'data')) as [Buffer])[0].toString().trim()
	const [url, secret] = (await said()).split(' ') as [string, string]
	return {
		url,
		secret,
		play: async (line) => {
			const answer = said()
			child.stdin.write(`${line}\n`)
			await answer
		},
		stop: async () => {
			child.stdin.end() // it ends with its input
			await ended
		}
	}
}
