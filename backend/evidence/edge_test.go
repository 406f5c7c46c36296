package evidence

// Inside the package, because nobody else needs to know that there is an edge.

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

// stored keeps hashes in memory the way tlog_hash does.
type stored []tlog.Hash

func (s stored) ReadHashes(positions []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(positions))
	for i, position := range positions {
		if position >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d of %d", position, len(s))
		}
		hashes[i] = s[position]
	}
	return hashes, nil
}

// The edge alone gives the hashes that package tlog reads the store for, at every size.
func TestTheEdgeReplacesReadingTheTree(t *testing.T) {
	var store stored
	var e edge
	if root, err := tlog.TreeHash(0, store); err != nil || e.root() != root {
		t.Errorf("the root of an empty log is %s, not %s (%v)", e.root(), root, err)
	}
	for size := range int64(1001) {
		record := fmt.Appendf(nil, "record %d", size)
		want, err := tlog.StoredHashes(size, record, store)
		if err != nil {
			t.Fatal(err)
		}
		// Through bytes, as between two transactions.
		kept, err := parseEdge(size, e.bytes())
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(store)) != tlog.StoredHashIndex(0, size) {
			t.Fatalf("size %d: %d hashes are stored", size, len(store))
		}
		grown, got := kept.grow(size, tlog.RecordHash(record))
		if !slices.Equal(got, want) {
			t.Fatalf("size %d: hashes differ from tlog's", size)
		}
		if !bytes.Equal(kept.bytes(), e.bytes()) {
			t.Fatalf("size %d: growing changed the old edge", size)
		}
		store, e = append(store, want...), grown
		if root, err := tlog.TreeHash(size+1, store); err != nil || e.root() != root {
			t.Fatalf("size %d: the edge's root is not the tree's (%v)", size+1, err)
		}
	}
}

// The same from any size on, far beyond what can be appended one by one.
func TestTheEdgeGrowsAtAnySize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(0, 1<<48).Draw(t, "size")
		// The hashes of earlier subtrees are made up: each is its position.
		reader := tlog.HashReaderFunc(func(positions []int64) ([]tlog.Hash, error) {
			hashes := make([]tlog.Hash, len(positions))
			for i, position := range positions {
				hashes[i] = tlog.RecordHash(fmt.Append(nil, position))
			}
			return hashes, nil
		})
		var e edge
		for bit := 48; bit >= 0; bit-- {
			if size>>bit&1 == 1 {
				root := tlog.StoredHashIndex(bit, size>>bit-1)
				e = append(e, tlog.RecordHash(fmt.Append(nil, root)))
			}
		}
		record := tlog.RecordHash([]byte("new"))
		want, err := tlog.StoredHashesForRecordHash(size, record, reader)
		if err != nil {
			t.Fatalf("%v", err)
		}
		grown, got := e.grow(size, record)
		if !slices.Equal(got, want) {
			t.Fatalf("hashes differ from tlog's")
		}
		if _, err := parseEdge(size+1, grown.bytes()); err != nil {
			t.Fatalf("%v", err)
		}
	})
}

func TestABrokenEdgeIsRefused(t *testing.T) {
	for _, c := range []struct {
		size  int64
		bytes int
	}{{0, 32}, {1, 0}, {1, 31}, {3, 32}, {4, 64}, {-1, 64 * 32}} {
		if _, err := parseEdge(c.size, make([]byte, c.bytes)); err == nil {
			t.Errorf("size %d with %d bytes is accepted", c.size, c.bytes)
		}
	}
}
