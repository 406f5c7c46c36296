package consent

import (
	"encoding/json"
	"maps"
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

func (r *rows) compareVersions(tx *db.Tx, batch evidence.Batch, found evidence.Found) error {
	var wanted []id.Version
	for _, a := range batch.Statements {
		if d, ok := a.Statement.Declaration.(*proof.VersionDeclared); ok {
			wanted = append(wanted, d.Version)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	stored, err := publishedVersions(tx, wanted)
	if err != nil {
		return err
	}
	texts, err := textsOfVersions(tx, wanted)
	if err != nil {
		return err
	}
	for _, a := range batch.Statements {
		d, ok := a.Statement.Declaration.(*proof.VersionDeclared)
		if !ok {
			continue
		}
		r.versions[d.Version] = true
		made := &evidence.Row{Table: "form_version", ID: string(d.Version), Leaf: a.Leaf, Found: found}
		if row, ok := stored[d.Version]; ok {
			compareVersion(made, row, a, d)
		} else {
			made.Gone()
		}
		if err := made.Err(); err != nil {
			return err
		}
		if err := compareTexts(texts[d.Version], a.Leaf, d, found); err != nil {
			return err
		}
	}
	return nil
}

func compareVersion(made *evidence.Row, row publishedRow, a evidence.Attested, d *proof.VersionDeclared) {
	evidence.Same(made, "form_id", d.Purpose, string(row.Purpose))
	evidence.Same(made, "number", d.Number, row.Row.Number)
	evidence.Same(made, "edition", d.Edition, row.Row.Edition)
	evidence.Same(made, "change", d.Change, string(row.Row.Change))
	evidence.Same(made, "policy", d.Policy, string(row.Row.Policy))
	evidence.Same(made, "in_force_on", d.InForceOn, row.Row.InForceOn)
	evidence.Same(made, "published_at", a.At.UnixMicro(), row.Row.PublishedAt)
	evidence.Same(made, "published_by", d.By, row.Row.PublishedBy)
	wanted, err := SaySettings(d.Say).ages()
	var stored participation.Ages
	if err != nil || json.Unmarshal([]byte(row.Row.Ages), &stored) != nil || stored != wanted {
		made.Differs("ages", "are not what the statement says")
	}
}

// compareTexts computes each text's hash anew, so that a changed word shows as well as a changed hash.
func compareTexts(stored []textRow, leaf int64, d *proof.VersionDeclared, found evidence.Found) error {
	missing := maps.Clone(d.Texts)
	for _, row := range stored {
		made := &evidence.Row{Table: "form_text", ID: string(d.Version) + " " + row.Language, Leaf: leaf, Found: found}
		wanted, ok := d.Texts[row.Language]
		delete(missing, row.Language)
		if ok {
			compareText(made, row, wanted)
		} else {
			made.Unattested()
		}
		if err := made.Err(); err != nil {
			return err
		}
	}
	for _, language := range slices.Sorted(maps.Keys(missing)) {
		made := &evidence.Row{Table: "form_text", ID: string(d.Version) + " " + language, Leaf: leaf, Found: found}
		made.Gone()
		if err := made.Err(); err != nil {
			return err
		}
	}
	return nil
}

func compareText(made *evidence.Row, row textRow, wanted string) {
	evidence.Same(made, "text_sha256", wanted, row.TextSha256)
	text := Text{Language: row.Language, Title: row.Title}
	err := json.Unmarshal([]byte(row.Blocks), &text.Blocks)
	var encoded []byte
	if err == nil {
		encoded, err = text.encode(row.VersionID)
	}
	if err != nil || proof.SHA256Hex(encoded) != wanted {
		made.Differs("title, blocks", "are not the words that the statement's hash was made of")
	}
}

// finishVersions names versions that no statement published.
func (r *rows) finishVersions(tx *db.Tx, found evidence.Found) error {
	stored, err := publishedVersions(tx, nil)
	if err != nil {
		return err
	}
	for _, version := range slices.Sorted(maps.Keys(stored)) {
		if r.versions[version] {
			continue
		}
		made := &evidence.Row{Table: "form_version", ID: string(version), Leaf: evidence.NoLeaf, Found: found}
		made.Unattested()
		if err := made.Err(); err != nil {
			return err
		}
	}
	return nil
}
