import type { Breach } from './api/types'
import { t } from './i18n'

export const rules = ['ON_TIME', 'NO_RECORDING', 'TALK_RULES', 'FRIENDLY', 'PRIVACY', 'FAMILY_PRIVACY'] as const
export type Rule = (typeof rules)[number]
export type Party = Breach['heard'][number]

/** A rule's words by its key, for the school's staff. */
export const ruleOf = (key: string) => t(`breach:rule.${key as Rule}`)

/** Choices of a rule for RadioCards. */
export const ruleChoices = () => rules.map((value) => ({ value, label: ruleOf(value) }))

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
