import { admit } from '$lib/guard'

export const load = () => admit(['office', 'head'], '/sign-in')
