declare global {
	namespace App {
		interface PageState {
			/** Step of the letter; absent on the first. */
			step?: 'choose' | 'sign' | 'check'
		}
	}
}

export {}
