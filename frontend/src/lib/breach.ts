import { api, call } from './api/client'
import type { Breach } from './api/types'

export type Party = Breach['heard'][number]

/** The rules in force at the school, as choices for RadioCards. */
export async function ruleChoices() {
	const { data, problem } = await call(api.GET('/api/v1/rules'))
	return { choices: data?.items.map(({ key, title }) => ({ value: key, label: title })) ?? [], problem }
}

/** Today at the school, as <input type="date"> writes it. */
export const today = () => new Intl.DateTimeFormat('sv', { timeZone: 'Europe/Berlin' }).format(new Date())

/** The ticks of HearingFields as the API takes them. */
export function heardOf(ticks: { pupil: boolean; parents: boolean; classTeacher: boolean }): Party[] {
	const heard: Party[] = []
	if (ticks.pupil) heard.push('pupil')
	if (ticks.parents) heard.push('parents')
	if (ticks.classTeacher) heard.push('class_teacher')
	return heard
}
