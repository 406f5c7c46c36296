package intake

import (
	"fmt"
	"slices"
	"strconv"

	"einverstanden/backend/fault"
)

// maxFaults is how many faults of one file are reported; whoever has more mends these and tries again.
const maxFaults = 100

// faults collects what is wrong with a file, so that the office sees everything in one go.
type faults struct {
	at []located
}

type located struct {
	line  int
	field fault.Field
}

// add records a fault at a line (from 1) and a column, which is named as the file names it and may be
// empty. The parameters "line" and "column" are filled in here.
func (f *faults) add(line int, column string, code fault.Code, params fault.Params) {
	all := fault.Params{"line": strconv.Itoa(line), "column": column}
	for name, value := range params {
		all[name] = value
	}
	f.at = append(f.at, located{line: line, field: fault.Field{Name: place(line, column), Code: code, Params: all}})
}

func place(line int, column string) string {
	if column == "" {
		return fmt.Sprintf("line %d", line)
	}
	return fmt.Sprintf("line %d, %s", line, column)
}

func (f *faults) none() bool { return len(f.at) == 0 }

// err gives the faults in the order of their lines as one fault.FileInvalid, or nil. Its parameter
// "count" is the number of all of them, also of those beyond maxFaults.
func (f *faults) err() error {
	if f.none() {
		return nil
	}
	slices.SortStableFunc(f.at, func(a, b located) int { return a.line - b.line })
	err := fault.New(fault.FileInvalid).With("count", strconv.Itoa(len(f.at)))
	for _, each := range f.at[:min(len(f.at), maxFaults)] {
		err.Fields = append(err.Fields, each.field)
	}
	return err
}
