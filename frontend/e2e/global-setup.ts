import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from './demo'

/** Makes one demo school, which every test copies: making it takes longer than copying it. */
export default async function makeTemplate(): Promise<() => Promise<void>> {
	const folder = await mkdtemp(join(tmpdir(), 'einverstanden-e2e-'))
	process.env.E2E_TEMPLATE = join(folder, 'template')
	const server = await serve(process.env.E2E_TEMPLATE)
	await server.stop()
	return () => rm(folder, { recursive: true })
}
