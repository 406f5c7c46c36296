package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// check refuses what the types allow and no statement says: a hash or an instant in another spelling, an answer without
// the text it was given under. Encode and DecodeStatement both ask it, so nothing is written that cannot be read again.
// The words of closed choices are for the packages that own them; schema/statement-v1.json lists them.
func (s Statement) check() error {
	if !isInstant(s.RecordedAt()) {
		return errInstant
	}
	switch d := s.Declaration.(type) {
	case *DecisionDeclared:
		if server, ok := s.Server.(*DecisionServer); ok {
			return checkDecision(d, server)
		}
	case *InvalidationDeclared:
		if (d.Author == "") == (d.Letter == "") {
			return errors.New("an invalidation is by a member of staff or by whoever showed a letter")
		}
	case *SanctionDeclared:
		return checkSanction(d)
	case *HoldDeclared:
		return checkHashes(d.PrivateSHA256)
	case *VersionDeclared:
		if d.Texts[German] == "" {
			return errors.New("a version without the German text")
		}
		return checkHashes(slices.Collect(maps.Values(d.Texts))...)
	case *ErasureDeclared:
		if d.Leaves == nil {
			return errors.New("an erasure without a list of leaves")
		}
	case *ObjectionDeclared:
		if (d.Act == "kept") != (d.NextInstance != "") {
			return errors.New("an objection names the next instance exactly where it is kept")
		}
	}
	return nil
}

// checkSanction keeps the first version as it was: whoever was heard belongs to the second, the rules' version to the third.
func checkSanction(d *SanctionDeclared) error {
	if d.Kind == "" && d.RulesVersion != "" {
		return errors.New("a sanction of no kind names no version of the rules")
	}
	if d.Kind == "" && (len(d.Heard) > 0 || !d.NotedOn.IsZero()) {
		return errors.New("a sanction of no kind names nobody who was heard and no file note")
	}
	return checkHashes(d.PrivateSHA256)
}

func checkDecision(d *DecisionDeclared, s *DecisionServer) error {
	answered := d.Answer != ""
	switch {
	case !isInstant(s.ReceivedAt):
		return errInstant
	case answered == (d.Extent != ""):
		return errors.New("a decision is an answer or a withdrawal")
	case answered && (d.FormVersion == "" || d.Language == "" || s.VersionNumber < 1 || s.Edition < 1):
		return errors.New("an answer names form, version, edition and language")
	case !answered && (d.FormVersion != "" || d.Language != "" || d.TextSHA256 != ""):
		return errors.New("a withdrawal needs no text and names none")
	case answered && s.Means == MeansKey:
		return errors.New("a lowering key answers nothing")
	case (s.Means == MeansPasskey) != (s.Passkey != nil):
		return errors.New("the means is a passkey exactly where there is one")
	case answered:
		return checkHashes(d.PrivateSHA256, d.TextSHA256, s.GermanTextSHA256)
	}
	return checkHashes(d.PrivateSHA256)
}

var errInstant = errors.New("an instant is in UTC and whole microseconds")

// isInstant holds for instants with one spelling: another offset would be another statement about the same moment.
func isInstant(at time.Time) bool {
	_, offset := at.Zone()
	return !at.IsZero() && offset == 0 && at.Nanosecond()%int(time.Microsecond) == 0
}

func checkHashes(hashes ...string) error {
	for _, hash := range hashes {
		if !isSHA256(hash) {
			return errors.New("a hash is 64 lower-case hexadecimal digits")
		}
	}
	return nil
}

func isSHA256(text string) bool {
	raw, err := hex.DecodeString(text)
	return err == nil && len(raw) == sha256.Size && strings.ToLower(text) == text
}
