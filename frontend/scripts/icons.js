// Draws the PNG icons from static/icon.svg, so that no picture is kept in the repository.
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { initWasm, Resvg } from '@resvg/resvg-wasm'

const wasm = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')
await initWasm(readFileSync(wasm))

const svg = readFileSync('static/icon.svg', 'utf8')
// Maskable icons are cut to any shape: the ground fills the square, the drawing keeps to the safe circle.
const full = svg.replace('rx="112"', 'rx="0"')

for (const [name, size, source] of [
	['icon-192.png', 192, svg],
	['icon-512.png', 512, svg],
	['icon-180.png', 180, full],
	['icon-maskable-512.png', 512, full]
]) {
	const image = new Resvg(source, { fitTo: { mode: 'width', value: size } }).render()
	writeFileSync(`static/${name}`, image.asPng())
}
