import type { components } from './schema'

type Schemas = components['schemas']

export type Me = Schemas['MeBody']
export type Child = Schemas['ChildBody']
export type Consent = Schemas['ConsentBody']
export type Decision = Schemas['DecisionBody']
export type Decided = Schemas['DecidedBody']
export type FormText = Schemas['TextBody']
export type Receipt = Schemas['FullReceiptBody']
export type ClassInfo = Schemas['ClassBody']
export type RosterRow = Schemas['RowBody']
export type Meeting = Schemas['MeetingBody']
export type Roster = Schemas['RosterBody']
export type Mode = 'video' | 'audio' | 'none'
