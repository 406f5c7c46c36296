/**
 * The link of the class that a tablet stands at, kept by this page alone: after "Ich bin fertig" the next child finds
 * its tile. A card's key is never kept.
 */
let classKey = ''

export const pupilDoor = {
	get classKey() {
		return classKey
	},
	keep(key: string) {
		classKey = key
	}
}
