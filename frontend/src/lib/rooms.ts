import { t } from '$lib/i18n'

/** Who may show a camera in a room, the most careful first, as choices. */
export const styles = () =>
	(['teacher_only', 'no_cameras', 'cameras'] as const).map((value) => ({
		value,
		label: t(`rooms:style.${value}`),
		hint: t(`rooms:style.${value}Hint`)
	}))
