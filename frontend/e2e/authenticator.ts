import type { CDPSession, Page } from '@playwright/test'

/** Chromium's own authenticator in software: inside the device, with a screen lock that always opens. */
export async function authenticator(page: Page): Promise<{ client: CDPSession; id: string }> {
	const client = await page.context().newCDPSession(page)
	await client.send('WebAuthn.enable')
	const { authenticatorId } = await client.send('WebAuthn.addVirtualAuthenticator', {
		options: {
			protocol: 'ctap2',
			transport: 'internal',
			hasResidentKey: true,
			hasUserVerification: true,
			isUserVerified: true,
			automaticPresenceSimulation: true
		}
	})
	return { client, id: authenticatorId }
}
