import type { HandleClientError } from '@sveltejs/kit'

/** An address that leads nowhere is no fault of the app: the page says so, the console stays silent. */
export const handleError: HandleClientError = ({ error, status }) => {
	if (status !== 404) console.error(error)
}
