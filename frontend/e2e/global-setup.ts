import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { serve } from './demo'

const top = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Makes one demo school, which every test copies: making it takes longer than copying it. Beside it, the program that
 * gives a school what no screen can (stage in demo.ts), and the one that plays a conference server.
 */
export default async function makeTemplate(): Promise<() => Promise<void>> {
	const folder = await mkdtemp(join(tmpdir(), 'einverstanden-e2e-'))
	process.env.E2E_TEMPLATE = join(folder, 'template')
	process.env.E2E_STAGE = join(folder, 'stage')
	process.env.E2E_CONFERENCE = join(folder, 'conference')
	const build = ['build', '-o', `${folder}/`, './scripts/stage', './scripts/conference']
	const built = promisify(execFile)('go', build, { cwd: top, env: { ...process.env, CGO_ENABLED: '0' } })
	const server = await serve(process.env.E2E_TEMPLATE)
	await server.stop()
	await built
	return () => rm(folder, { recursive: true })
}
