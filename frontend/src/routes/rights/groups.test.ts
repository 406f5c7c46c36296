import { describe, expect, it } from 'vitest'
import document from '../../../../backend/api/openapi.json'
import { languages } from '$lib/i18n/languages'
import { groupOf, groups } from './groups'

const files = import.meta.glob<{ permission: object; group: object }>('$lib/i18n/locales/*/rights.json', {
	import: 'default',
	eager: true
})

const permissions = [...document.components.schemas.RightBody.properties.permission.enum].sort()

describe('who sees what', () => {
	it('speaks of every permission that the server knows', () => {
		expect(Object.keys(groupOf).sort()).toEqual(permissions)
		expect([...new Set(Object.values(groupOf))].sort()).toEqual([...groups].sort())
	})

	for (const { tag } of languages) {
		it(`has a text for each of them in ${tag}`, () => {
			const texts = Object.entries(files).find(([path]) => path.includes(`/${tag}/`))![1]
			expect(Object.keys(texts.permission).sort()).toEqual(permissions)
			expect(Object.keys(texts.group).sort()).toEqual([...groups].sort())
		})
	}
})
