package fault

// Code is the stable name of a fault. It is part of the outer contract: never renamed, never reused.
type Code string

// The codes, in the order of their kinds. Each has its kind in kinds and a title and a detail in every
// file of texts/; a test holds the three together.
const (
	InternalError Code = "internal_error"

	MalformedBody         Code = "malformed_body"
	DuplicateField        Code = "duplicate_field"
	IdempotencyKeyMissing Code = "idempotency_key_missing"
	CursorInvalid         Code = "cursor_invalid"

	InvalidInput         Code = "invalid_input"
	UnknownField         Code = "unknown_field"
	FieldMissing         Code = "field_missing"
	FieldInvalid         Code = "field_invalid"
	FieldTooLong         Code = "field_too_long"
	SignatureMissing     Code = "signature_missing"
	SignatureTooSmall    Code = "signature_too_small"
	SignatureUnexpected  Code = "signature_unexpected"
	TextUnknown          Code = "text_unknown"
	AssertionInvalid     Code = "assertion_invalid"
	IdempotencyKeyReused Code = "idempotency_key_reused"
	PhoneLowersOnly      Code = "phone_lowers_only"
	FileInvalid          Code = "file_invalid"
	HoursInvalid         Code = "hours_invalid"
	HolidayFileInvalid   Code = "holiday_file_invalid"
	PasswordShort        Code = "password_short"
	PasswordCommon       Code = "password_common"

	RuleUnknown       Code = "rule_unknown"
	HearingMissing    Code = "hearing_missing"
	SanctionFromPast  Code = "sanction_from_past"
	SanctionEndsEarly Code = "sanction_ends_before_it_begins"
	SanctionTooLong   Code = "sanction_too_long"
	MeetingNotBegun   Code = "meeting_not_begun"
	NextInstanceUnfit Code = "next_instance_unfit"

	FileEncoding       Code = "file_encoding"
	FileBinary         Code = "file_binary"
	FileQuoteOpen      Code = "file_quote_open"
	FileColumnTwice    Code = "file_column_twice"
	FileColumnMissing  Code = "file_column_missing"
	FileNoKnownColumn  Code = "file_no_known_column"
	FileRowRagged      Code = "file_row_ragged"
	FileIDTwice        Code = "file_id_twice"
	FileDateInvalid    Code = "file_date_invalid"
	FileValueMissing   Code = "file_value_missing"
	FileValueTooLong   Code = "file_value_too_long"
	FileTooManyRows    Code = "file_too_many_rows"
	FileTooManyColumns Code = "file_too_many_columns"
	FileEmpty          Code = "file_empty"
	FileControlChar    Code = "file_control_char"

	NotSignedIn   Code = "not_signed_in"
	CodeInvalid   Code = "code_invalid"
	PasswordWrong Code = "password_wrong"

	PasskeyRefused     Code = "passkey_refused"
	DeviceCodeInvalid  Code = "device_code_invalid"
	SecondFactorNeeded Code = "second_factor_needed"
	SecondFactorWrong  Code = "second_factor_wrong"
	InvitationUnknown  Code = "invitation_unknown"

	NotAllowedHere     Code = "not_allowed"
	NotSameOrigin      Code = "not_same_origin"
	LetterUsed         Code = "letter_used"
	LetterExpired      Code = "letter_expired"
	LetterVoid         Code = "letter_void"
	LetterBlocked      Code = "letter_blocked"
	BirthDateMismatch  Code = "birth_date_mismatch"
	SecondPersonNeeded Code = "second_person_needed"
	HeadNeeded         Code = "head_confirmation_needed"

	PasskeyNeeded          Code = "passkey_needed"
	FreshSignInNeeded      Code = "fresh_sign_in_needed"
	ReauthenticationNeeded Code = "reauthentication_needed"
	InvitationUsed         Code = "invitation_used"
	InvitationExpired      Code = "invitation_expired"
	InvitationVoid         Code = "invitation_void"
	OwnAccount             Code = "own_account"

	NothingHere Code = "not_found"

	StatementErased Code = "statement_erased"

	FormSuperseded    Code = "form_superseded"
	AnsweredMeanwhile Code = "answered_meanwhile"
	PlanStale         Code = "plan_stale"
	PlanApplied       Code = "plan_applied"
	AlreadyDone       Code = "already_done"
	AlreadyExists     Code = "already_exists"
	NoFormInForce     Code = "no_form_in_force"
	SQLiteHoldsOne    Code = "sqlite_holds_one_school"
	NobodyToInvite    Code = "nobody_to_invite"
	KeptAtSchool      Code = "kept_while_at_school"
	KeptForRetention  Code = "kept_for_retention"
	KeptForHold       Code = "kept_for_hold"
	KeptForSanction   Code = "kept_for_sanction"
	KeptForDispute    Code = "kept_for_dispute"
	KeptForConflict   Code = "kept_for_conflict"
	KeptForProposal   Code = "kept_for_proposal"
	KeptForInvalid    Code = "kept_for_invalidation"
	ClockUnconfirmed  Code = "clock_unconfirmed"
	LastHead          Code = "last_head"
	MeetingBegun      Code = "meeting_begun"
	SubstituteThere   Code = "substitute_there"
	NumbersHidden     Code = "numbers_hidden"
	MailNotSetUp      Code = "mail_not_set_up"

	BodyTooLarge Code = "body_too_large"

	MediaTypeUnsupported Code = "media_type_unsupported"
	EncodingUnsupported  Code = "encoding_unsupported"

	MethodNotAllowed Code = "method_not_allowed"

	TooManyTries    Code = "too_many_tries"
	TooManyRequests Code = "too_many_requests"

	DatabaseUnavailable Code = "database_unavailable"
	TakesTooLong        Code = "takes_too_long"
	LogBroken           Code = "log_broken"
	Overloaded          Code = "overloaded"

	HostRefused     Code = "host_refused"
	HostUnreachable Code = "host_unreachable"
	HostAnswer      Code = "host_answer_unusable"

	OIDCRefused   Code = "oidc_refused"
	OIDCCancelled Code = "oidc_cancelled"
	OIDCWaiting   Code = "oidc_waiting"
	OIDCNoRole    Code = "oidc_no_role"
	OIDCIssuer    Code = "oidc_other_issuer"
	OIDCNoCode    Code = "oidc_no_code_flow"

	DoorKeyUnknown        Code = "door_key_unknown"
	PINWrong              Code = "pin_wrong"
	CardVoid              Code = "card_void"
	CardBlocked           Code = "card_blocked"
	ClassLinkClosed       Code = "class_link_closed"
	OwnDeviceNeedsPasskey Code = "own_device_needs_passkey"
	PINWait               Code = "pin_wait"

	TooEarly              Code = "too_early"
	RulesNotRead          Code = "rules_not_read"
	ModeNone              Code = "mode_none"
	MeetingOver           Code = "meeting_over"
	MeetingCancelled      Code = "meeting_cancelled"
	LinkUsed              Code = "link_used"
	LinkExpired           Code = "link_expired"
	LinkNotYours          Code = "link_not_yours"
	RoomNotReady          Code = "room_not_ready"
	RulesSuperseded       Code = "rules_superseded"
	ConferenceUnavailable Code = "conference_unavailable"
	ConferenceRefused     Code = "conference_refused"
	ConferenceFailed      Code = "conference_failed"
	RoomMissing           Code = "room_missing"
	RoomNotNow            Code = "room_not_now"
	RoomSpent             Code = "room_spent"
	MeetingOverlaps       Code = "meeting_overlaps"

	PushOff          Code = "push_off"
	PushEndpoint     Code = "push_endpoint"
	PushProofUnknown Code = "push_proof_unknown"
)

var kinds = map[Code]Kind{
	InternalError: Internal,

	MalformedBody: Malformed, DuplicateField: Malformed, IdempotencyKeyMissing: Malformed, CursorInvalid: Malformed,

	InvalidInput: Invalid, UnknownField: Invalid, FieldMissing: Invalid, FieldInvalid: Invalid, FieldTooLong: Invalid,
	SignatureMissing: Invalid, SignatureTooSmall: Invalid, SignatureUnexpected: Invalid, TextUnknown: Invalid, AssertionInvalid: Invalid,
	IdempotencyKeyReused: Invalid, PhoneLowersOnly: Invalid, FileInvalid: Invalid,
	HoursInvalid: Invalid, HolidayFileInvalid: Invalid,
	PasswordShort: Invalid, PasswordCommon: Invalid,
	RuleUnknown: Invalid, HearingMissing: Invalid, SanctionFromPast: Invalid, SanctionEndsEarly: Invalid, SanctionTooLong: Invalid,
	MeetingNotBegun: Invalid, NextInstanceUnfit: Invalid,
	FileEncoding: Invalid, FileBinary: Invalid, FileQuoteOpen: Invalid, FileColumnTwice: Invalid,
	FileColumnMissing: Invalid, FileNoKnownColumn: Invalid, FileRowRagged: Invalid, FileIDTwice: Invalid,
	FileDateInvalid: Invalid, FileValueMissing: Invalid, FileValueTooLong: Invalid, FileTooManyRows: Invalid,
	FileTooManyColumns: Invalid, FileEmpty: Invalid, FileControlChar: Invalid,

	NotSignedIn: Unauthorized, CodeInvalid: Unauthorized, PasswordWrong: Unauthorized,
	PasskeyRefused: Unauthorized, DeviceCodeInvalid: Unauthorized,
	SecondFactorNeeded: Unauthorized, SecondFactorWrong: Unauthorized, InvitationUnknown: Unauthorized,

	NotAllowedHere: Forbidden, NotSameOrigin: Forbidden, LetterUsed: Forbidden, LetterExpired: Forbidden,
	LetterVoid: Forbidden, LetterBlocked: Forbidden, BirthDateMismatch: Forbidden, SecondPersonNeeded: Forbidden, HeadNeeded: Forbidden,
	PasskeyNeeded: Forbidden, FreshSignInNeeded: Forbidden,
	ReauthenticationNeeded: Forbidden, InvitationUsed: Forbidden, InvitationExpired: Forbidden, InvitationVoid: Forbidden, OwnAccount: Forbidden,

	NothingHere: NotFound,

	StatementErased: Gone,

	FormSuperseded: Conflict, AnsweredMeanwhile: Conflict, PlanStale: Conflict, PlanApplied: Conflict,
	AlreadyDone: Conflict, AlreadyExists: Conflict, NoFormInForce: Conflict, SQLiteHoldsOne: Conflict,
	NobodyToInvite: Conflict, KeptAtSchool: Conflict, KeptForRetention: Conflict, KeptForHold: Conflict, KeptForSanction: Conflict,
	KeptForDispute: Conflict, KeptForConflict: Conflict, KeptForProposal: Conflict, KeptForInvalid: Conflict,
	ClockUnconfirmed: Conflict, LastHead: Conflict, MeetingBegun: Conflict, SubstituteThere: Conflict, NumbersHidden: Forbidden, MailNotSetUp: Conflict,

	BodyTooLarge: TooLarge,

	MediaTypeUnsupported: Unsupported, EncodingUnsupported: Unsupported,

	MethodNotAllowed: NotAllowed,

	TooManyTries: TooMany, TooManyRequests: TooMany,

	DatabaseUnavailable: Unavailable, TakesTooLong: Unavailable, LogBroken: Unavailable,
	Overloaded: Unavailable,

	DoorKeyUnknown: Unauthorized, PINWrong: Unauthorized, CardVoid: Forbidden, CardBlocked: Forbidden,
	ClassLinkClosed: Forbidden, OwnDeviceNeedsPasskey: Forbidden, PINWait: TooMany,

	TooEarly: Forbidden, RulesNotRead: Forbidden, ModeNone: Forbidden, MeetingOver: Forbidden, MeetingCancelled: Forbidden,
	LinkUsed: Forbidden, LinkExpired: Forbidden, LinkNotYours: Forbidden, RoomNotReady: Unavailable, RulesSuperseded: Conflict,

	HostRefused: Invalid, HostUnreachable: Unavailable, HostAnswer: Unavailable,

	OIDCRefused: Unauthorized, OIDCCancelled: Unauthorized, OIDCWaiting: Forbidden, OIDCNoRole: Forbidden,
	OIDCIssuer: Unavailable, OIDCNoCode: Unavailable,

	ConferenceUnavailable: Unavailable, ConferenceRefused: Unavailable, ConferenceFailed: Unavailable,
	RoomMissing: Conflict, RoomNotNow: Conflict, RoomSpent: Invalid, MeetingOverlaps: Invalid,

	PushOff: NotFound, PushEndpoint: Invalid, PushProofUnknown: Unauthorized,
}

// KindOf gives the kind of a code; an unknown code is Internal.
func KindOf(code Code) Kind { return kinds[code] }

// Codes lists every code of the catalogue, in no order.
func Codes() []Code {
	all := make([]Code, 0, len(kinds))
	for code := range kinds {
		all = append(all, code)
	}
	return all
}
