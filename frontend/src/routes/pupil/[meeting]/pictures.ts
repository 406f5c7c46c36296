/** A picture for each rule by its key: one path on a grid of 64 units, drawn with one stroke. Own drawings. */
const pictures: Record<string, string> = {
	// a clock whose hands show the agreed time, and a check
	ON_TIME: 'M28 52a22 22 0 1 1 20.5-14M28 16v14l9 6M42 50l6 6 11-12',
	// a camera that is crossed out
	NO_RECORDING:
		'M8 22a4 4 0 0 1 4-4h8l4-6h14l4 6h10a4 4 0 0 1 4 4v26a4 4 0 0 1-4 4H12a4 4 0 0 1-4-4zM32 44a10 10 0 1 0 0-20 10 10 0 0 0 0 20M8 58L56 8',
	// one speaks, another raises a hand
	TALK_RULES:
		'M8 14a4 4 0 0 1 4-4h24a4 4 0 0 1 4 4v14a4 4 0 0 1-4 4H22l-8 8v-8h-2a4 4 0 0 1-4-4zM16 18h16M16 24h10M46 46a6 6 0 1 0 0-12 6 6 0 0 0 0 12M36 59a10 10 0 0 1 19-4M55 55l4-27',
	// a smile
	FRIENDLY: 'M32 56a24 24 0 1 0 0-48 24 24 0 0 0 0 48M23 26v3M41 26v3M20 38c3 6 7 9 12 9s9-3 12-9',
	// a group within a shield
	PRIVACY:
		'M32 6l22 8v16c0 14-9 23-22 28-13-5-22-14-22-28V14zM25 31a5 5 0 1 0 0-10 5 5 0 0 0 0 10M16 43a9 9 0 0 1 18 0M41 31a4 4 0 1 0-2-8M39 35a8 8 0 0 1 9 8',
	// a home with a closed curtain
	FAMILY_PRIVACY: 'M6 32L32 8l26 24M12 28v28h40V28M23 56V38h18v18M32 38c0 8-4 12-9 14M32 38c0 8 4 12 9 14'
}

/** A rule of a school's own has a page with lines. */
const unknown = 'M14 8h28l8 8v40H14zM42 8v8h8M22 26h20M22 34h20M22 42h12'

export const pictureOf = (key: string) => pictures[key] ?? unknown
