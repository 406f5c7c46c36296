/** What the server calls a receipt's file: the end of its id, and no name of a person. */
export const fileNameOf = (id: string, ending: 'json' | 'pdf'): string => `beleg-${id.slice(-8)}.${ending}`
