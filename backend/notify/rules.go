package notify

// rule says where a kind may go.
type rule struct {
	channels  []ChannelName // each of them is used
	last      ChannelName   // used when none of them reached anybody; empty: nothing more
	contacts  contacts
	stoppable bool // a reminder, which "nicht mehr erinnern" ends
	everybody bool // the school may not know the language: German stands beside the person's, and a line of the others beside German
}

// contacts says which of a person's mail addresses a kind goes to.
type contacts int

const (
	typed  contacts = 1 << iota // the one that the person typed and confirmed
	listed                      // the one that the school had from its lists, which no session can change (X1, X2, X29)
)

var rules = map[Kind]rule{
	ConfirmAddress:    {channels: []ChannelName{Mail}},
	Receipt:           {channels: []ChannelName{Push, Mail}, contacts: typed},
	FirstAnswer:       {channels: []ChannelName{Mail}, last: Slip, contacts: listed},
	AnswerGiven:       {channels: []ChannelName{Mail}, last: Slip, contacts: listed},
	LetterIssued:      {channels: []ChannelName{Mail}, contacts: listed},
	LetterRedeemed:    {channels: []ChannelName{Mail}, contacts: listed},
	LetterDisowned:    {channels: []ChannelName{Mail}, last: Slip, contacts: listed},
	DeviceLinked:      {channels: []ChannelName{Push, Mail}, contacts: typed | listed},
	PushRests:         {channels: []ChannelName{Mail}, contacts: typed | listed},
	ModeChanged:       {channels: []ChannelName{Push, Mail}, contacts: typed},
	AnswerInvalidated: {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},
	AnswerRecorded:    {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},
	Checkpoint:        {channels: []ChannelName{Mail}, contacts: listed},
	Invitation:        {channels: []ChannelName{Mail}, contacts: listed, everybody: true},
	Reminder:          {channels: []ChannelName{Push, Mail}, last: Mail, contacts: typed | listed, stoppable: true},
	Announcement:      {channels: []ChannelName{Mail}, contacts: typed | listed, stoppable: true},

	// A sanction, and an age at which a pupil is asked, fall through to nobody: paper is the last way.
	SanctionImposed: {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},
	SanctionEnded:   {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},
	OwnSanction:     {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed},
	ObjectionNews:   {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},
	AgeNear:         {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed},
	ChildAgeNear:    {channels: []ChannelName{Push, Mail}, contacts: typed | listed},
	RightsNews:      {channels: []ChannelName{Push, Mail}, last: Slip, contacts: typed | listed},

	// The plan is on the wall of the class too. What is near comes too late by mail.
	MeetingPlanned:   {channels: []ChannelName{Push, Mail}, contacts: typed},
	MeetingMoved:     {channels: []ChannelName{Push, Mail}, contacts: typed},
	MeetingCancelled: {channels: []ChannelName{Push, Mail}, contacts: typed},
	MeetingSoon:      {channels: []ChannelName{Push}},

	DecisionWaiting: {channels: []ChannelName{Push, Mail}, contacts: listed},
	LessonChanged:   {channels: []ChannelName{Push, Mail}, contacts: listed},
	LessonTomorrow:  {channels: []ChannelName{Push}},
	LessonSoon:      {channels: []ChannelName{Push}},
}
