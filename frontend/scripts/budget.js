// Prints what a guardian downloads before reading the letter, and fails above the budget (KB, brotli).
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

const root = 'build/app'
const limits = { script: 75, style: 12, language: 15 }
const manifest = JSON.parse(readFileSync('.svelte-kit/output/client/.vite/manifest.json', 'utf8'))

const kb = (file) => {
	const path = join(root, file)
	const packed = existsSync(`${path}.br`) ? statSync(`${path}.br`).size : brotliCompressSync(readFileSync(path)).length
	return packed / 1000
}

/** Everything that an entry loads before it can show itself. */
function closure(key, files = new Set(), styles = new Set()) {
	const entry = manifest[key]
	if (!entry || files.has(entry.file)) return { files, styles }
	files.add(entry.file)
	for (const style of entry.css ?? []) styles.add(style)
	for (const next of entry.imports ?? []) closure(next, files, styles)
	return { files, styles }
}

// The nodes that a page needs are named in the generated client app: layouts on the way and the page itself.
const nodes = Object.keys(manifest).filter((key) => key.includes('generated/client-optimized/nodes/'))
// Kit builds every page as an entry of its own; only these two are loaded whatever the page.
const starts = Object.keys(manifest).filter((key) => manifest[key].isEntry && !nodes.includes(key))
const app = readFileSync('.svelte-kit/generated/client-optimized/app.js', 'utf8')
const pages = { entry: '/e', home: '/home', letter: '/home/[pupil]' }

let failed = false
for (const [name, route] of Object.entries(pages)) {
	const match = app.match(new RegExp(`"${route.replace(/[[\]/]/g, '\\$&')}": \\[(-?\\d+)(?:,\\s*\\[([\\d,]*)\\])?`))
	if (!match) throw new Error(`no route ${route}`)
	const page = Math.abs(Number(match[1])) - (Number(match[1]) < 0 ? 1 : 0)
	const wanted = [0, page, ...(match[2] ? match[2].split(',').filter(Boolean).map(Number) : [])]
	const files = new Set()
	const styles = new Set()
	for (const key of starts) closure(key, files, styles)
	for (const node of nodes) if (wanted.includes(Number(node.match(/(\d+)\.js$/)?.[1]))) closure(node, files, styles)
	report(name, 'script', [...files])
	report(name, 'style', [...styles])
}
const assets = join(root, '_app/immutable/assets')
for (const file of readdirSync(assets).filter((f) => f.endsWith('.json')))
	report(file, 'language', [`_app/immutable/assets/${file}`])

function report(name, kind, files) {
	const sum = files.reduce((total, file) => total + kb(file), 0)
	const over = sum > limits[kind]
	failed ||= over
	console.log(
		`${name.padEnd(28)} ${kind.padEnd(9)} ${sum.toFixed(1).padStart(6)} KB of ${limits[kind]}${over ? '  TOO MUCH' : ''}`
	)
}
process.exit(failed ? 1 : 0)
