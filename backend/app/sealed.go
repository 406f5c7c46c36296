package app

import (
	"slices"

	"einverstanden/backend/account"
	"einverstanden/backend/evidence"
	"einverstanden/backend/intake"
	"einverstanden/backend/notify"
	"einverstanden/backend/proposal"
	"einverstanden/backend/push"
	"einverstanden/backend/room"
	"einverstanden/backend/school"
	"einverstanden/backend/vault"
)

// Sealed lists every column of the database that holds sealed values.
func Sealed() []vault.Column {
	return slices.Concat(school.Sealed, account.Sealed, evidence.Sealed, proposal.Sealed, intake.Sealed, room.Sealed, notify.Sealed, push.Sealed)
}
