// Package authz owns who may do what: the roles, the permissions, the one table between them, and the Actor that a
// request acts as. Rights over a particular child, class or meeting are checked by the services that own those, with
// what they know; here stands only what a role may ever do.
package authz

import (
	"context"
	"slices"

	"einverstanden/backend/fault"
	"einverstanden/backend/id"
)

// Role is what somebody comes as. A person with several roles acts in one at a time.
type Role string

// The roles of product.md; Nobody is whoever has not signed in.
const (
	Nobody   Role = ""
	Guardian Role = "guardian"
	Pupil    Role = "pupil"
	Teacher  Role = "teacher"
	Office   Role = "office"
	Head     Role = "head"
	DPO      Role = "dpo"
	Program  Role = "program" // comes with an API token, and never signs in
)

// Roles lists every role that can sign in.
var Roles = []Role{Guardian, Pupil, Teacher, Office, Head, DPO}

// Permission is one kind of thing that can be done.
type Permission string

// Every permission there is. Public needs nobody to be signed in; Self needs anybody.
const (
	Public            Permission = "public"
	Self              Permission = "self"
	DecideForChild    Permission = "decide_for_child"    // read the form, answer, withdraw, own receipts
	LinkDevices       Permission = "link_devices"        // sign a further device of one's own in
	SeeClasses        Permission = "see_classes"         // classes by name, and how many take part how
	SeeAllClasses     Permission = "see_all_classes"     // those of the whole school, not the given ones alone
	SeeModes          Permission = "see_modes"           // meetings, rosters, today's modes by name
	CountOpen         Permission = "count_open"          // for how many pupils of a class an answer is missing or differs
	PlanMeetings      Permission = "plan_meetings"       // make meetings, and take a colleague's over
	ChangeMeetings    Permission = "change_meetings"     // move and cancel meetings: one's own, or with SeeAllClasses any
	SetUpMeetings     Permission = "set_up_meetings"     // legal basis of lessons, days at a distance
	ContactOtherwise  Permission = "contact_otherwise"   // whom to reach in place of a meeting, and tick it off
	CountContacts     Permission = "count_contacts"      // how many of a class are still to be reached
	ReceiveWithdrawal Permission = "receive_withdrawal"  // note a withdrawal told in person
	SeePupils         Permission = "see_pupils"          // lists, standings with their reasons, guardianships
	RecordForOthers   Permission = "record_for_others"   // decisions received on paper or by phone
	ImportLists       Permission = "import_lists"        // class lists
	IssueLetters      Permission = "issue_letters"       // print and void letters
	EditGuardianships Permission = "edit_guardianships"  // custody and marks
	GiveClasses       Permission = "give_classes"        // which teacher has which class
	ErasePeople       Permission = "erase_people"        // ask for, approve and cancel erasures
	ApproveLargeMoves Permission = "approve_large_moves" // imports that change more than a tenth, erasures of more than a twentieth
	SeeEvidence       Permission = "see_evidence"        // how the log and its checkpoints stand; no statements
	SeeProof          Permission = "see_proof"           // a leaf with its path: guardians and pupils their own
	KeepOwnSignIn     Permission = "keep_own_sign_in"    // own password and second factor
	InviteStaff       Permission = "invite_staff"        // whom, says MayInvite
	ManageAccounts    Permission = "manage_accounts"     // roles, disabling, lost second factors
	ManageTokens      Permission = "manage_tokens"       // API tokens of the school's own programs
	RunMeetings       Permission = "run_meetings"        // a meeting's room: choose, open and close it; say "seen" on its roster
	SetUpRooms        Permission = "set_up_rooms"        // hosts of IServ rooms, the school's own conference server
	SetUpOIDC         Permission = "set_up_oidc"         // the school's provider, and which groups are what
	LinkOIDC          Permission = "link_oidc"           // who somebody at the provider is here
	SeeOwnDay         Permission = "see_own_day"         // a pupil: itself, its mode today, its meetings
	OpenForChild      Permission = "open_for_child"      // let one's child in on a device
	ReportBreach      Permission = "report_breach"       // report a breach in one's meeting, limit a pupil in it
	SeeRules          Permission = "see_rules"           // what the rules are called, to report a breach or decide on one
	SeeSanctions      Permission = "see_sanctions"       // reports, sanctions and objections, by name
	DecideSanctions   Permission = "decide_sanctions"    // impose and end sanctions, dismiss reports, answer objections
	IssueCards        Permission = "issue_cards"         // pupils' cards and class links
	PublishRules      Permission = "publish_rules"       // the pupils' rules, by version
	KeepNotices       Permission = "keep_notices"        // where and how one is told
	SeeMessages       Permission = "see_messages"        // what became of messages, never their words; try again
	ReceivePush       Permission = "receive_push"        // push messages in one's own browsers
	SendReminders     Permission = "send_reminders"      // who is reminded when, and slips
)

// table is the one place where roles get permissions.
var table = map[Permission][]Role{
	Self:              Roles,
	DecideForChild:    {Guardian, Pupil},
	LinkDevices:       {Guardian},
	SeeClasses:        {Teacher, Office, Head, Program},
	SeeAllClasses:     {Office, Head, DPO, Program},
	SeeModes:          {Teacher, Office, Head, Program},
	CountOpen:         {Office, Head, Program},
	PlanMeetings:      {Teacher},
	ChangeMeetings:    {Teacher, Office, Head},
	SetUpMeetings:     {Head},
	ContactOtherwise:  {Teacher},
	CountContacts:     {Office, Head},
	ReceiveWithdrawal: {Teacher, Office, Head},
	SeePupils:         {Office, Head, DPO},
	RecordForOthers:   {Office, Head},
	ImportLists:       {Office, Head},
	IssueLetters:      {Office, Head},
	EditGuardianships: {Office, Head},
	GiveClasses:       {Office, Head},
	ErasePeople:       {Office, Head},
	ApproveLargeMoves: {Head},
	SeeEvidence:       {Office, Head, DPO},
	SeeProof:          {Guardian, Pupil, Office, Head, DPO},
	KeepOwnSignIn:     {Teacher, Office, Head, DPO},
	InviteStaff:       {Office, Head},
	ManageAccounts:    {Head},
	ManageTokens:      {Office, Head},
	RunMeetings:       {Teacher},
	SetUpRooms:        {Head},
	SetUpOIDC:         {Head},
	LinkOIDC:          {Office, Head},
	SeeOwnDay:         {Pupil},
	OpenForChild:      {Guardian},
	IssueCards:        {Teacher, Office, Head},
	PublishRules:      {Head},
	ReportBreach:      {Teacher},
	SeeRules:          {Teacher, Office, Head, DPO},
	SeeSanctions:      {Office, Head, DPO},
	DecideSanctions:   {Head},
	KeepNotices:       {Guardian, Pupil},
	SeeMessages:       {Office, Head},
	ReceivePush:       Roles,
	SendReminders:     {Office, Head},
}

// withoutSecondFactor is all that a password alone opens (settled 18).
var withoutSecondFactor = []Permission{Public, Self, KeepOwnSignIn}

// withoutSay is all that a pupil may who came by card, class link or the guardian's app: whoever holds the tablet decides
// nothing, also where the pupil is old enough to (a say comes by own letter or by the school's directory).
var withoutSay = []Permission{Public, Self, SeeOwnDay}

// MayInvite reports whether the role may invite somebody as the other: nobody gives more than they have, and head and
// dpo come by the head alone (settled 19).
func MayInvite(inviter, invited Role) bool {
	switch inviter {
	case Head:
		return invited == Teacher || invited == Office || invited == Head || invited == DPO
	case Office:
		return invited == Teacher || invited == Office
	case Nobody, Guardian, Pupil, Teacher, DPO, Program:
	}
	return false
}

// Allows reports whether the role may ever do this. An unknown permission is allowed to nobody.
func Allows(role Role, permission Permission) bool {
	return permission == Public || slices.Contains(table[permission], role)
}

// Permissions lists what the table knows, Public included.
func Permissions() []Permission {
	all := []Permission{Public}
	for permission := range table {
		all = append(all, permission)
	}
	slices.Sort(all)
	return all
}

// Actor is who a request acts as.
type Actor struct {
	School  id.School
	Account id.Account
	Session id.Session
	Role    Role
	Person  id.Person // for guardians and pupils
	Limited bool      // signed in by a password alone: a second factor has to be set up first
	Scopes  Scopes    // of a program
	NoSay   bool      // a pupil who came by card, class link or the guardian's app: decides nothing, keeps no devices
}

// May reports whether the actor's role has the permission, and the session is good enough for it.
func (a Actor) May(permission Permission) bool {
	return Allows(a.Role, permission) && (!a.Limited || slices.Contains(withoutSecondFactor, permission)) &&
		(a.Role != Program || a.Scopes.open(permission)) && (!a.NoSay || slices.Contains(withoutSay, permission))
}

type actorKey struct{}

// With puts the actor into the context.
func With(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// Of is the context's actor; without one the error is NotSignedIn.
func Of(ctx context.Context) (Actor, error) {
	actor, ok := ctx.Value(actorKey{}).(Actor)
	if !ok {
		return Actor{}, fault.New(fault.NotSignedIn)
	}
	return actor, nil
}
