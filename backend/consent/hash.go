package consent

import (
	"crypto/sha256"
	"encoding/hex"

	"einverstanden/backend/evidence"
)

// canonicalSHA256 is the hex SHA-256 of a value's canonical JSON: what anyone can compute again from the value.
func canonicalSHA256(value any) (string, error) {
	canonical, err := evidence.Canonical(value)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), nil
}
