package evidence

import (
	"slices"

	"einverstanden/backend/db"
	"einverstanden/backend/id"
	"einverstanden/backend/proof"
)

// Claim is a row that names the leaf of the statement that made it.
type Claim struct {
	ID    string
	Leaf  int64
	Pupil id.Pupil
}

// claimed is how many claims are looked up at once.
const claimed = 500

// Unmade names the rows of a table whose leaf tells of no such row. makes gives the id of the row that a statement made;
// empty: none of this table. page gives the rows behind an id in the order of their ids, an empty page at the end.
func (l *Log) Unmade(
	tx *db.Tx, table string, makes func(proof.Statement) string, page func(after string, most int) ([]Claim, error), found Found,
) error {
	for after := ""; ; {
		claims, err := page(after, claimed)
		if err != nil || len(claims) == 0 {
			return err
		}
		after = claims[len(claims)-1].ID
		leaves := make([]int64, len(claims))
		for i, claim := range claims {
			leaves[i] = claim.Leaf
		}
		slices.Sort(leaves)
		statements, err := l.StatementsAt(tx, slices.Compact(leaves)...)
		if err != nil {
			return err
		}
		made := make(map[Claim]bool, len(statements))
		for _, s := range statements {
			made[Claim{ID: makes(s.Statement), Leaf: s.Leaf}] = true
		}
		for _, claim := range claims {
			row := Row{Table: table, ID: claim.ID, Leaf: claim.Leaf, Pupil: claim.Pupil, Found: found}
			if !made[Claim{ID: claim.ID, Leaf: claim.Leaf}] {
				row.Unattested()
			}
			if err := row.Err(); err != nil {
				return err
			}
		}
	}
}
