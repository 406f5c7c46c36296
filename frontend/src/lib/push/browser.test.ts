import { afterEach, expect, it, vi } from 'vitest'
import { needsHomeScreen } from './browser'

afterEach(() => vi.unstubAllGlobals())

function on(userAgent: string, platform: string, maxTouchPoints: number, standalone = false) {
	vi.stubGlobal('navigator', { userAgent, platform, maxTouchPoints })
	vi.stubGlobal('matchMedia', () => ({ matches: standalone }))
	return needsHomeScreen()
}

it('is on an iPhone, or an iPad that says it is a Mac, outside the home screen alone', () => {
	expect(on('Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)', 'iPhone', 5)).toBe(true)
	expect(on('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'MacIntel', 5)).toBe(true)
	expect(on('Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)', 'iPhone', 5, true)).toBe(false)
	expect(on('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'MacIntel', 0)).toBe(false)
	expect(on('Mozilla/5.0 (Linux; Android 16)', 'Linux armv8l', 5)).toBe(false)
})
