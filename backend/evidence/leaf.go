package evidence

import (
	"crypto/hmac"
	"crypto/sha256"
)

const (
	leafVersion = 1
	saltSize    = 32 // bytes
)

// leaf is one record of the log; its canonical JSON is what the tree hashes. It names no person, and nothing in it can
// be tried out without the statement's salt.
type leaf struct {
	V          int    `json:"v"`
	Seq        int64  `json:"seq"` // from 0, without gaps
	Kind       Kind   `json:"kind"`
	Commit     []byte `json:"commit"`               // HMAC-SHA-256(salt, statement), in standard base64
	TextSHA256 string `json:"textSha256,omitempty"` // see Statement
	At         int64  `json:"at"`                   // µs since 1970, by the server's clock
	ClockStep  int64  `json:"clockStep,omitempty"`  // µs that the clock had been set back since the leaf before
}

// commitment binds a statement to a leaf without telling anything about it.
func commitment(salt, statement []byte) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write(statement)
	return mac.Sum(nil)
}
