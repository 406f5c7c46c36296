import { expect, it } from 'vitest'
import shipped from '../../../../../backend/rules/content/rules.json'
import { pictureOf } from './pictures'

it('draws a picture of its own for each rule that is shipped', () => {
	const drawn = shipped.rules.map(({ key }) => pictureOf(key))
	expect(drawn).not.toContain(pictureOf('a rule of the school’s own'))
	expect(new Set(drawn).size).toBe(6)
})
