/** Reads texts aloud where the device has a voice for the language; where it has none, `speaks` is false. */
class Speech {
	#voices = $state<SpeechSynthesisVoice[]>([])

	/** Voices come late in some browsers. The result stops listening, and whatever is being said. */
	start(): () => void {
		const speech = globalThis.speechSynthesis as SpeechSynthesis | undefined
		if (!speech) return () => {}
		const found = () => (this.#voices = speech.getVoices())
		found()
		speech.addEventListener?.('voiceschanged', found)
		return () => {
			speech.removeEventListener?.('voiceschanged', found)
			speech.cancel()
		}
	}

	speaks(language: string): boolean {
		return this.#voice(language) !== undefined
	}

	say(language: string, ...texts: string[]) {
		const voice = this.#voice(language)
		if (!voice) return
		speechSynthesis.cancel()
		const words = new SpeechSynthesisUtterance(texts.filter(Boolean).join(' '))
		words.voice = voice
		words.lang = voice.lang
		words.rate = 0.9 // for children
		speechSynthesis.speak(words)
	}

	stop() {
		globalThis.speechSynthesis?.cancel()
	}

	#voice(language: string): SpeechSynthesisVoice | undefined {
		const base = language.split('-')[0]!
		return this.#voices.find((voice) => voice.lang.toLowerCase().split(/[-_]/)[0] === base)
	}
}

export const speech = new Speech()
