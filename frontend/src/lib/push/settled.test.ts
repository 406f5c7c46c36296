import { afterEach, describe, expect, it, vi } from 'vitest'
import { closeSettled, showOpen } from './settled'

const answers: Record<string, object> = {
	open: { status: 200, data: { path: '/home', settled: false } },
	done: { status: 200, data: { path: '/home', settled: true } },
	foreign: { status: 404, problem: { code: 'not_found' } },
	down: { status: 503, problem: { code: 'busy' } }
}
const asked = vi.hoisted(() => [] as string[])

vi.mock('$lib/api/client', () => ({
	api: { GET: (_: string, { params }: { params: { path: { id: string } } }) => params.path.id },
	call: async (id: string) => (asked.push(id), answers[id])
}))

afterEach(() => vi.unstubAllGlobals())

describe('what messages have put up', () => {
	it('goes once its matter is done or it was of somebody else', async () => {
		const closed: string[] = []
		const shown = ['/o/open', '/o/done', '/o/foreign', '/o/down', '/devices', undefined].map((path) => ({
			data: path && { path },
			close: () => closed.push(String(path))
		}))
		vi.stubGlobal('navigator', {
			serviceWorker: { getRegistration: async () => ({ getNotifications: async () => shown }) }
		})
		await closeSettled()
		expect(closed).toEqual(['/o/done', '/o/foreign'])
		expect(asked).toEqual(['open', 'done', 'foreign', 'down'])
	})

	it('is a number on the symbol, and none at zero', async () => {
		const set = vi.fn(async () => undefined)
		const clear = vi.fn(async () => undefined)
		vi.stubGlobal('navigator', { setAppBadge: set, clearAppBadge: clear })
		await showOpen(2)
		await showOpen(0)
		expect(set.mock.calls).toEqual([[2]])
		expect(clear).toHaveBeenCalledOnce()
		vi.stubGlobal('navigator', {})
		await expect(showOpen(1)).resolves.toBeUndefined()
	})
})
