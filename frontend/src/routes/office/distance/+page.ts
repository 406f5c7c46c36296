import { admit } from '$lib/guard'

export const load = () => admit(['head'], '/sign-in')
