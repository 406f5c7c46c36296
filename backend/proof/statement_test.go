package proof_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"einverstanden/backend/proof"
)

// of gives the statement of a deed, to be changed.
func of[D, S any](t *testing.T, name string) (*D, *S, proof.Statement) {
	t.Helper()
	for _, d := range deeds() {
		if d.name == name {
			return d.statement.Declaration.(*D), d.statement.Server.(*S), d.statement
		}
	}
	t.Fatalf("no deed is called %s", name)
	return nil, nil, proof.Statement{}
}

// unchecked writes a statement as another program might.
func unchecked(t *testing.T, s proof.Statement) []byte {
	t.Helper()
	body, err := proof.Canonical(map[string]any{"declaration": s.Declaration, "kind": s.Kind, "server": s.Server, "v": 1})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestWhatNoStatementSaysIsNeitherWrittenNorRead(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	type (
		declared = proof.DecisionDeclared
		server   = proof.DecisionServer
	)
	decisions := map[string]struct {
		of     string
		change func(*declared, *server)
	}{
		"recorded in another zone":          {"yes-video-drawn", func(_ *declared, s *server) { s.RecordedAt = s.RecordedAt.In(berlin) }},
		"recorded to the nanosecond":        {"yes-video-drawn", func(_ *declared, s *server) { s.RecordedAt = s.RecordedAt.Add(1) }},
		"recorded at no time":               {"yes-video-drawn", func(_ *declared, s *server) { s.RecordedAt = time.Time{} }},
		"received in another zone":          {"yes-video-drawn", func(_ *declared, s *server) { s.ReceivedAt = s.ReceivedAt.In(berlin) }},
		"received at no time":               {"withdrawal-picture", func(_ *declared, s *server) { s.ReceivedAt = time.Time{} }},
		"neither an answer nor withdrawn":   {"withdrawal-picture", func(d *declared, _ *server) { d.Extent = "" }},
		"both":                              {"yes-video-drawn", func(d *declared, _ *server) { d.Extent = "all" }},
		"an answer to no form":              {"yes-video-drawn", func(d *declared, _ *server) { d.FormVersion = "" }},
		"an answer to no text":              {"answer-none", func(d *declared, _ *server) { d.TextSHA256 = "" }},
		"an answer in no language":          {"yes-video-drawn", func(d *declared, _ *server) { d.Language = "" }},
		"an answer without the German text": {"yes-in-turkish", func(_ *declared, s *server) { s.GermanTextSHA256 = "" }},
		"an answer to no edition":           {"yes-video-drawn", func(_ *declared, s *server) { s.Edition = 0 }},
		"a withdrawal with a text": {"withdrawal-picture", func(d *declared, _ *server) {
			d.TextSHA256 = proof.SHA256Hex(text("de"))
		}},
		"a hash in upper case":         {"yes-video-drawn", func(d *declared, _ *server) { d.TextSHA256 = strings.ToUpper(d.TextSHA256) }},
		"a hash that is too short":     {"yes-video-drawn", func(d *declared, _ *server) { d.PrivateSHA256 = "e3b0" }},
		"nothing private named":        {"withdrawal-picture", func(d *declared, _ *server) { d.PrivateSHA256 = "" }},
		"a passkey that is not there":  {"yes-video-drawn", func(_ *declared, s *server) { s.Means = proof.MeansPasskey }},
		"a passkey that is not spoken": {"yes-audio-passkey", func(_ *declared, s *server) { s.Means = proof.MeansSession }},
	}
	for name, c := range decisions {
		d, s, statement := of[declared, server](t, c.of)
		c.change(d, s)
		refuse(t, name, statement)
	}
	sanction, _, imposed := of[proof.SanctionDeclared, proof.MeasureServer](t, "sanction-imposed")
	sanction.PrivateSHA256 = ""
	refuse(t, "a sanction with nothing private", imposed)
	sanction.PrivateSHA256, sanction.Heard = strings.Repeat("a", 64), []string{"pupil"}
	refuse(t, "a sanction of no kind with somebody heard", imposed)
	sanction.Heard, sanction.RulesVersion = nil, "rules"
	refuse(t, "a sanction of no kind with a version of the rules", imposed)
	sanction.RulesVersion = ""
	sanction.Heard, sanction.Kind = nil, "formal"
	if _, err := proof.DecodeStatement(unchecked(t, imposed)); err == nil {
		t.Error("the second version's member is read in the first")
	}
	hold, measured, placed := of[proof.HoldDeclared, proof.MeasureServer](t, "hold-placed")
	measured.At = measured.At.In(berlin)
	refuse(t, "a hold in another zone", placed)
	measured.At, hold.PrivateSHA256 = minute(1), strings.Repeat("g", 64)
	refuse(t, "a hold with a hash that is none", placed)
	texts, _, published := of[proof.VersionDeclared, proof.ActServer](t, "version-published")
	texts.Texts["tr"] = "0"
	refuse(t, "a version with a hash that is none", published)
	delete(texts.Texts, "tr")
	delete(texts.Texts, "de")
	refuse(t, "a version without German text", published)
	erased, _, erasure := of[proof.ErasureDeclared, proof.ErasureServer](t, "erasure")
	erased.Leaves = nil
	refuse(t, "an erasure of no list", erasure)
	erased.Leaves = []int64{}
	if _, err := erasure.Encode(); err != nil {
		t.Errorf("an erasure of nothing: %v", err)
	}
}

func refuse(t *testing.T, name string, s proof.Statement) {
	t.Helper()
	if body, err := s.Encode(); err == nil {
		t.Errorf("%s is written: %s", name, body)
	}
	if _, err := proof.DecodeStatement(unchecked(t, s)); err == nil {
		t.Errorf("%s is read", name)
	}
}

func TestAStatementHasTheHalvesOfItsKind(t *testing.T) {
	whole := deeds()[0].statement
	for name, s := range map[string]proof.Statement{
		"no kind":             {Declaration: whole.Declaration, Server: whole.Server},
		"unknown kind":        {Kind: "wish", Declaration: whole.Declaration, Server: whole.Server},
		"no declaration":      {Kind: whole.Kind, Server: whole.Server},
		"nil declaration":     {Kind: whole.Kind, Declaration: (*proof.VersionDeclared)(nil), Server: whole.Server},
		"no server":           {Kind: whole.Kind, Declaration: whole.Declaration},
		"another kind's half": {Kind: proof.KindHold, Declaration: whole.Declaration, Server: whole.Server},
		"not a pointer":       {Kind: whole.Kind, Declaration: *whole.Declaration.(*proof.VersionDeclared), Server: whole.Server},
	} {
		if body, err := s.Encode(); err == nil {
			t.Errorf("%s is written: %s", name, body)
		}
	}
}

// There is one sequence of bytes for a statement: everything that encoding/json would forgive is refused.
func TestAStatementIsReadInItsOwnFormAlone(t *testing.T) {
	body, err := deeds()[3].statement.Encode()
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, made string) []byte {
		changed := bytes.Replace(body, []byte(old), []byte(made), 1)
		if bytes.Equal(changed, body) {
			t.Fatalf("%s is not in the statement", old)
		}
		return changed
	}
	indented := &bytes.Buffer{}
	if err := json.Indent(indented, body, "", " "); err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"nothing":                    nil,
		"null":                       []byte("null"),
		"an array":                   []byte("[]"),
		"a word":                     []byte(`"decision"`),
		"white space":                indented.Bytes(),
		"something behind":           append(bytes.Clone(body), "{}"...),
		"a line end behind":          append(bytes.Clone(body), '\n'),
		"a brace behind":             append(bytes.Clone(body), '}'),
		"a bracket behind":           append(bytes.Clone(body), "]x"...),
		"a member twice":             change(`"answer":"video"`, `"answer":"none","answer":"video"`),
		"another case":               change(`"answer"`, `"Answer"`),
		"another case and the right": change(`"answer":"video"`, `"ANSWER":"none","answer":"video"`),
		"a letter that folds":        change(`"person":{`, `"perſon":{`),
		"an unknown member":          change(`"answer"`, `"anger":0,"answer"`),
		"a member that is empty":     change(`"formVersion"`, `"extent":"","formVersion"`),
		"a member that is null":      change(`"formVersion"`, `"extent":null,"formVersion"`),
		"a declaration that is null": []byte(`{"declaration":null,"kind":"decision","server":null,"v":1}`),
		"a server that is null":      slices.Concat(body[:bytes.Index(body, []byte(`"server":`))], []byte(`"server":null,"v":1}`)),
		"no halves":                  []byte(`{"kind":"decision","v":1}`),
		"another version":            change(`"v":1}`, `"v":2}`),
		"a version with an exponent": change(`"v":1}`, `"v":1e0}`),
		"an escape":                  change(`"video"`, `"vide\u006f"`),
		"text that is not NFC":       change(`"Mila Winter"`, "\"Mila Wu\u0308nter\""),
		"text that is not UTF-8":     change(`"Mila Winter"`, "\"Mila \xff\""),
		"half a surrogate":           change(`"Mila Winter"`, `"Mila \ud800"`),
		"another spelling of UTC":    change(`Z","recordedAt"`, `+00:00","recordedAt"`),
		"an instant with a comma":    change(`00.250001Z","recordedAt"`, `00,250001Z","recordedAt"`),
		"an instant with zeros":      change(`00.250001Z","recordedAt"`, `00.2500010Z","recordedAt"`),
	} {
		if s, err := proof.DecodeStatement(raw); err == nil {
			t.Errorf("%s is read as %+v", name, s)
		}
	}
}
