import type { Permission } from '$lib/api/types'

/** The parts of the page, in their order. */
export const groups = ['family', 'lesson', 'records', 'proof', 'access', 'public'] as const
export type Group = (typeof groups)[number]

/** Where each permission stands. One that the server knows and this list does not is a type error. */
export const groupOf: Record<Permission, Group> = {
	public: 'public',
	self: 'access',
	decide_for_child: 'family',
	link_devices: 'access',
	see_modes: 'lesson',
	see_classes: 'lesson',
	see_all_classes: 'lesson',
	count_open: 'lesson',
	plan_meetings: 'lesson',
	change_meetings: 'lesson',
	run_meetings: 'lesson',
	set_up_rooms: 'lesson',
	set_up_meetings: 'lesson',
	contact_otherwise: 'lesson',
	count_contacts: 'lesson',
	receive_withdrawal: 'family',
	see_pupils: 'records',
	record_for_others: 'family',
	import_lists: 'records',
	issue_letters: 'access',
	edit_guardianships: 'records',
	give_classes: 'lesson',
	erase_people: 'records',
	approve_large_moves: 'records',
	see_evidence: 'proof',
	see_proof: 'proof',
	keep_own_sign_in: 'access',
	invite_staff: 'access',
	manage_accounts: 'access',
	manage_tokens: 'access',
	see_own_day: 'lesson',
	open_for_child: 'access',
	report_breach: 'lesson',
	see_rules: 'lesson',
	see_sanctions: 'records',
	decide_sanctions: 'records',
	issue_cards: 'access',
	publish_rules: 'lesson',
	keep_notices: 'family',
	see_messages: 'records',
	receive_push: 'access',
	send_reminders: 'family',
	set_up_oidc: 'access',
	link_oidc: 'access'
}

/** The columns, in their order. Whoever has not signed in has one line of their own. */
export const columns = ['guardian', 'pupil', 'teacher', 'office', 'head', 'dpo', 'program'] as const
