// Measures a guardian's first screens as Lighthouse's phone sees them, served by the built program, and fails when a
// limit is missed: the entry that the letter leads to, and the letter itself, signed in.
//
// Usage: node scripts/lighthouse.js PROGRAM
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const limits = { performance: 95, accessibility: 100 }
const scriptLimit = 75 // KB, brotli
const runs = 3 // the middle score counts
const program = resolve(process.argv[2] ?? '../bin/einverstanden')

const folder = mkdtempSync(join(tmpdir(), 'einverstanden-lighthouse-'))
let missed = false
try {
	missed = (await withDemo(measure)) || missed
} finally {
	rmSync(folder, { recursive: true })
}
process.exitCode = missed ? 1 : 0

/** Serves a fresh demo school while work runs. */
async function withDemo(work) {
	const address = `localhost:${await freePort()}`
	const demo = spawn(program, ['demo'], {
		env: { ...process.env, EINVERSTANDEN_DATA: folder, EINVERSTANDEN_ADDR: address },
		stdio: 'ignore'
	})
	const ended = once(demo, 'exit')
	try {
		while (!(await answers(`http://${address}/readyz`))) {
			if (demo.exitCode !== null) throw new Error('the demo ended before it was ready')
			await new Promise((wake) => setTimeout(wake, 50))
		}
		return await work(JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')))
	} finally {
		demo.kill('SIGTERM')
		await ended
	}
}

async function answers(url) {
	try {
		return (await fetch(url)).ok
	} catch {
		return false
	}
}

async function freePort() {
	const probe = createServer().listen(0, 'localhost')
	await once(probe, 'listening')
	const { port } = probe.address()
	probe.close()
	await once(probe, 'close')
	return port
}

async function measure({ baseUrl, accounts, ids }) {
	let over = printScriptSize()
	const Cookie = await signIn(baseUrl, accounts.guardian)
	const screens = [
		{ name: 'entry', url: `${baseUrl}/e` },
		{ name: 'home', url: `${baseUrl}/home`, headers: { Cookie } },
		{ name: 'letter', url: `${baseUrl}/home/${ids.pupil}`, headers: { Cookie } }
	]
	for (const screen of screens) {
		const scores = { performance: [], accessibility: [] }
		for (let run = 0; run < runs; run++) {
			const found = await visit(screen)
			for (const category of Object.keys(limits)) scores[category].push(found[category])
		}
		for (const [category, limit] of Object.entries(limits)) {
			const score = scores[category].sort((a, b) => a - b)[Math.floor(runs / 2)]
			over =
				print(`${screen.name}: Lighthouse mobile, ${category}`, score, '', 'at least', limit, score >= limit) || over
		}
	}
	return over
}

/** The cookies of a guardian who came by the letter. */
async function signIn(baseUrl, { letterNo, secret, birthDate }) {
	const reply = await fetch(`${baseUrl}/api/v1/session/letter`, {
		method: 'POST',
		headers: { 'Content-Type': 'application/json', 'X-App': '1', Origin: baseUrl },
		body: JSON.stringify({ letterNo, secret, birthDate })
	})
	if (!reply.ok) throw new Error(`signing in was answered by ${reply.status}`)
	return reply.headers
		.getSetCookie()
		.map((cookie) => cookie.split(';')[0])
		.join('; ')
}

/** One visit by a browser that knows nothing yet. */
async function visit({ url, headers }) {
	const browser = await launch({
		chromePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
		chromeFlags: [
			'--headless=new',
			'--no-sandbox', // CI runs as root
			'--disable-gpu',
			'--disable-quic',
			'--lang=de-DE'
		]
	})
	try {
		const { lhr } = await lighthouse(url, {
			port: browser.port,
			onlyCategories: Object.keys(limits),
			formFactor: 'mobile',
			extraHeaders: headers,
			logLevel: 'error'
		})
		if (lhr.runtimeError) throw new Error(lhr.runtimeError.message)
		if (new URL(lhr.finalDisplayedUrl).pathname !== new URL(url).pathname)
			throw new Error(`${url} led to ${lhr.finalDisplayedUrl}`)
		return Object.fromEntries(
			Object.entries(lhr.categories).map(([name, { score }]) => [name, Math.round(score * 100)])
		)
	} finally {
		await browser.kill()
	}
}

/** Takes the size of the scripts from the budget, which counts what each screen loads. */
function printScriptSize() {
	const { stdout: said } = spawnSync('node', ['scripts/budget.js'], { encoding: 'utf8' })
	let over = false
	for (const [, screen, size] of said.matchAll(/^(entry|home|letter) +script +([\d.]+)/gm))
		over =
			print(`${screen}: JavaScript, brotli`, Number(size), 'KB', 'at most', scriptLimit, size <= scriptLimit) || over
	return over
}

/** Prints a figure like scripts/benchmark does, and gives back whether its limit was missed. */
function print(name, value, unit, bound, limit, holds) {
	const figure = value.toFixed(2).padStart(9)
	console.log(`   ${name.padEnd(58)} ${figure} ${unit.padEnd(4)} ${bound} ${limit}  ${holds ? 'ok' : 'MISSED'}`)
	return !holds
}
