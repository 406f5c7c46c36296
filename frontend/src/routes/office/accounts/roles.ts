import type { Me, StaffRole } from '$lib/api/types'

/** The roles of staff, in the order in which they are offered. */
export const roles: StaffRole[] = ['teacher', 'office', 'head', 'dpo']

/** Whom somebody of the role may invite; the server decides it all the same. */
export const invitable = (by: Me['role'] | undefined): StaffRole[] =>
	by === 'head' ? roles : by === 'office' ? ['teacher', 'office'] : []
