// Package audit owns the trail of who did what to which row: opaque ids only, in the change's own transaction. It is
// for the school's own supervision; it proves nothing against whoever can write the database (package evidence does).
package audit

import (
	"einverstanden/backend/db"
	"einverstanden/backend/id"
)

// Action is dotted and in the past tense.
type Action string

// Every action there is.
const (
	SchoolCreated       Action = "school.created"
	SchoolChanged       Action = "school.changed"
	AccountCreated      Action = "account.created"
	AskMade             Action = "ask.made"
	LetterIssued        Action = "letter.issued"
	LetterRedeemed      Action = "letter.redeemed"
	LetterVoided        Action = "letter.voided"
	LetterDisowned      Action = "letter.disowned"
	ImportPlanned       Action = "import.planned"
	ImportApplied       Action = "import.applied"
	GuardianshipChanged Action = "guardianship.changed"
	ProposalMade        Action = "proposal.made"
	ProposalClosed      Action = "proposal.closed"
	WithdrawalConfirmed Action = "withdrawal.confirmed"
	TeachingGiven       Action = "teaching.given"
	TeachingTaken       Action = "teaching.taken"
	GroupMade           Action = "group.made"
	GroupChanged        Action = "group.changed"
	MeetingPlanned      Action = "meeting.planned"
	RoomChanged         Action = "room.changed"
	RoomOpened          Action = "room.opened"
	RoomClosed          Action = "room.closed"
	RoomSpent           Action = "room.spent"
	RoomRecorded        Action = "room.recorded"
	RoomsSetUp          Action = "rooms.set_up"
	RoomsRemoved        Action = "rooms.removed"
	MeetingMoved        Action = "meeting.moved"
	MeetingCancelled    Action = "meeting.cancelled"
	MeetingSubstituted  Action = "meeting.substituted"
	SubstitutionEnded   Action = "substitution.ended"
	DistanceDayDeclared Action = "distance_day.declared"
	ContactMade         Action = "alternative_contact.made"
	ContactReopened     Action = "alternative_contact.reopened"
	ContactTakenBack    Action = "alternative_contact.taken_back"
	NumberShown         Action = "guardian_number.shown"
	LanguageChosen      Action = "language.chosen"
	PasskeyAdded        Action = "passkey.added"
	PasskeyRemoved      Action = "passkey.removed"
	DeviceLinked        Action = "device.linked"
	DeviceSignedOut     Action = "device.signed_out"
	SealRenewed         Action = "seal.renewed"
	LoweringKeyRenewed  Action = "lowering_key.renewed"
	ErasureAsked        Action = "erasure.asked"
	ErasureApproved     Action = "erasure.approved"
	ErasureReleased     Action = "erasure.released"
	ErasureCancelled    Action = "erasure.cancelled"
	ClockConfirmed      Action = "clock.confirmed"
	JobRetried          Action = "job.retried"
	SlipHandedOver      Action = "slip.handed_over"
	AddressAdded        Action = "address.added"
	AddressConfirmed    Action = "address.confirmed"
	AddressRemoved      Action = "address.removed"
	NoticesChanged      Action = "notices.changed"

	SecondFactorStarted  Action = "second_factor.started"
	SecondFactorSet      Action = "second_factor.set"
	SecondFactorReset    Action = "second_factor.reset"
	RecoveryCodeUsed     Action = "recovery_code.used"
	RecoveryCodesRenewed Action = "recovery_codes.renewed"
	PasswordChanged      Action = "password.changed"
	InvitationMade       Action = "invitation.made"
	InvitationVoided     Action = "invitation.voided"
	InvitationRedeemed   Action = "invitation.redeemed"
	RoleChanged          Action = "role.changed"
	AccountDisabled      Action = "account.disabled"
	AccountEnabled       Action = "account.enabled"
	APITokenMade         Action = "api_token.made"
	APITokenRevoked      Action = "api_token.revoked"

	BreachReported     Action = "breach.reported"
	BreachDismissed    Action = "breach.dismissed"
	BreachDecided      Action = "breach.decided"
	MeetingLimitSet    Action = "meeting_limit.set"
	MeetingLimitLifted Action = "meeting_limit.lifted"

	OIDCChanged  Action = "oidc.changed"
	OIDCRemoved  Action = "oidc.removed"
	OIDCLinked   Action = "oidc.linked"
	OIDCUnlinked Action = "oidc.unlinked"

	CardIssued       Action = "card.issued"
	CardBlocked      Action = "card.blocked"
	ClassLinkRenewed Action = "class_link.renewed"
	ClassLinkOpened  Action = "class_link.opened"
	OpenedForChild   Action = "session.opened_for_child"

	RulesPublished    Action = "rules.published"
	RulesAcknowledged Action = "rules.acknowledged"
	OwnLimitSet       Action = "own_limit.set"
	OwnLimitLifted    Action = "own_limit.lifted"

	SlipPrinted     Action = "slip.printed"
	ReminderSent    Action = "reminder.sent"
	ReminderWanted  Action = "reminder.wanted" // by the office, now
	HolidaysChanged Action = "school.holidays_changed"
)

// System is the actor of what nobody signed in has done: commands at the shell, work by date.
const System = "system"

// Entry is one thing done.
type Entry struct {
	Actor       string // account id, or System
	Action      Action
	SubjectKind string // the table's name
	SubjectID   string
}

// Record writes the entries into the transaction, however many in a few statements.
func Record(tx *db.Tx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([]row, len(entries))
	for i, entry := range entries {
		rows[i] = newRow(tx, entry)
	}
	if err := insert(tx, rows); err != nil {
		return err
	}
	tx.MarkAudited()
	return nil
}

func newRow(tx *db.Tx, entry Entry) row {
	return row{
		SchoolID: tx.School, ID: id.New[id.Entry](), At: tx.Now.UnixMicro(),
		Actor: entry.Actor, Action: entry.Action, SubjectKind: entry.SubjectKind, SubjectID: entry.SubjectID,
	}
}
