package evidence

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is the right edge of the log's tree: the roots of its complete subtrees, the largest first, one for each bit
// set in the log's size. All that an append needs of earlier hashes is in it, so that none is read from tlog_hash.
type edge []tlog.Hash

// parseEdge reads what bytes wrote for a log of the size.
func parseEdge(size int64, raw []byte) (edge, error) {
	count := bits.OnesCount64(uint64(size)) //nolint:gosec // a size is never negative
	if size < 0 || len(raw) != count*tlog.HashSize {
		return nil, fmt.Errorf("log head is broken: %d bytes of edge for size %d", len(raw), size)
	}
	hashes := make(edge, count)
	for i := range hashes {
		copy(hashes[i][:], raw[i*tlog.HashSize:])
	}
	return hashes, nil
}

func (e edge) bytes() []byte {
	raw := make([]byte, 0, len(e)*tlog.HashSize)
	for _, hash := range e {
		raw = append(raw, hash[:]...)
	}
	return raw
}

// grow adds a record to a log of the size. stored are the hashes to keep, in order from position
// tlog.StoredHashIndex(0, size): the record's, then the root of each subtree that it completes.
func (e edge) grow(size int64, record tlog.Hash) (grown edge, stored []tlog.Hash) {
	completes := bits.TrailingZeros64(^uint64(size)) //nolint:gosec // a size is never negative
	stored = append(make([]tlog.Hash, 0, completes+1), record)
	for range completes {
		last := len(e) - 1
		record = tlog.NodeHash(e[last], record)
		stored = append(stored, record)
		e = e[:last]
	}
	return append(e[:len(e):len(e)], record), stored
}
