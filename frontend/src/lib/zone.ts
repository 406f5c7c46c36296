/** The zone that the app shows times in. The server knows the school's own. */
const zone = 'Europe/Berlin'

const wall = new Intl.DateTimeFormat('sv', {
	timeZone: zone,
	year: 'numeric',
	month: '2-digit',
	day: '2-digit',
	hour: '2-digit',
	minute: '2-digit'
})

/** The civil day of an instant, as YYYY-MM-DD. */
export const dayOf = (instant: Date | string): string => wall.format(new Date(instant)).slice(0, 10)

/** The time of day of an instant, as HH:MM. */
export const clockOf = (instant: Date | string): string => wall.format(new Date(instant)).slice(11)

/** The instant at which the school's clock shows day and time, wherever the device is; undefined when there is no such time. */
export function instantOf(day: string, time: string): Date | undefined {
	const asUtc = Date.parse(`${day}T${time}:00Z`)
	if (Number.isNaN(asUtc)) return undefined
	const shown = (at: number) => Date.parse(`${wall.format(new Date(at)).replace(' ', 'T')}:00Z`)
	const first = asUtc - (shown(asUtc) - asUtc)
	return new Date(first - (shown(first) - asUtc)) // once more, because the clocks may change in between
}

/** The civil day so many days later. */
export const addDays = (day: string, days: number): string =>
	new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** The Monday of the day's week. */
export const mondayOf = (day: string): string => addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
