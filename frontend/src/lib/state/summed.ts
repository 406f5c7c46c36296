const pause = 5000 // ms; a screen reader must not talk through the lesson

/**
 * Sums changes up: says how many there are, at most once in five seconds, and only when there are more than were said. It
 * is given a number and nothing else, so that no name can be read aloud in front of the class.
 */
export function summed(say: (count: number) => void): (count: number) => void {
	let latest = 0
	let said = 0
	let timer: ReturnType<typeof setTimeout> | undefined
	return (count) => {
		latest = count
		said = Math.min(said, count) // what was seen may change again
		timer ??= setTimeout(() => {
			timer = undefined
			if (latest > said) say(latest)
			said = latest
		}, pause)
	}
}
