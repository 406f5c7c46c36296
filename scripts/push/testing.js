// Plays a push service with the npm package web-push-testing, which decrypts by itself: somebody else's reading of the
// RFCs. The only argument is the port. It runs in the foreground, so that it ends with its input and leaves nothing.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { PushApiModel } = require('web-push-testing/src/PushApiModel')
const WebPushTestingServer = require('web-push-testing/src/server')

new WebPushTestingServer(new PushApiModel(), Number(process.argv[2])).startServer()
process.stdin.on('end', () => process.exit()).resume()
