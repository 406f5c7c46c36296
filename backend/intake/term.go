package intake

import (
	"slices"

	"einverstanden/backend/calendar"
	"einverstanden/backend/id"
	"einverstanden/backend/school"
)

// changeTerm takes over what an entry says about first day, last day and class. A first day after a schooling that has
// ended begins another one, under which no earlier yes counts (product.md).
func (c *carrier) changeTerm(e Entry) {
	from, setsFrom := changeOf(e, FieldFrom)
	until, setsUntil := changeOf(e, FieldUntil)
	class, setsClass := changeOf(e, FieldClass)
	if !setsFrom && !setsUntil && !setsClass {
		return
	}
	t := c.termOf(e.PupilID)
	if setsClass {
		t.class = class
	}
	switch last := t.schooling.Period; {
	case setsFrom && last.Until.Before(c.plan.MadeOn) && !t.begins:
		t.begins = true
		t.schooling.ID = id.New[id.Schooling]()
		t.schooling.Period = calendar.Period{From: dateOf(from), Until: dateOf(until)}
		return
	case setsFrom:
		t.schooling.Period.From = dateOf(from)
	}
	if setsUntil {
		t.schooling.Period.Until = dateOf(until)
	}
	t.differs = !t.begins && (t.differs || setsFrom || setsUntil)
}

func (c *carrier) termOf(pupil id.Pupil) *term {
	if t := c.terms[pupil]; t != nil {
		return t
	}
	t := &term{}
	t.schooling, _ = c.schooling(pupil)
	if current, ok := c.membership(pupil); ok {
		t.class = c.classes[current.Class].Name
	}
	c.terms[pupil] = t
	return t
}

// place stores a term and makes the pupil's memberships agree with it.
func (c *carrier) place(pupil id.Pupil, t term) {
	current, placed := c.membership(pupil)
	switch {
	case t.begins:
		c.made.schoolings = append(c.made.schoolings, t.schooling)
	case t.differs:
		c.changed.schoolings = append(c.changed.schoolings, t.schooling)
	}
	term := t.schooling.Period
	year := c.yearOf(term)
	within := calendar.Period{From: later(term.From, year.Period().From), Until: sooner(term.Until, year.Period().Until)}
	if t.class == "" {
		return
	}
	class := c.classNamed(t.class, year)
	stays := placed && current.Class == class && !t.begins
	if stays {
		c.setPeriod(current, calendar.Period{From: current.Period.From, Until: within.Until})
		return
	}
	begins := within.From
	if placed || len(c.memberships[pupil]) > 0 {
		begins = later(within.From, c.today) // somebody who was elsewhere until now moves today
	}
	if placed && !t.begins {
		c.setPeriod(current, calendar.Period{From: current.Period.From, Until: begins.AddDays(-1)})
	}
	if period := (calendar.Period{From: begins, Until: within.Until}); !period.IsEmpty() {
		c.made.memberships = append(c.made.memberships, school.Membership{
			ID: id.New[id.Membership](), Pupil: pupil, Class: class, Period: period,
		})
	}
}

func (c *carrier) setPeriod(m school.Membership, period calendar.Period) {
	if m.Period != period {
		m.Period = period
		c.changed.memberships = append(c.changed.memberships, m)
	}
}

// classNamed is the class of that name in the school year, made when there is none.
func (c *carrier) classNamed(name string, year calendar.SchoolYear) id.Class {
	for _, class := range c.classes {
		if class.SchoolYear == year.String() && fold(class.Name) == fold(name) {
			return class.ID
		}
	}
	class := school.Class{ID: id.New[id.Class](), Name: name, SchoolYear: year.String()}
	c.classes[class.ID] = class
	c.made.classes = append(c.made.classes, class)
	return class.ID
}

// changeOf is what an entry makes of a field; false when it leaves it.
func changeOf(e Entry, field Field) (to string, ok bool) {
	at := slices.IndexFunc(e.Changes, func(change Change) bool { return change.Field == field })
	if at < 0 {
		return "", false
	}
	return e.Changes[at].To, true
}

// dateOf reads a date that the plan wrote; empty is the unknown day.
func dateOf(text string) calendar.Date {
	if text == "" {
		return calendar.Date{}
	}
	return calendar.MustParse(text)
}
