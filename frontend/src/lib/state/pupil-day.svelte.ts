import { api, call } from '$lib/api/client'
import type { Problem } from '$lib/api/problem'
import type { components } from '$lib/api/schema'
import type { Mode } from '$lib/api/types'

type Day = components['schemas']['MyDayBody']
export type OwnMeeting = Omit<Day['meetings'][number], 'mode'> & { mode?: Mode }

/** The one owner of a pupil's day: pages read it, `load` alone changes it. */
class PupilDay {
	day = $state<Omit<Day, 'meetings' | 'mode'> & { mode: Mode; meetings: OwnMeeting[] }>()
	problem = $state<Problem>()
	/** The moment as of which the pages show what is open or running. */
	now = $state(Date.now())

	async load(): Promise<void> {
		const result = await call(api.GET('/api/v1/my-day'))
		this.problem = result.problem
		if (result.data) this.day = result.data as NonNullable<PupilDay['day']>
		this.now = Date.now()
	}

	/** Whoever comes next on this device sees nothing of it. */
	clear() {
		this.day = this.problem = undefined
	}

	meeting(id: string): OwnMeeting | undefined {
		return this.day?.meetings.find((meeting) => meeting.id === id)
	}

	isOpen(meeting: OwnMeeting): boolean {
		return Date.parse(meeting.opensAt) <= this.now && this.now < Date.parse(meeting.endsAt)
	}

	runs(meeting: OwnMeeting): boolean {
		return Date.parse(meeting.startsAt) <= this.now && this.now < Date.parse(meeting.endsAt)
	}
}

export const pupilDay = new PupilDay()
