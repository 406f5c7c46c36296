import type { OidcGroup } from '$lib/api/types'

/** Kind and id say which group it is; two groups may share an id, and any number a name. */
export const keyOf = ({ kind, id }: OidcGroup) => `${kind}:${id}`

/** The name for people, with the id that counts. */
export const words = ({ id, name }: OidcGroup) => (name && name !== id ? `${name} (${id})` : id)

/** The seen groups that are not in the list yet. */
export function free(seen: OidcGroup[], taken: OidcGroup[]): OidcGroup[] {
	const keys = new Set(taken.map(keyOf))
	return seen.filter((group) => !keys.has(keyOf(group)))
}
