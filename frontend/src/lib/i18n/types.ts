import type app from './locales/de/app.json'
import type breach from './locales/de/breach.json'
import type consent from './locales/de/consent.json'
import type door from './locales/de/door.json'
import type guardian from './locales/de/guardian.json'
import type lowering from './locales/de/lowering.json'
import type messages from './locales/de/messages.json'
import type notices from './locales/de/notices.json'
import type oidc from './locales/de/oidc.json'
import type office from './locales/de/office.json'
import type planning from './locales/de/planning.json'
import type pupil from './locales/de/pupil.json'
import type push from './locales/de/push.json'
import type records from './locales/de/records.json'
import type rights from './locales/de/rights.json'
import type rooms from './locales/de/rooms.json'
import type sanction from './locales/de/sanction.json'
import type staff from './locales/de/staff.json'
import type teacher from './locales/de/teacher.json'
import type tokens from './locales/de/tokens.json'
import type verify from './locales/de/verify.json'

type Leaf<T, Path extends string = ''> = {
	[K in keyof T & string]: T[K] extends string ? `${Path}${Plural<K>}` : Leaf<T[K], `${Path}${K}.`>
}[keyof T & string]

/** A key with plural forms is asked for without its ending. */
type Plural<K extends string> = K extends `${infer Base}_${'zero' | 'one' | 'two' | 'few' | 'many' | 'other'}`
	? Base
	: K

/** Every key there is: plain for the namespace app, with a prefix for the others. A misspelt one is a type error. */
export type Key =
	| Leaf<typeof app>
	| `door:${Leaf<typeof door>}`
	| `guardian:${Leaf<typeof guardian>}`
	| `consent:${Leaf<typeof consent>}`
	| `teacher:${Leaf<typeof teacher>}`
	| `office:${Leaf<typeof office>}`
	| `records:${Leaf<typeof records>}`
	| `verify:${Leaf<typeof verify>}`
	| `staff:${Leaf<typeof staff>}`
	| `lowering:${Leaf<typeof lowering>}`
	| `rights:${Leaf<typeof rights>}`
	| `tokens:${Leaf<typeof tokens>}`
	| `oidc:${Leaf<typeof oidc>}`
	| `rooms:${Leaf<typeof rooms>}`
	| `pupil:${Leaf<typeof pupil>}`
	| `sanction:${Leaf<typeof sanction>}`
	| `breach:${Leaf<typeof breach>}`
	| `planning:${Leaf<typeof planning>}`
	| `notices:${Leaf<typeof notices>}`
	| `messages:${Leaf<typeof messages>}`
	| `push:${Leaf<typeof push>}`

export type Values = Record<string, string | number>
