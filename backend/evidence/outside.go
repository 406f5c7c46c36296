package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"einverstanden/backend/proof"
)

// Outside is what left the house earlier, as a file: a signed checkpoint alone, the JSON of proof.Published, or a
// receipt.
type Outside struct {
	Name    string
	Content []byte
}

// witness is an Outside as far as it can be compared with the log.
type witness struct {
	name       string
	checkpoint proof.Checkpoint
	leaf       int64  // of a receipt; NoLeaf otherwise
	record     []byte // of a receipt: the leaf as it was handed out
}

// witnesses reads the given files, smallest log first. What cannot be compared becomes a finding.
func (w *walk) witnesses(given []Outside) ([]witness, error) {
	var read []witness
	for _, file := range given {
		one, err := w.witness(file)
		if err == nil && one.checkpoint.Origin != w.origin {
			err = fmt.Errorf("is about another log, %q", one.checkpoint.Origin)
		}
		if err == nil {
			read = append(read, one)
			continue
		}
		kind := Unusable
		if errors.Is(err, proof.ErrSignature) {
			kind = Unsigned
		}
		if err := w.found(Finding{Kind: kind, Table: "file", Row: file.Name, Leaf: NoLeaf, Detail: err.Error()}); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(read, func(a, b witness) int { return int(min(max(a.checkpoint.Size-b.checkpoint.Size, -1), 1)) })
	return read, nil
}

func (w *walk) witness(file Outside) (witness, error) {
	if isReceipt(file.Content) {
		return w.receipt(file)
	}
	published, err := proof.ParsePublished(file.Content)
	if err != nil {
		return witness{}, errors.New("is neither a checkpoint nor a receipt")
	}
	key := w.key
	if key == nil && published.Key != "" {
		own, err := proof.ParseKey(published.Key)
		if err != nil {
			return witness{}, err
		}
		key = &own
	}
	checkpoint, err := openCheckpoint(key, published.Checkpoint)
	return witness{name: file.Name, checkpoint: checkpoint, leaf: NoLeaf}, err
}

func isReceipt(content []byte) bool {
	var outer struct {
		Schema string `json:"schema"`
	}
	return bytes.HasPrefix(bytes.TrimSpace(content), []byte("{")) && json.Unmarshal(content, &outer) == nil && outer.Schema != ""
}

// receipt takes a receipt for its checkpoint and its leaf, which must hold together: the rest of it is for
// proof.Verify's own report.
func (w *walk) receipt(file Outside) (witness, error) {
	against := proof.Against{}
	if w.key != nil {
		against.Key = w.key.String()
	}
	report := proof.Verify(file.Content, against)
	switch {
	case report.Of(proof.ClaimKey) == proof.Fails:
		return witness{}, fmt.Errorf("receipt: it names another key; %w", proof.ErrSignature)
	case report.Of(proof.ClaimCheckpoint) != proof.Holds:
		return witness{}, fmt.Errorf("receipt: %w", proof.ErrSignature)
	case report.Of(proof.ClaimInclusion) != proof.Holds:
		return witness{}, errors.New("receipt: its leaf is not in its own checkpoint")
	}
	record, err := report.About.Leaf.Encode()
	return witness{name: file.Name, checkpoint: report.About.Checkpoint, leaf: report.About.Leaf.Seq, record: record}, err
}

// openCheckpoint reads a note; without a key its signature is not judged.
func openCheckpoint(key *proof.Key, note string) (proof.Checkpoint, error) {
	if key != nil {
		return key.Open(note)
	}
	checkpoint, err := proof.Key{}.Open(note)
	if errors.Is(err, proof.ErrSignature) {
		err = nil
	}
	return checkpoint, err
}

// readable is a detail without line ends, whatever a damaged note says.
func readable(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
