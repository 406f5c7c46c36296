package api

import (
	"bytes"
	"testing"

	"einverstanden/backend/authz"
	"einverstanden/backend/proof"
	"einverstanden/backend/testkit"
)

// Checklist G5: another text asks anew, and takes nothing away from what was said to the old one.
func TestG5AReceiptFromBeforeAFormChangeStillHolds(t *testing.T) {
	testkit.EachDB(t, func(t *testing.T, env *testkit.Env) {
		h := newHouse(t, env)
		c := h.as(authz.Guardian)
		var made decidedBody
		c.want(201, c.post(c.decisions(), "yes", c.yes("video"))).into(t, &made)
		path := "/receipts/" + string(made.Receipt.ID) + "?format=json"
		before := c.want(200, c.get(path)).body
		h.publishText(h.School, "Ganz anderer Wortlaut")
		c.wantMode("none")
		c.want(201, c.post(c.decisions(), "new", c.yes("audio")))
		for name, file := range map[string][]byte{"from before": before, "fetched again": c.want(200, c.get(path)).body} {
			if report := proof.Verify(file, proof.Against{}); !report.Holds() {
				t.Errorf("%s: %+v", name, report)
			}
			if bytes.Contains(file, []byte("anderer Wortlaut")) || !bytes.Contains(file, []byte(`"text":"Text"`)) {
				t.Errorf("%s: the receipt does not hold the old text", name)
			}
		}
	})
}
