import { expect, it } from 'vitest'
import { addDays, clockOf, dayOf, instantOf, mondayOf } from './zone'

it('reads the school’s clock in summer, in winter and between', () => {
	for (const [day, time, instant] of [
		['2026-11-30', '08:00', '2026-11-30T07:00:00.000Z'],
		['2026-07-01', '08:00', '2026-07-01T06:00:00.000Z'],
		['2026-10-25', '01:59', '2026-10-24T23:59:00.000Z'],
		['2026-10-25', '03:00', '2026-10-25T02:00:00.000Z'],
		['2027-03-28', '03:00', '2027-03-28T01:00:00.000Z']
	] as const) {
		const found = instantOf(day, time)!
		expect(found.toISOString()).toBe(instant)
		expect([dayOf(found), clockOf(found)]).toEqual([day, time])
	}
	expect(instantOf('', '08:00')).toBeUndefined()
})

it('counts days and weeks', () => {
	expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
	expect(addDays('2026-03-28', 7)).toBe('2026-04-04')
	for (const day of ['2026-11-30', '2026-12-03', '2026-12-06']) expect(mondayOf(day)).toBe('2026-11-30')
})
