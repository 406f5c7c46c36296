package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"einverstanden/backend/app"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

const appends = 2000

// measureEvidence shows what the proof costs: a statement with its leaf as part of a decision's transaction, and a
// receipt as file and as page.
func measureEvidence(ctx context.Context, folder string) ([]figure, error) {
	w, base, err := newSQLiteWorld(ctx, folder)
	if err != nil {
		return nil, err
	}
	var shares, decisions []float64
	for range runs {
		decision, statement, err := w.timeDecisions(ctx, base)
		if err != nil {
			return nil, err
		}
		appended, err := w.timeAppends(ctx, base, statement)
		if err != nil {
			return nil, err
		}
		shares = append(shares, 100*appended.Seconds()/decision.Seconds())
		decisions = append(decisions, float64(decision.Microseconds()))
	}
	receipts, err := w.measureReceipts(base)
	return append([]figure{
		{name: "a decision's transaction, alone", value: middle(decisions), unit: "µs"},
		{name: "of it statement, leaf and hashes", value: middle(shares), unit: "%", limit: 35, atMost: true},
	}, receipts...), err
}

// said is a statement with what lies beside it.
type said struct {
	proof.Statement
	private *proof.Private
}

// timeDecisions gives the mean time of a yes with a drawn signature, one after the other, and the last one's statement.
func (w *world) timeDecisions(ctx context.Context, base string) (mean time.Duration, last said, err error) {
	file, err := copyFile(base, "decisions.db")
	if err != nil {
		return 0, said{}, err
	}
	a, err := w.open(db.Options{File: file})
	if err != nil {
		return 0, said{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	ctx = db.InSchool(ctx, w.school)
	var receipt id.Statement
	began := time.Now()
	for _, g := range w.guardians {
		if receipt, err = w.answer(ctx, a, g); err != nil {
			return 0, said{}, err
		}
	}
	mean = time.Since(began) / time.Duration(len(w.guardians))
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		log := evidence.NewLog(w.keys)
		body, err := log.Statement(tx, receipt)
		if err != nil {
			return err
		}
		if last.Statement, err = proof.DecodeStatement(body); err != nil {
			return err
		}
		last.private, err = log.Private(tx, receipt)
		return err
	})
	return mean, last, err
}

func (w *world) answer(ctx context.Context, a *app.App, g *guardian) (id.Statement, error) {
	actor, err := a.Accounts.Authenticate(ctx, g.token)
	if err != nil {
		return "", err
	}
	outcome, err := a.Consents.Answer(ctx, actor, consent.AnswerInput{
		Pupil: g.pupil, Answer: participation.Video, Version: w.version, TextSHA256: w.textHash, Language: consent.German,
		Relation: consent.Together, Signature: &consent.Signature{Kind: "drawn", Width: 320, Height: 160, Strokes: drawnStrokes()},
	})
	return outcome.Receipt.ID, err
}

func drawnStrokes() [][]consent.Point {
	var strokes [][]consent.Point
	for s := range 3 {
		var stroke []consent.Point
		for i := range 30 {
			stroke = append(stroke, consent.Point{X: 20 + s*90 + i*3, Y: 60 + (i*37)%41})
		}
		strokes = append(strokes, stroke)
	}
	return strokes
}

// timeAppends gives the mean time of the statement alone, without a COMMIT of its own.
func (w *world) timeAppends(ctx context.Context, base string, s said) (mean time.Duration, err error) {
	file, err := copyFile(base, "appends.db")
	if err != nil {
		return 0, err
	}
	d, err := db.Open(db.Options{File: file, Clock: clock})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	log := evidence.NewLog(w.keys)
	part, err := evidence.NewPart(*s.private)
	if err != nil {
		return 0, err
	}
	err = d.WriteAlone(db.InSchool(ctx, w.school), func(tx *db.Tx) error {
		began := time.Now()
		for range appends {
			if _, err := log.Append(tx, s.Statement, part); err != nil {
				return err
			}
		}
		mean = time.Since(began) / appends
		return nil
	})
	return mean, err
}

// measureReceipts asks for fresh receipts over HTTP, each the first time, so that each has a checkpoint signed.
func (w *world) measureReceipts(base string) ([]figure, error) {
	file, err := copyFile(base, "receipts.db")
	if err != nil {
		return nil, err
	}
	stop, err := w.serve(db.Options{File: file})
	if err != nil {
		return nil, err
	}
	var files, pages outcome
	size := 0
	w.rewind()
	client := &fasthttp.HostClient{Addr: w.config.Addr, MaxConns: 1}
	for _, g := range w.guardians[:100] {
		if err = w.decideOnce(client, g); err != nil {
			break
		}
		for _, format := range []string{"json", "pdf"} {
			began := time.Now()
			var body []byte
			if body, err = w.get(client, fmt.Sprintf("/api/v1/receipts/%s?format=%s", g.now.receipt, format), g.token); err != nil {
				break
			}
			if format == "json" {
				files.waits = append(files.waits, time.Since(began))
			} else {
				pages.waits, size = append(pages.waits, time.Since(began)), max(size, len(body))
			}
		}
	}
	if err = errors.Join(err, stop()); err != nil {
		return nil, err
	}
	slices.Sort(files.waits)
	slices.Sort(pages.waits)
	return []figure{
		{name: "a receipt, checkpoint signed, 99th percentile", value: files.percentile(0.99), unit: "ms", limit: 50, atMost: true},
		{name: "a receipt's page as PDF, middle", value: pages.percentile(0.5), unit: "ms", limit: 30, atMost: true},
		{name: "a receipt's page as PDF, largest", value: float64(size) / 1000, unit: "KB", limit: 60, atMost: true},
	}, nil
}
