/** Whether the browser believes to be online. It may be wrong: a failed call is the better witness. */
class Connection {
	online = $state(typeof navigator === 'undefined' || navigator.onLine)

	watch() {
		addEventListener('online', () => (this.online = true))
		addEventListener('offline', () => (this.online = false))
	}
}

export const connection = new Connection()
