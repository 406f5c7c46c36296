package consent

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
)

// Purpose is what a form asks for. Only VideoConference makes a standing.
type Purpose string

// VideoConference is the purpose of the letter that all this began with.
const VideoConference Purpose = "video_conference"

// German rules: a version has German text, all other languages are reading aids.
const German = "de"

// Block is one piece of a form's text. Kind is point, heading, paragraph or list; a list has Items, the others Text.
// Clauses name the clauses of the original letter and of GDPR Art. 13 that the block meets; they are not shown and not
// part of the text's hash.
type Block struct {
	ID      string   `json:"id"`
	Kind    string   `json:"kind"`
	Icon    string   `json:"icon,omitempty"`
	Text    string   `json:"text,omitempty"`
	Items   []string `json:"items,omitempty"`
	Clauses []string `json:"-"`
}

// Text is a version's text in one language exactly as served.
type Text struct {
	Language string
	Title    string
	Blocks   []Block
	SHA256   string // hex, of the canonical JSON {formVersion, language, title, blocks}
}

// Version is one published state of a form. It never changes.
type Version struct {
	ID        id.Version
	Number    int
	Edition   int
	Policy    participation.Policy
	Ages      participation.Ages
	InForceOn calendar.Date
}

// Draft is a form as it is written in a file, before it is published.
type Draft struct {
	Purpose   Purpose              `json:"purpose"`
	Change    participation.Change `json:"change"` // material asks everyone again, editorial nobody
	Policy    participation.Policy `json:"policy"`
	Say       SaySettings          `json:"say"`
	Languages map[string]DraftText `json:"languages"`
}

// SaySettings name who has a say by age: a preset (letter, from_fourteen) or the school's own ages.
type SaySettings struct {
	Preset     string `json:"preset"`
	BesideFrom int    `json:"besideFrom,omitempty"` // own: from this age beside the guardians; 0: never
	AloneFrom  int    `json:"aloneFrom,omitempty"`  // own: from this age alone, 18 at the latest
}

func (s SaySettings) ages() (participation.Ages, error) {
	var ages participation.Ages
	switch s.Preset {
	case "letter":
		ages = participation.AsTheLetter()
	case "from_fourteen":
		ages = participation.FromFourteen()
	case "own":
		ages = participation.Ages{BesideFrom: s.BesideFrom, AloneFrom: s.AloneFrom, Reaching: participation.CarriesOn}
	}
	if !ages.Valid() {
		return ages, fmt.Errorf("say is %+v; the preset letter, from_fourteen, or own with valid ages is wanted", s)
	}
	return ages, nil
}

// DraftText is a draft's text in one language, with placeholders.
type DraftText struct {
	Title  string       `json:"title"`
	Blocks []draftBlock `json:"blocks"`
}

type draftBlock struct {
	Block
	Clauses []string `json:"clauses,omitempty"`
}

// ParseDraft reads a draft file and checks what can be checked without the school.
func ParseDraft(content []byte) (Draft, error) {
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.DisallowUnknownFields()
	var draft Draft
	if err := decoder.Decode(&draft); err != nil {
		return Draft{}, fmt.Errorf("the form file cannot be read: %w", err)
	}
	return draft, draft.check()
}

func (d Draft) check() error {
	if d.Purpose != VideoConference {
		return fmt.Errorf("purpose is %q; %q is wanted", d.Purpose, VideoConference)
	}
	if d.Change != participation.Material && d.Change != participation.Editorial {
		return fmt.Errorf("change is %q; material or editorial is wanted", d.Change)
	}
	if d.Policy != participation.One && d.Policy != participation.All {
		return fmt.Errorf("policy is %q; one or all is wanted", d.Policy)
	}
	if _, err := d.Say.ages(); err != nil {
		return err
	}
	german, ok := d.Languages[German]
	if !ok {
		return fmt.Errorf("the German text is missing; it is the one that counts")
	}
	for language, text := range d.Languages {
		if err := text.check(language, german); err != nil {
			return err
		}
	}
	return nil
}

// check demands that a translation has the same blocks in the same order as the German text.
func (t DraftText) check(language string, german DraftText) error {
	if strings.TrimSpace(t.Title) == "" || len(t.Blocks) == 0 {
		return fmt.Errorf("%s: title or text is empty", language)
	}
	if len(t.Blocks) != len(german.Blocks) {
		return fmt.Errorf("%s has %d blocks, German has %d", language, len(t.Blocks), len(german.Blocks))
	}
	for i, block := range t.Blocks {
		model := german.Blocks[i]
		if block.ID != model.ID || block.Kind != model.Kind || len(block.Items) != len(model.Items) {
			return fmt.Errorf("%s: block %q does not match the German block %q", language, block.ID, model.ID)
		}
		if !slices.Contains([]string{"point", "heading", "paragraph", "list"}, block.Kind) {
			return fmt.Errorf("%s: block %q is of the unknown kind %q", language, block.ID, block.Kind)
		}
		if (block.Kind == "list") != (len(block.Items) > 0) || (block.Kind != "list") != (block.Text != "") {
			return fmt.Errorf("%s: block %q is empty or has both text and items", language, block.ID)
		}
	}
	return nil
}

// Clauses lists every clause that the German text names.
func (d Draft) Clauses() []string {
	var all []string
	for _, block := range d.Languages[German].Blocks {
		all = append(all, block.Clauses...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fill puts the school's own particulars in place of the placeholders. A placeholder that stays is an error: the
// form would be incomplete by GDPR Art. 13.
func (t DraftText) fill(settings school.Settings) (title string, blocks []Block, err error) {
	replace := strings.NewReplacer(
		"{{schoolName}}", settings.Name, "{{schoolAddress}}", settings.Address, "{{headName}}", settings.Officers.HeadName,
		"{{dpoName}}", settings.Officers.DPOName, "{{dpoContact}}", settings.Officers.DPOContact,
		"{{authorityName}}", settings.AuthorityName, "{{authorityContact}}", settings.AuthorityContact,
		"{{conferenceSystem}}", settings.ConferenceSystem, "{{processorName}}", settings.ProcessorName,
		"{{userRules}}", settings.UserRules, "{{retentionYears}}", fmt.Sprint(settings.RetentionYears),
	)
	put := func(text string) string {
		text = norm.NFC.String(replace.Replace(text))
		if strings.Contains(text, "{{") && err == nil {
			err = fmt.Errorf("the form has an unknown placeholder: %s", text)
		}
		return text
	}
	for _, b := range t.Blocks {
		block := Block{ID: b.ID, Kind: b.Kind, Icon: b.Icon}
		if b.Kind == "list" {
			for _, item := range b.Items {
				block.Items = append(block.Items, put(item))
			}
		} else {
			block.Text = put(b.Text)
		}
		blocks = append(blocks, block)
	}
	return put(t.Title), blocks, err
}

// encode is the text exactly as it is served, in canonical JSON; its hash is what decisions carry.
func (t Text) encode(version id.Version) ([]byte, error) {
	return proof.Canonical(struct {
		FormVersion id.Version `json:"formVersion"`
		Language    string     `json:"language"`
		Title       string     `json:"title"`
		Blocks      []Block    `json:"blocks"`
	}{version, t.Language, t.Title, t.Blocks})
}
