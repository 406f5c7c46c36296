package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/account"
	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/meeting"
	"einverstanden/backend/participation"
	"einverstanden/backend/rules"
	"einverstanden/backend/school"
)

const (
	joinClasses = 30 // of 30: 900 pupils
	joinWithin  = time.Minute
	joinClients = 64
)

// joiner is a pupil who may come in, signed in.
type joiner struct {
	token   string
	meeting id.Meeting
}

// measureJoin lets a whole school come in within one minute, evenly: each pupil asks for its address and follows it.
func measureJoin(ctx context.Context, folder string) ([]figure, error) {
	options := db.Options{File: filepath.Join(folder, "base.db")}
	w, err := newWorldOf(ctx, options, folder, joinClasses)
	if err != nil {
		return nil, err
	}
	joiners, err := w.makeJoiners(ctx, options)
	if err != nil {
		return nil, err
	}
	stop, err := w.serve(options)
	if err != nil {
		return nil, err
	}
	joins, entries, err := w.joinAll(joiners)
	if err = errors.Join(err, stop()); err != nil {
		return nil, err
	}
	return []figure{
		{name: "pupils who came in within one minute", value: float64(len(entries.waits))},
		{name: "a join's 99th percentile", value: joins.percentile(0.99), unit: "ms", limit: 100, atMost: true},
		{name: "a join's median", value: joins.percentile(0.5), unit: "ms"},
		{name: "following its address, 99th percentile", value: entries.percentile(0.99), unit: "ms"},
	}, nil
}

// makeJoiners gives every class a lesson that runs, a yes for each of its pupils, and has the rules read.
func (w *world) makeJoiners(ctx context.Context, options db.Options) (joiners []joiner, err error) {
	a, err := w.open(options)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx = db.InSchool(ctx, w.school)
	lessons := map[id.Class]id.Meeting{}
	of := map[id.Pupil]*guardian{}
	for _, g := range w.guardians {
		of[g.pupil] = g
	}
	err = a.EachFamily(ctx, func(class school.Class, pupil school.Pupil, _ []id.Guardian) error {
		if lessons[class.ID] == "" {
			made, err := w.lesson(ctx, a, class.ID)
			if err != nil {
				return err
			}
			lessons[class.ID] = made
		}
		one, err := letIn(ctx, a, of[pupil.ID], lessons[class.ID])
		joiners = append(joiners, one)
		return err
	})
	return joiners, err
}

func (w *world) lesson(ctx context.Context, a *app.App, class id.Class) (id.Meeting, error) {
	if err := a.Schools.GiveClass(ctx, authz.Actor{School: w.school, Role: authz.Office}, class, w.teacher.Account); err != nil {
		return "", err
	}
	made, err := a.Meetings.Plan(ctx, w.teacher, meeting.Plan{
		Title: "Deutsch", Kind: participation.Lesson, Class: class, Length: 90 * time.Minute,
		Room: meeting.Room{URL: "https://iserv.messung.example/iserv/videoconference/room/messung"},
	})
	return made.ID, err
}

// letIn does what comes before the tap: the guardian's yes, the child's session, the rules.
func letIn(ctx context.Context, a *app.App, g *guardian, lesson id.Meeting) (joiner, error) {
	actor, err := a.Accounts.Authenticate(ctx, g.token)
	if err != nil {
		return joiner{}, err
	}
	yes := consent.AnswerInput{
		Pupil: g.pupil, Answer: participation.Video, Language: consent.German, Relation: consent.Together,
		Signature: &consent.Signature{Kind: string(consent.TypedSignature), Name: "Messung"},
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		sheet, err := a.Consents.Sheet(tx, actor, g.pupil, consent.German)
		yes.Version, yes.TextSHA256, yes.After = sheet.Version.ID, sheet.German.SHA256, sheet.After
		return err
	})
	if err != nil {
		return joiner{}, err
	}
	if _, err = a.Consents.Answer(ctx, actor, yes); err != nil {
		return joiner{}, err
	}
	opening, err := a.Cards.OpenForChild(ctx, actor, g.pupil)
	if err != nil {
		return joiner{}, err
	}
	child, err := a.Cards.SignInForChild(ctx, opening.Code, account.Device{Language: "de"})
	if err != nil {
		return joiner{}, err
	}
	own, err := a.Meetings.OwnRules(ctx, child.Actor, lesson, "")
	if err != nil {
		return joiner{}, err
	}
	given := make([]rules.Given, len(own.Questions))
	for i, q := range own.Questions {
		given[i] = rules.Given{Question: q.ID, Answer: q.Right}
	}
	return joiner{child.AccessToken, lesson}, a.Meetings.Acknowledge(ctx, child.Actor, lesson, own.Version.ID, given)
}

// joinAll starts one pupil after the other, however long those before it take.
func (w *world) joinAll(joiners []joiner) (joins, entries outcome, err error) {
	client := &fasthttp.HostClient{Addr: w.config.Addr, MaxConns: joinClients}
	var mu sync.Mutex
	var coming sync.WaitGroup
	var failed []error
	tick := time.NewTicker(joinWithin / time.Duration(len(joiners)))
	defer tick.Stop()
	for _, one := range joiners {
		<-tick.C
		coming.Go(func() {
			join, entry, err := w.comeIn(client, one)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, err)
				return
			}
			joins.waits, entries.waits = append(joins.waits, join), append(entries.waits, entry)
		})
	}
	coming.Wait()
	slices.Sort(joins.waits)
	slices.Sort(entries.waits)
	return joins, entries, errors.Join(failed...)
}

func (w *world) comeIn(client *fasthttp.HostClient, one joiner) (join, entry time.Duration, err error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI("http://" + w.config.Addr + "/api/v1/meetings/" + string(one.meeting) + "/join")
	request.Header.SetMethod("POST")
	request.Header.SetCookie("__Host-einv_access", one.token)
	request.Header.Set("X-App", "1")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	at := time.Now()
	if err = client.Do(request, response); err != nil {
		return 0, 0, err
	}
	join = time.Since(at)
	if response.StatusCode() != fasthttp.StatusOK {
		return 0, 0, fmt.Errorf("a join got %d: %s", response.StatusCode(), response.Body())
	}
	var joined struct{ URL string }
	if err = json.Unmarshal(response.Body(), &joined); err != nil {
		return 0, 0, err
	}
	request.SetRequestURI("http://" + w.config.Addr + joined.URL)
	request.Header.SetMethod("GET")
	at = time.Now()
	if err = client.Do(request, response); err != nil {
		return 0, 0, err
	}
	entry = time.Since(at)
	if to := string(response.Header.Peek("Location")); response.StatusCode() != fasthttp.StatusSeeOther || !strings.HasPrefix(to, "https://") {
		return 0, 0, fmt.Errorf("an address led to %d %s", response.StatusCode(), to)
	}
	return join, entry, nil
}
