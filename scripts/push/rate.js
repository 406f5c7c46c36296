// Prints how many messages npm's web-push sends in a second of one processor; the settings come by the input, see
// scripts/benchmark/push.go.
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import webpush from 'web-push'

const { endpoint, p256dh, auth, payload, messages, publicKey, privateKey } = JSON.parse(readFileSync(0, 'utf8'))
const atOnce = 64
const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
const vapidDetails = { subject: 'mailto:push@schule.example', publicKey, privateKey }

async function send(count) {
	let next = 0
	const one = async () => {
		while (next++ < count)
			await webpush.sendNotification({ endpoint, keys: { p256dh, auth } }, payload, { agent, vapidDetails, TTL: 3600 })
	}
	await Promise.all(Array.from({ length: atOnce }, one))
}

await send(messages / 4) // connections are made, and the code is compiled
const before = process.cpuUsage()
await send(messages)
const { user, system } = process.cpuUsage(before)
console.log((messages / (user + system)) * 1e6)
agent.destroy()
