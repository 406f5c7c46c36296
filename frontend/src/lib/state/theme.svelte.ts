export type Theme = 'system' | 'light' | 'dark'

/** The colour scheme, by an attribute on the root: Vite's light-dark() follows CSS rules, not element styles. */
class ThemeChoice {
	value = $state<Theme>('system')

	start() {
		const kept = localStorage.getItem('theme')
		if (kept === 'light' || kept === 'dark') this.choose(kept)
	}

	choose(theme: Theme) {
		this.value = theme
		if (theme === 'system') {
			localStorage.removeItem('theme')
			delete document.documentElement.dataset.theme
		} else {
			localStorage.setItem('theme', theme)
			document.documentElement.dataset.theme = theme
		}
	}
}

export const theme = new ThemeChoice()
