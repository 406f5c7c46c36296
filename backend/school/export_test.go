package school

import "einverstanden/backend/calendar"

// Rows are the structs that are read from and written to whole tables.
var Rows = []any{
	schoolRow{}, classRow{}, pupilRow{}, schoolingRow{}, membershipRow{}, guardianRow{}, guardianshipRow{}, teachingRow{},
}

// Split gives what a change makes of a guardianship at once, and whether anything waits.
func (c Change) Split(g Guardianship, others []Guardianship, today calendar.Date) (next Guardianship, waits bool) {
	next, later := c.split(g, others, today)
	return next, !later.isEmpty()
}

// Declared is a guardianship after its guardian said what custody it is.
func (g Guardianship) Declared(custody Custody, others []Guardianship, today calendar.Date) Guardianship {
	return g.declared(custody, false, others, today)
}

// RegainsSay reports whether the change begins a new guardianship.
func (g Guardianship) RegainsSay(before Guardianship, today calendar.Date) bool {
	return g.regainsSay(before, today)
}
