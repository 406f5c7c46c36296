package paper

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/proof"
)

// receiptPage is what a receipt's page says, ready to be drawn.
type receiptPage struct {
	heading   string
	subject   string
	number    string
	copyNote  string // what a shared copy leaves out; empty on the full one
	decided   string
	effect    string
	rows      []row
	signature *proof.Signature // nil: none to show
	signedBy  string           // the caption of the signature
	typed     string           // the name, where one was typed
	law       []string
	proof     []row
	code      string // the QR code's text
	texts     receiptTexts
}

// row is a value under its label, with a smaller note below.
type row struct{ label, value, note string }

// receiptTexts are the words of a receipt by key.
type receiptTexts map[string]string

// receiptWriter finds the words for a receipt. An error stays: the first one is what counts.
type receiptWriter struct {
	printer *Printer
	about   proof.About
	page    receiptPage
	err     error
}

func (p *Printer) receiptPage(about proof.About) (receiptPage, error) {
	w := &receiptWriter{printer: p, about: about, page: receiptPage{texts: p.receipt}}
	switch declared := about.Statement.Declaration.(type) {
	case *proof.DecisionDeclared:
		w.decision(declared, about.Statement.Server.(*proof.DecisionServer))
	case *proof.SanctionDeclared:
		w.sanction(declared, about.Statement.Server.(*proof.MeasureServer))
	case *proof.HoldDeclared:
		w.hold(declared, about.Statement.Server.(*proof.MeasureServer))
	default:
		return receiptPage{}, fmt.Errorf("paper: no page shows a statement of the kind %s", about.Statement.Kind)
	}
	w.verification()
	return w.page, w.err
}

// word fills the text of a key. A key without text is a word of a receipt that this program does not know: rather no
// page than one that leaves something out.
func (w *receiptWriter) word(key string, pairs ...string) string {
	text, ok := w.printer.receipt[key]
	if !ok && w.err == nil {
		w.err = fmt.Errorf("paper: receipt: no words for %q", key)
	}
	return fill(text, pairs...)
}

// plain makes a text that people or files gave fit to be printed.
func (w *receiptWriter) plain(text string) string { return w.printer.faces.writable(clean(text)) }

func (w *receiptWriter) add(label, value, note string) {
	w.page.rows = append(w.page.rows, row{w.word("label." + label), value, note})
}

func (w *receiptWriter) decision(d *proof.DecisionDeclared, server *proof.DecisionServer) {
	page := &w.page
	page.subject = w.word("purpose." + d.Purpose)
	page.number = w.word("label.number", "number", w.plain(string(server.Decision)))
	kind := w.decided(d)
	page.heading = w.word("heading." + kind)

	w.add("who", w.plain(server.Names.Person), w.capacity(d))
	w.pupil(server.Names)
	w.instants(server)
	w.channel(server)
	w.text(d, server)
	w.signature(kind == "yes" && server.Means != proof.MeansStaff)
	page.law = append(page.law, w.word("law."+kind))
	if server.Means == proof.MeansPasskey {
		page.law = append(page.law, w.word("law.passkey"))
	}
	w.copyNote("copy.decision")
}

// decided says what was decided and gives the kind of receipt: yes, no, withdrawal.
func (w *receiptWriter) decided(d *proof.DecisionDeclared) string {
	if d.Extent != "" {
		w.page.decided, w.page.effect = w.word("extent."+d.Extent), w.word("effect.withdrawal")
		return "withdrawal"
	}
	w.page.decided, w.page.effect = w.word("answer."+d.Answer), w.word("effect.answer."+d.Answer)
	if d.Answer == "none" {
		return "no"
	}
	return "yes"
}

// capacity is how somebody says they decide.
func (w *receiptWriter) capacity(d *proof.DecisionDeclared) string {
	switch {
	case d.Relation != "":
		return w.word("relation." + d.Relation)
	case d.Person.ID == string(d.Pupil):
		return w.word("who.self")
	}
	return ""
}

func (w *receiptWriter) pupil(names proof.Names) {
	var notes []string
	if names.Class != "" {
		notes = append(notes, w.word("pupil.class", "class", w.plain(names.Class)))
	}
	if private := w.about.Private; private != nil && !private.BirthDate.IsZero() {
		notes = append(notes, w.word("pupil.born", "date", w.day(private.BirthDate)))
	}
	w.add("pupil", w.plain(names.Pupil), strings.Join(notes, ", "))
	if names.School != "" {
		w.add("school", w.plain(names.School), "")
	}
}

// instants are when the decision reached the school and, where that is not the same, when it was written down.
func (w *receiptWriter) instants(server *proof.DecisionServer) {
	received := server.ReceivedAt.In(w.printer.zone)
	onlyDay := server.Means == proof.MeansStaff && received.Equal(calendar.Today(received, w.printer.zone).StartIn(w.printer.zone))
	if onlyDay { // paper and calls of an earlier day are known by their day
		w.add("received", w.day(calendar.Today(received, w.printer.zone)), "")
	} else {
		w.addInstant("received", received)
	}
	if !server.RecordedAt.Equal(server.ReceivedAt) {
		w.addInstant("recorded", server.RecordedAt)
	}
}

func (w *receiptWriter) addInstant(label string, at time.Time) {
	w.add(label, w.instant(at), w.word("instant.note", "utc", at.UTC().Format(time.RFC3339Nano)))
}

func (w *receiptWriter) instant(at time.Time) string {
	at = at.In(w.printer.zone)
	return w.word("instant", "date", w.day(calendar.Today(at, w.printer.zone)), "time", at.Format("15:04"))
}

func (w *receiptWriter) day(day calendar.Date) string { return w.printer.texts.date(day) }

func (w *receiptWriter) channel(server *proof.DecisionServer) {
	means := string(server.Means)
	if server.SecondBy != "" {
		means = "second"
	}
	w.add("channel", w.word("channel."+server.Channel), w.word("means."+means))
}

// text names the words that were shown; a withdrawal has none.
func (w *receiptWriter) text(d *proof.DecisionDeclared, server *proof.DecisionServer) {
	const digits = 16 // of the hash: enough to tell texts apart; the whole of it is in the file
	if d.TextSHA256 == "" {
		return
	}
	language, ok := w.printer.receipt["language."+d.Language]
	if !ok {
		language = w.plain(d.Language)
	}
	version := w.word("text.version", "number", strconv.Itoa(server.VersionNumber), "language", language)
	w.add("text", version, w.word("text.note", "hash", w.plain(d.TextSHA256[:min(digits, len(d.TextSHA256))])))
}

// signature adds place and signature, and what the signature is in law. A shared copy of what was signed says that too.
func (w *receiptWriter) signature(wasSigned bool) {
	private := w.about.Private
	if private != nil && private.Place != "" {
		w.add("place", w.plain(private.Place), "")
	}
	if private != nil && private.Signature != nil {
		w.page.signature = private.Signature
		w.page.signedBy = w.word("label.signature." + private.Signature.Kind)
		w.page.typed = w.plain(private.Signature.Name)
	}
	if w.page.signature != nil || wasSigned {
		w.page.law = append(w.page.law, w.word("law.signature"))
	}
}

func (w *receiptWriter) copyNote(key string) {
	if w.about.Private == nil {
		w.page.copyNote = w.word(key)
	}
}

func (w *receiptWriter) sanction(d *proof.SanctionDeclared, server *proof.MeasureServer) {
	w.page.heading = w.word("heading.sanction." + d.Act)
	measure := w.word("measure." + d.Measure)
	w.page.decided, w.page.effect = measure, w.word("effect.sanction."+d.Act)
	w.measure("who", string(d.Sanction), server)
	if d.Act == "ended" {
		w.page.decided = w.word("ended")
		w.add("measure", measure, "")
	}
	w.add("period", w.word("period", "from", w.day(d.From), "until", w.day(d.Until)), "")
	if d.RuleKey != "" {
		w.add("rule", w.plain(d.RuleKey), "")
	}
	w.addInstant("recorded", server.At)
	w.page.law = []string{w.word("law.sanction")}
}

func (w *receiptWriter) hold(d *proof.HoldDeclared, server *proof.MeasureServer) {
	w.page.heading = w.word("heading." + d.Kind + "." + d.Act)
	w.page.decided, w.page.effect = w.word(d.Kind+"."+d.Act), w.word("effect."+d.Act)
	w.measure("recorder", string(d.Hold), server)
	w.addInstant("recorded", server.At)
	w.page.law = []string{w.word("law." + d.Kind)}
}

// measure is what sanctions and holds have in common; the label says what the school did.
func (w *receiptWriter) measure(label, number string, server *proof.MeasureServer) {
	w.page.subject = w.word("purpose.video_conference") // they restrict nothing else
	w.page.number = w.word("label.number", "number", w.plain(number))
	who := w.word("who.school")
	if server.Names.Person != "" {
		who = w.plain(server.Names.Person)
	}
	w.add(label, who, "")
	w.pupil(server.Names)
	w.copyNote("copy.measure")
}

// verification is what the page says of its own proof. The QR code is photographed by whoever sees the page: it names
// the checkpoint and the leaf, and nothing that belongs to a person.
func (w *receiptWriter) verification() {
	leaf, checkpoint := w.about.Leaf, w.about.Checkpoint
	seq, size := strconv.FormatInt(leaf.Seq, 10), strconv.FormatInt(checkpoint.Size, 10)
	fingerprint := w.about.Key.Fingerprint() // groups of equal length: the blank in the middle parts two lines
	half := len(fingerprint) / 2
	w.page.proof = []row{
		{label: w.word("proof.leaf"), value: seq},
		{label: w.word("proof.checkpoint"), value: w.word("proof.checkpointValue", "size", size, "instant", w.instant(checkpoint.At))},
		{label: w.word("proof.log"), value: w.plain(checkpoint.Origin)},
		{label: w.word("proof.key"), value: fingerprint[:half], note: fingerprint[half+1:]},
	}
	w.page.code = strings.Join([]string{checkpoint.Origin, size, checkpoint.Root.String(), seq}, "\n")
}
