import { expect, it } from 'vitest'
import { free, keyOf, words } from './groups'

const group = { kind: 'group' as const, id: '17', name: 'Lehrer' }

it('tells a group from a role of the same id, and from a group of the same name', () => {
	expect(keyOf(group)).not.toBe(keyOf({ ...group, kind: 'role' }))
	expect(free([group, { ...group, id: '99' }, { ...group, kind: 'role' }], [{ kind: 'group', id: '17' }])).toEqual([
		{ ...group, id: '99' },
		{ ...group, kind: 'role' }
	])
})

it('shows the id beside the name, once', () => {
	expect(words(group)).toBe('Lehrer (17)')
	expect(words({ kind: 'role', id: 'ROLE_TEACHER' })).toBe('ROLE_TEACHER')
	expect(words({ kind: 'group', id: 'chor', name: 'chor' })).toBe('chor')
})
