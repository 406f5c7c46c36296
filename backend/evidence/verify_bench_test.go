package evidence_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/app"
	"einverstanden/backend/authz"
	"einverstanden/backend/calendar"
	"einverstanden/backend/config"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
	"einverstanden/backend/standing"
	"einverstanden/backend/testkit"
)

// BenchmarkVerifyDatabase is all of `verify --database`: log, rows and stories of 20 decisions a pupil, on SQLite. Bench:
// a million leaves in at most 60 s on two cores. Run it with -benchtime 1x; making the database takes longer.
func BenchmarkVerifyDatabase(b *testing.B) {
	for _, size := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprintf("%d leaves", size), func(b *testing.B) {
			env := testkit.NewSQLite(b)
			built, err := app.Build(config.Config{URL: &url.URL{Scheme: "http", Host: "localhost"}}, env.DB, env.Vault, slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			s := env.NewSchool(b)
			fillSchool(b, s, publish(b, built, s), size)
			heap := watchHeap(b)
			for b.Loop() {
				begun := time.Now()
				verified, err := built.VerifyDatabase(s.Ctx, app.Verification{
					Found:  func(f evidence.Finding) error { return fmt.Errorf("%s", f) },
					Raised: func(r standing.Raise) error { return fmt.Errorf("%s", r) },
				})
				if err != nil || verified.Statements != int64(size)+1 || verified.Pupils != int64(size/actsOfOne) {
					b.Fatalf("%+v, %v", verified, err)
				}
				b.ReportMetric(float64(size)/time.Since(begun).Seconds(), "leaves/s")
			}
			b.ReportMetric(heap()/(1<<20), "MiB-heap")
		})
	}
}

// publish puts a form into force, so that the rule has something to decide.
func publish(tb testing.TB, built *app.App, s *testkit.School) consent.Version {
	tb.Helper()
	draft, err := consent.ParseDraft([]byte(`{"purpose": "video_conference", "change": "material", "policy": "one", "say": {"preset": "letter"},
		"languages": {"de": {"title": "Videokonferenzen", "blocks": [{"id": "p1", "kind": "point", "icon": "camera", "text": "Wir fragen Sie."}]}}}`))
	if err != nil {
		tb.Fatal(err)
	}
	version, err := built.Consents.Publish(s.Ctx, s.Staff(authz.Head), draft, s.Today())
	if err != nil {
		tb.Fatal(err)
	}
	return version
}

const actsOfOne = 20

// fillSchool makes pupils with one guardian each, who answers yes and no in turn.
func fillSchool(tb testing.TB, s *testkit.School, version consent.Version, leaves int) {
	tb.Helper()
	at := s.Clock.Now()
	days := calendar.Period{From: calendar.MustParse("2026-08-01")}
	private := &proof.Private{BirthDate: calendar.MustParse("2014-05-06"), Blind: make([]byte, proof.BlindSize)}
	hash, err := proof.HashOf(private)
	if err != nil {
		tb.Fatal(err)
	}
	session := id.New[id.Session]()
	statement := proof.Statement{
		Kind: proof.KindDecision,
		Declaration: &proof.DecisionDeclared{
			School: s.ID, Pupil: "{pupil}", Person: id.GuardianOf("{guardian}"), Purpose: "video_conference", Answer: "{answer}",
			FormVersion: version.ID, TextSHA256: strings.Repeat("ab", 32), Language: "de", PrivateSHA256: hash,
		},
		Server: &proof.DecisionServer{
			Decision: "{decision}", Edition: 1, VersionNumber: 1, GermanTextSHA256: strings.Repeat("ab", 32), Guardianship: "{guardianship}",
			Schooling: "{schooling}", Channel: "app", Means: proof.MeansSession, Session: session,
			Names: proof.Names{Person: "Vera Br\u00fcckner", Pupil: "Lena Br\u00fcckner", Class: "7b"}, ReceivedAt: at, RecordedAt: at,
		},
	}
	template, err := statement.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	attacker := s.Attack(tb)
	pupils := make([]school.Pupil, leaves/actsOfOne)
	guardians, schoolings, guardianships := make([]school.Guardian, len(pupils)), make([]school.Schooling, len(pupils)), make([]school.Guardianship, len(pupils))
	for i := range pupils {
		pupils[i] = school.Pupil{ID: id.New[id.Pupil](), Name: school.Name{Given: "Lena", Family: "Brückner"}, BirthDate: private.BirthDate}
		guardians[i] = school.Guardian{ID: id.New[id.Guardian](), Name: school.Name{Given: "Vera", Family: "Brückner"}}
		schoolings[i] = school.Schooling{ID: id.New[id.Schooling](), Pupil: pupils[i].ID, Period: days}
		guardianships[i] = school.Guardianship{
			ID: id.New[id.Guardianship](), Guardian: guardians[i].ID, Pupil: pupils[i].ID, Relation: school.Parent,
			Custody: school.JointCustody, Basis: school.Assumed, Period: days,
		}
	}
	ids := make([]id.Decision, leaves)
	statements := make([]id.Statement, leaves)
	answerOf := func(leaf int64) string {
		if leaf/int64(len(pupils))%2 == 0 {
			return "video"
		}
		return "none"
	}
	err = s.DB.WriteAlone(s.Ctx, func(tx *db.Tx) error {
		tx.MarkAudited()
		for _, add := range []error{
			s.Service.AddPupils(tx, pupils), s.Service.AddGuardians(tx, guardians), s.Service.AddSchoolings(tx, schoolings),
			s.Service.AddGuardianships(tx, guardianships),
		} {
			if add != nil {
				return add
			}
		}
		return s.Log.Fill(tx, int64(leaves), func(leaf int64) (evidence.Kept, error) {
			leaf--                           // the first is the version's
			who := leaf % int64(len(pupils)) // everybody in turn, as they come
			ids[leaf], statements[leaf] = id.New[id.Decision](), id.New[id.Statement]()
			body := strings.NewReplacer(
				"{pupil}", string(pupils[who].ID), "{guardian}", string(guardians[who].ID), "{decision}", string(ids[leaf]),
				"{guardianship}", string(guardianships[who].ID), "{schooling}", string(schoolings[who].ID), "{answer}", answerOf(leaf),
			).Replace(string(template))
			return evidence.Kept{Statement: statement, Body: []byte(body), Private: private, ID: statements[leaf], At: at.UnixMicro()}, nil
		})
	})
	if err != nil {
		tb.Fatal(err)
	}
	const many = 500
	for first := 0; first < leaves; first += many {
		var values []any
		for leaf := first; leaf < min(first+many, leaves); leaf++ {
			who := leaf % len(pupils)
			values = append(values, s.ID, ids[leaf], leaf+1, statements[leaf], pupils[who].ID, guardians[who].ID, guardianships[who].ID,
				schoolings[who].ID, answerOf(int64(leaf)), version.ID, strings.Repeat("ab", 32), session, at.UnixMicro(), at.UnixMicro())
		}
		const row = "(?, ?, ?, ?, 'video_conference', ?, 'guardian', ?, ?, ?, 'answer', ?, ?, 1, 'de', ?, 'app', 'session', ?, ?, ?)"
		attacker.Exec(`INSERT INTO decision (school_id, id, leaf_seq, statement_id, purpose, pupil_id, person_kind, person_id,
			guardianship_id, schooling_id, kind, answer, version_id, edition, language, text_sha256, channel,
			means, session_id, received_at, recorded_at) VALUES `+
			strings.TrimSuffix(strings.Repeat(row+", ", len(values)/14), ", "), values...)
	}
}
