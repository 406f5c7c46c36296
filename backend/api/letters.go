package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"einverstanden/backend/account"
	"einverstanden/backend/authz"
	"einverstanden/backend/db"
	"einverstanden/backend/fault"
	"einverstanden/backend/id"
	"einverstanden/backend/invite"
	"einverstanden/backend/notice"
	"einverstanden/backend/notify"
)

func (s *Server) letterRoutes() {
	printing := post("/letters", "letters", "printLetters", "Issue letters and print them: one per person for all its children")
	printing.Description = "The PDF is made once and kept nowhere; issuing again voids the earlier open letter of the same person."
	printing.Responses = map[string]*huma.Response{"200": {
		Description: "one page per letter", Content: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		Headers: map[string]*huma.Param{"X-Letter-Count": {Schema: &huma.Schema{Type: "integer"}, Description: "number of letters"}},
	}}
	route(s, authz.IssueLetters, answers(as(files, printing), 404), s.printLetters)
	route(s, authz.IssueLetters, answers(get("/letters", "letters", "listLetters", "Letters, the newest first"), 400, 404), s.listLetters)
	route(s, authz.IssueLetters, answers(get("/letters/mailing", "letters", "planMailing", "Who would get a letter by mail, and whose has to be printed"), 404, 409), s.planMailing)
	mailing := answers(as(files, idempotent(post("/letters/mailing", "letters", "mailLetters", "Issue letters and send them to the addresses of the school's lists"))), 200, 404)
	mailing.Description = "The secret of such a letter stands in the mail alone. Issuing again voids the earlier open letter of the same person; nobody is mailed twice within a day."
	route(s, authz.IssueLetters, mailing, s.mailLetters)
	void := post("/letters/{id}/void", "letters", "voidLetter", "Make an unused letter worthless")
	void.DefaultStatus = http.StatusNoContent
	route(s, authz.IssueLetters, void, s.voidLetter)
}

// SelectionBody says for which pupils letters are wanted: exactly one of its fields does.
type SelectionBody struct {
	ClassID       id.Class   `json:"classId,omitempty" maxLength:"64"`
	Pupils        []id.Pupil `json:"pupils,omitempty" maxItems:"500"`
	AllUnanswered bool       `json:"allUnanswered,omitempty" doc:"everyone whose answer is missing"`
}

func (b SelectionBody) selection(field string) (invite.Selection, error) {
	selection := invite.Selection{Class: b.ClassID, Pupils: b.Pupils, AllUnanswered: b.AllUnanswered}
	if chosen(selection) != 1 {
		return invite.Selection{}, fault.InvalidField(field, fault.FieldInvalid)
	}
	return selection, nil
}

type printInput struct {
	Body struct {
		SelectionBody
		NotByMail bool `json:"notByMail,omitempty" doc:"of these, those alone whose letter cannot go by mail"`
	}
}

type pdfReply struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Count       string `header:"X-Letter-Count"`
	Body        []byte
}

func (s *Server) printLetters(ctx context.Context, in *printInput) (*pdfReply, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	selection, err := in.Body.selection("classId")
	if err != nil {
		return nil, err
	}
	selection.NotByMail = in.Body.NotByMail
	printed, err := s.Invites.Letters(ctx, actor, selection)
	if err != nil {
		return nil, err
	}
	return &pdfReply{
		ContentType: "application/pdf", Disposition: `attachment; filename="briefe.pdf"`, Count: strconv.Itoa(printed.Count), Body: printed.PDF,
	}, nil
}

// chosen counts the ways in which the recipients are named; exactly one is wanted.
func chosen(selection invite.Selection) int {
	n := 0
	for _, named := range []bool{selection.Class != "", len(selection.Pupils) > 0, selection.AllUnanswered} {
		if named {
			n++
		}
	}
	return n
}

type letterBody struct {
	ID        id.Letter  `json:"id"`
	LetterNo  string     `json:"letterNo"`
	Recipient string     `json:"recipient"`
	Children  []string   `json:"children" nullable:"false"`
	State     string     `json:"state" enum:"open,used,expired,void,blocked,disowned" doc:"blocked: void because its birth date was tried too often"`
	Delivery  string     `json:"delivery" enum:"paper,mail"`
	Mail      string     `json:"mail,omitempty" enum:"waiting,accepted,failed,bounced" doc:"what became of the mail; absent: none has been begun"`
	IssuedAt  time.Time  `json:"issuedAt"`
	ExpiresAt time.Time  `json:"expiresAt"`
	UsedAt    *time.Time `json:"usedAt,omitempty"`

	DisownedAt *time.Time `json:"disownedAt,omitempty" doc:"somebody who holds the letter said: that was not me"`
}

type lettersInput struct {
	Class  id.Class  `query:"class" maxLength:"64"`
	State  string    `query:"state" enum:"open,used,expired,void,blocked,disowned" doc:"disowned: those whose recipient has been issued no other since"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"100"`
	Cursor id.Letter `query:"cursor" maxLength:"64"`
}

func (s *Server) listLetters(ctx context.Context, in *lettersInput) (*out[list[letterBody]], error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	if in.Cursor != "" && !id.Valid(in.Cursor) {
		return nil, fault.New(fault.CursorInvalid)
	}
	filter := account.LetterFilter{State: account.LetterState(in.State)}
	if in.Class != "" {
		if filter.Persons, err = s.personsOfClass(ctx, in.Class); err != nil {
			return nil, err
		}
	}
	letters, next, err := s.Accounts.Letters(ctx, actor, filter, account.Page{Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	persons := make([]id.Person, len(letters))
	for i, letter := range letters {
		persons[i] = letter.Person
	}
	names, err := s.Invites.NamesOf(ctx, persons)
	if err != nil {
		return nil, err
	}
	mails, err := s.mailsOf(ctx, letters)
	if err != nil {
		return nil, err
	}
	bodies := make([]letterBody, len(letters))
	for i, letter := range letters {
		bodies[i] = letterBody{
			ID: letter.ID, LetterNo: letter.LetterNo, Recipient: names[letter.Person].Name, Children: orEmpty(names[letter.Person].Children),
			State: string(letter.State), Delivery: string(letter.Delivery), Mail: mails[notice.InvitationOf(letter.ID)], IssuedAt: letter.IssuedAt, ExpiresAt: letter.ExpiresAt,
		}
		if !letter.UsedAt.IsZero() {
			bodies[i].UsedAt = &letters[i].UsedAt
		}
		if !letter.DisownedAt.IsZero() {
			bodies[i].DisownedAt = &letters[i].DisownedAt
		}
	}
	page := listOf(bodies)
	page.NextCursor = string(next)
	return reply(page), nil
}

// mailsOf tells what became of the mails that brought the letters, by event.
func (s *Server) mailsOf(ctx context.Context, letters []account.Letter) (states map[string]string, err error) {
	var events []string
	for _, letter := range letters {
		if letter.Delivery == account.ByMail {
			events = append(events, notice.InvitationOf(letter.ID))
		}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		states, err = s.Notify.StatesOf(tx, notify.Invitation, events)
		return err
	})
	return states, err
}

// personsOfClass are the pupils of a class and their guardians.
func (s *Server) personsOfClass(ctx context.Context, class id.Class) ([]id.Person, error) {
	persons := []id.Person{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		pupils, err := s.pupilsToday(tx, class)
		if err != nil {
			return err
		}
		links, err := s.Schools.GuardianshipsOf(tx, pupils)
		for _, pupil := range pupils {
			persons = append(persons, id.PupilOf(pupil))
			for _, link := range links[pupil] {
				persons = append(persons, id.GuardianOf(link.Guardian))
			}
		}
		return err
	})
	return persons, err
}

type letterIDInput struct {
	ID id.Letter `path:"id"`
}

func (s *Server) voidLetter(ctx context.Context, in *letterIDInput) (*empty, error) {
	actor, err := authz.Of(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.Accounts.VoidLetter(ctx, actor, in.ID)
}
