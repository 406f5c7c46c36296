package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/authz"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/notify"
	"einverstanden/backend/reminder"
)

func (s *Server) reminderRoutes() {
	route(s, authz.SendReminders, answers(get("/reminders/preview", "reminders", "previewReminders", "Who is going to be reminded on a day, and why others are not"), 400), s.previewReminders)
	route(s, authz.SendReminders, answers(get("/reminders", "reminders", "listReminders", "What went out in this school year, the newest first"), 400), s.listReminders)
	effect := post("/reminders/effect", "reminders", "foreseeReminders", "Whom a manual reminder would reach, when, and why others not; nothing is changed")
	route(s, authz.SendReminders, effect, s.foreseeReminders)
	now := post("/reminders", "reminders", "sendReminders", "Remind a class, some people or everybody now")
	now.Description = "Each message waits for quiet hours, holidays and the caps of its person, counts, and takes the place of the next automatic one."
	route(s, authz.SendReminders, answers(idempotent(now), http.StatusOK), s.sendReminders)
	route(s, authz.SendReminders, get("/holidays", "reminders", "getHolidays", "The school holidays that are known"), s.getHolidays)
	own := put("/holidays", "reminders", "setHolidays", "Take an iCalendar file as the school's own list of school holidays")
	own.Description = "Whole days alone (VALUE=DATE), at most 1 MiB. A file that cannot be read wholly is refused with its line."
	own.MaxBodyBytes = importLimit
	own.RequestBody = &huma.RequestBody{Required: true, Description: "the file as it is", Content: map[string]*huma.MediaType{
		"text/calendar":            {Schema: &huma.Schema{Type: "string", Format: "binary"}},
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
	route(s, authz.SendReminders, answers(as(files, own), http.StatusNoContent), s.setHolidays)
	route(s, authz.SendReminders, answers(remove("/holidays", "reminders", "dropHolidays", "Go back to the school holidays that ship for the Land"), http.StatusNoContent), s.dropHolidays)
	slips := post("/reminders/slips", "reminders", "printSlips", "Print a slip for everybody whose answer is missing and whose slip is due")
	slips.Description = "A slip is a letter with a part that comes back; issuing it voids the earlier open letter of the same person."
	slips.Responses = map[string]*huma.Response{"200": {
		Description: "one page per slip", Content: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		Headers: map[string]*huma.Param{"X-Letter-Count": {Schema: &huma.Schema{Type: "integer"}, Description: "number of slips"}},
	}}
	route(s, authz.SendReminders, answers(as(files, slips), 404), s.printSlips)
}

type previewInput struct {
	Date string `query:"date" format:"date" doc:"absent: tomorrow"`
}

type previewBody struct {
	Date           string           `json:"date" format:"date"`
	Messages       int              `json:"messages" doc:"people who get a message on the day"`
	From           *time.Time       `json:"from,omitempty" doc:"when the first of them goes out"`
	WithoutChannel int              `json:"withoutChannel" doc:"people who get a slip instead"`
	SlipsDue       int              `json:"slipsDue" doc:"people whose slip is due today"`
	Wanted         int              `json:"wanted" doc:"people whom the office wants reminded, and who have not been"`
	HolidaysUntil  string           `json:"holidaysUntil,omitempty" format:"date" doc:"the last school holiday that is known; absent: public holidays alone are"`
	DueInHolidays  int              `json:"dueInHolidays" doc:"asks that end on a free day, or on one of the first three school days after holidays"`
	Rows           []previewRowBody `json:"rows" nullable:"false" doc:"everybody who has not answered"`
}

type previewRowBody struct {
	Person   personBody `json:"person"`
	Children []string   `json:"children" nullable:"false"`
	Reason   string     `json:"reason,omitempty" enum:"answered,answered_by_other,superseded,no_say,over,exhausted,stopped,no_channel,not_yet" doc:"why nothing goes out; absent: a message does"`
	At       *time.Time `json:"at,omitempty" doc:"of the next message"`
	Push     bool       `json:"push"`
	Mail     bool       `json:"mail"`
	Steps    []string   `json:"steps" nullable:"false"`
	SlipDue  bool       `json:"slipDue"`
}

func (s *Server) previewReminders(ctx context.Context, in *previewInput) (*out[previewBody], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	day, err := dateOf(in.Date)
	if err != nil {
		return nil, fault.InvalidField("date", fault.FieldInvalid)
	}
	preview, err := s.Reminders.Preview(ctx, actor, day)
	if err != nil {
		return nil, err
	}
	body := previewBody{
		Date: preview.Day.String(), Messages: preview.Messages, WithoutChannel: preview.WithoutChannel,
		SlipsDue: preview.Slips, Wanted: preview.Wanted, HolidaysUntil: preview.HolidaysUntil.String(), DueInHolidays: preview.DueInHolidays, Rows: []previewRowBody{},
	}
	if !preview.From.IsZero() {
		body.From = &preview.From
	}
	body.Rows, err = s.previewRows(ctx, preview.Rows)
	return reply(body), err
}

func (s *Server) previewRows(ctx context.Context, rows []reminder.Row) ([]previewRowBody, error) {
	persons := make([]id.Person, len(rows))
	for i, row := range rows {
		persons[i] = row.Person
	}
	names, err := s.Invites.NamesOf(ctx, persons)
	bodies := make([]previewRowBody, len(rows))
	for i, row := range rows {
		bodies[i] = previewRowOf(row, names[row.Person])
	}
	return bodies, err
}

func previewRowOf(row reminder.Row, name invite.PersonView) previewRowBody {
	body := previewRowBody{
		Person: personBody{Kind: row.Person.Kind, ID: row.Person.ID, Name: name.Name}, Children: orEmpty(name.Children),
		Reason: string(row.Next.Reason), Push: row.Next.Push, Mail: row.Next.Mail, Steps: []string{}, SlipDue: row.SlipDue,
	}
	if !row.Next.At.IsZero() {
		body.At = &row.Next.At
	}
	for _, message := range row.Next.Messages {
		body.Steps = append(body.Steps, string(message.Step))
	}
	return body
}

type remindersInput struct {
	Limit  int         `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Cursor id.Reminder `query:"cursor" maxLength:"64"`
}

type reminderBody struct {
	ID       id.Reminder `json:"id"`
	Person   personBody  `json:"person"`
	Children []string    `json:"children" nullable:"false"`
	Step     string      `json:"step" enum:"announcement,first,second,middle,before,last,manual,slip"`
	At       time.Time   `json:"at"`
	Push     bool        `json:"push"`
	Mail     bool        `json:"mail"`
	By       string      `json:"by,omitempty" doc:"of the office's own"`
	Answered bool        `json:"answered" doc:"by now"`

	Outcomes []outcomeBody `json:"outcomes" nullable:"false" doc:"of its message, by channel; none: it has not left, or was settled before"`
}

type outcomeBody struct {
	Channel notify.ChannelName `json:"channel" enum:"mail,push,slip"`
	State   string             `json:"state" enum:"waiting,accepted,failed,bounced" doc:"nobody knows who has read what"`
	Code    string             `json:"code,omitempty" doc:"ours, or the status of the server"`
}

func outcomesOf(sent []notify.Sent) []outcomeBody {
	bodies := make([]outcomeBody, len(sent))
	for i, one := range sent {
		bodies[i] = outcomeBody(one)
	}
	return bodies
}

func (s *Server) listReminders(ctx context.Context, in *remindersInput) (*out[list[reminderBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" && !id.Valid(in.Cursor) {
		return nil, fault.New(fault.CursorInvalid)
	}
	logged, next, err := s.Reminders.Outcome(ctx, actor, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	persons := make([]id.Person, len(logged))
	var accounts []id.Account
	for i, entry := range logged {
		persons[i] = entry.Person
		if entry.By != "" {
			accounts = append(accounts, entry.By)
		}
	}
	people, err := s.Invites.NamesOf(ctx, persons)
	if err != nil {
		return nil, err
	}
	staff, err := s.Accounts.Names(ctx, accounts)
	bodies := make([]reminderBody, len(logged))
	for i, entry := range logged {
		bodies[i] = reminderBody{
			ID: entry.ID, Person: personBody{Kind: entry.Person.Kind, ID: entry.Person.ID, Name: people[entry.Person].Name},
			Children: orEmpty(people[entry.Person].Children), Step: string(entry.Step), At: entry.At, Push: entry.Push, Mail: entry.Mail,
			By: staff[entry.By], Answered: entry.Answered, Outcomes: outcomesOf(entry.Outcomes),
		}
	}
	page := listOf(bodies)
	page.NextCursor = string(next)
	return reply(page), err
}

type slipsInput struct {
	Body struct {
		ClassID  id.Class `json:"classId,omitempty" maxLength:"64" doc:"absent: the whole school"`
		Delivery string   `json:"delivery" enum:"class,post" doc:"handed out by the class teacher, or in envelopes with a window"`
	}
}

func (s *Server) printSlips(ctx context.Context, in *slipsInput) (*pdfReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	printed, err := s.Reminders.Slips(ctx, actor, in.Body.ClassID, invite.Delivery(in.Body.Delivery))
	if err != nil {
		return nil, err
	}
	return &pdfReply{
		ContentType: "application/pdf", Disposition: `attachment; filename="zettel.pdf"`, Count: strconv.Itoa(printed.Count), Body: printed.PDF,
	}, nil
}
