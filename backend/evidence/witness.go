package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"einverstanden/backend/proof"
)

// Witness keeps the last checkpoint of each log in a file outside the database, so that whoever can write the database
// alone cannot rewrite what was signed. It is the nearest witness and the weakest: receipts are the others.
type Witness struct{ folder string }

// NewWitness keeps its files in the folder, which it makes when it first writes.
func NewWitness(folder string) Witness { return Witness{folder} }

func (w Witness) path(origin string) string {
	return filepath.Join(w.folder, strings.ReplaceAll(origin, "/", "-")+".txt")
}

// read gives the last checkpoint of the key's log; the zero one when there is none yet.
func (w Witness) read(key proof.Key) (proof.Checkpoint, error) {
	note, err := os.ReadFile(w.path(key.Origin))
	if errors.Is(err, fs.ErrNotExist) {
		return proof.Checkpoint{}, nil
	}
	if err != nil {
		return proof.Checkpoint{}, err
	}
	checkpoint, err := key.Open(string(note))
	if err != nil {
		return checkpoint, fmt.Errorf("%w: the one in %s is not ours", errBroken, w.path(key.Origin))
	}
	return checkpoint, nil
}

// write replaces the last checkpoint as a whole: after a kill the file holds the old one or the new one.
func (w Witness) write(origin, note string) error {
	if err := os.MkdirAll(w.folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(w.folder, ".checkpoint")
	if err != nil {
		return err
	}
	_, err = file.WriteString(note)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), w.path(origin))
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}
