package standing

import (
	"fmt"

	"einverstanden/backend/calendar"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
)

// Cause says what raised a mode besides an own yes in the app; the zero value is unknown.
type Cause string

// The causes that may (product.md, "Only these raise"). What raises by two members of staff names both.
const (
	RecordedYes     Cause = "recorded_yes"   // staff wrote down a yes: two of them
	CustodyChanged  Cause = "custody"        // an end of custody, a disputed mark removed: two of them
	SanctionEnded   Cause = "sanction_ended" // before its time
	HoldSettled     Cause = "hold_settled"
	SanctionOver    Cause = "sanction_over"    // its last day has passed
	CustodyOver     Cause = "custody_over"     // a guardianship's last day has passed; two of staff, where staff set it
	SchoolingBegins Cause = "schooling_begins" // its first day
	AnotherDay      Cause = "day"              // an age, or a version, by the calendar alone
)

// Raise is one mode that rose and that no own yes in the app explains.
type Raise struct {
	Pupil    id.Pupil
	Leaf     int64         // the statement that raised it; evidence.NoLeaf: none, the day alone
	Day      calendar.Date // on which it rose, in the school's zone
	From, To participation.Mode
	Cause    Cause
	By       []id.Account // members of staff
}

// String is the raise as one line.
func (r Raise) String() string {
	line := fmt.Sprintf("pupil %s rose from %s to %s on %s: %s", r.Pupil, r.From, r.To, r.Day, r.Cause)
	if r.Leaf != evidence.NoLeaf {
		line += fmt.Sprintf(", leaf %d", r.Leaf)
	}
	if len(r.By) > 0 {
		line += fmt.Sprintf(", by %v", r.By)
	}
	return line
}

// raised judges a raise that a statement made. why is empty where it may; own is an act of the person in the app.
func raised(a evidence.Attested) (cause Cause, by []id.Account, own bool, why string) {
	switch server := a.Statement.Server.(type) {
	case *proof.DecisionServer:
		if server.RecordedBy == "" && server.Means != proof.MeansStaff {
			return "", nil, true, ""
		}
		return RecordedYes, accounts(server.RecordedBy, server.SecondBy), false, needTwo(server.RecordedBy, server.SecondBy)
	case *proof.CustodyServer:
		return CustodyChanged, accounts(server.Account, server.Second), false, needTwo(server.Account, server.Second)
	case *proof.MeasureServer:
		switch d := a.Statement.Declaration.(type) {
		case *proof.SanctionDeclared:
			if d.Act == "ended" {
				return SanctionEnded, accounts(server.By), false, ""
			}
		case *proof.HoldDeclared:
			if d.Act == "settled" {
				return HoldSettled, accounts(server.By), false, ""
			}
		}
	}
	return "", nil, false, "nothing of this kind may raise a mode"
}

func needTwo(first, second id.Account) string {
	if first == "" || second == "" || first == second {
		return "two members of staff must have done it"
	}
	return ""
}

func accounts(all ...id.Account) (known []id.Account) {
	for _, account := range all {
		if account != "" {
			known = append(known, account)
		}
	}
	return known
}
