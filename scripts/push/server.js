import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const largest = 4096 // bytes of a message

/**
 * The push service that Firefox talks to, as far as a test needs it: Mozilla's protocol over a WebSocket for the
 * browser, RFC 8030 over HTTP for the sender. All in memory, on the loopback address. It verifies no signature; whoever
 * uses it judges `posts`.
 */
export class PushServer {
	/** What senders posted, in order: path, headers, status. */
	posts = []
	/** What browsers acknowledged, in order: 100 reached the worker, 101 could not be decrypted. */
	acks = []
	#channels = new Map() // token → { uaid, channelID, key }
	#sockets = new Map() // uaid → WebSocket
	#waiting = new Map() // uaid → notifications
	#http = createServer((request, response) => void this.#receive(request, response))

	async start() {
		const sockets = new WebSocketServer({ server: this.#http, handleProtocols: () => 'push-notification' })
		sockets.on('connection', (socket) => socket.on('message', (data) => this.#hear(socket, String(data))))
		this.#http.listen(0, '127.0.0.1')
		await once(this.#http, 'listening')
		this.url = `http://127.0.0.1:${this.#http.address().port}`
		return this
	}

	stop() {
		for (const socket of this.#sockets.values()) socket.terminate()
		this.#http.close()
		this.#http.closeAllConnections()
	}

	/** Lets every subscription end, as a browser does that was removed. */
	expire() {
		this.#channels.clear()
	}

	#hear(socket, text) {
		const message = JSON.parse(text)
		const answer = (body) => socket.send(JSON.stringify(body))
		switch (message.messageType) {
			case undefined: // a ping
				return answer({})
			case 'hello': {
				socket.uaid = message.uaid || randomBytes(16).toString('hex')
				this.#sockets.set(socket.uaid, socket)
				answer({ messageType: 'hello', status: 200, uaid: socket.uaid, use_webpush: true, broadcasts: {} })
				for (const waiting of this.#waiting.get(socket.uaid) ?? []) answer(waiting)
				return this.#waiting.delete(socket.uaid)
			}
			case 'register': {
				const token = randomBytes(24).toString('base64url')
				const key = message.key?.replace(/=+$/, '')
				this.#channels.set(token, { uaid: socket.uaid, channelID: message.channelID, key })
				const pushEndpoint = `${this.url}/wpush/v2/${token}`
				return answer({ messageType: 'register', channelID: message.channelID, status: 200, pushEndpoint })
			}
			case 'unregister':
				for (const [token, { channelID }] of this.#channels)
					if (channelID === message.channelID) this.#channels.delete(token)
				return answer({ messageType: 'unregister', channelID: message.channelID, status: 200 })
			case 'ack':
				return this.acks.push(...message.updates.map(({ code }) => code))
		}
	}

	async #receive(request, response) {
		const parts = []
		for await (const part of request) parts.push(part)
		const body = Buffer.concat(parts)
		const channel = this.#channels.get(request.url.replace('/wpush/v2/', ''))
		const status = this.#judge(request, body, channel)
		this.posts.push({ status, headers: request.headers, length: body.length, key: channel?.key })
		if (status === 201) this.#pass(channel, request.headers['content-encoding'], body)
		response.writeHead(status, status === 201 ? { Location: `${request.url}/m`, TTL: request.headers.ttl } : {}).end()
	}

	#judge({ method, headers }, body, channel) {
		if (!channel) return 410
		if (method !== 'POST') return 405
		if (body.length > largest) return 413
		if (headers.ttl === undefined) return 400
		if (channel.key && !/^(vapid|WebPush) /.test(headers.authorization ?? '')) return 401
		return 201
	}

	#pass({ uaid, channelID }, encoding, body) {
		const content = body.length > 0 ? { data: body.toString('base64url'), headers: { encoding } } : {}
		const message = { messageType: 'notification', channelID, version: randomUUID(), ...content }
		const socket = this.#sockets.get(uaid)
		if (socket?.readyState === 1) socket.send(JSON.stringify(message))
		else this.#waiting.set(uaid, [...(this.#waiting.get(uaid) ?? []), message])
	}
}
