package standing

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"einverstanden/backend/calendar"
	"einverstanden/backend/consent"
	"einverstanden/backend/db"
	"einverstanden/backend/evidence"
	"einverstanden/backend/id"
	"einverstanden/backend/participation"
	"einverstanden/backend/proof"
	"einverstanden/backend/school"
)

// Explanation tells every mode that rose and that no own yes in the app explains, from the statements of a school's log
// alone. It takes part in an inspection behind all other Rows, and must hear of their findings by Doubt: then it also
// compares, for the pupils that those are about, the mode that the rows give with the one that the log explains.
//
// It keeps 16 bytes for each statement about a pupil, and otherwise the pupils at hand.
type Explanation struct {
	service *Service
	log     *evidence.Log
	each    func(Raise) error

	entries      []entry
	invalidated  map[id.Decision]evidence.Attested
	versions     statedVersions
	doubted      map[id.Pupil]bool
	everyone     bool // a version is in doubt
	told         map[id.Pupil]bool
	zone         *time.Location
	today        calendar.Date
	pupilsTold   int64
	raisesListed int64
}

// entry says that a leaf is about a pupil, by a hash of its id.
type entry struct {
	pupil uint64
	leaf  int64
}

// Explain begins an explanation; each takes the raises that may be.
func (s *Service) Explain(log *evidence.Log, each func(Raise) error) *Explanation {
	return &Explanation{
		service: s, log: log, each: each, invalidated: map[id.Decision]evidence.Attested{}, doubted: map[id.Pupil]bool{},
		told: map[id.Pupil]bool{},
	}
}

// Doubt hears of what the inspection has found.
func (e *Explanation) Doubt(f evidence.Finding) {
	switch {
	case f.Pupil != "":
		e.doubted[f.Pupil] = true
	case f.Table == "form_version":
		e.everyone = true
	}
}

// Pupils is how many pupils' stories were told, Raises how many raises were listed.
func (e *Explanation) Pupils() int64 { return e.pupilsTold }

// Raises is how many raises were listed.
func (e *Explanation) Raises() int64 { return e.raisesListed }

func hashOf(pupil id.Pupil) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(pupil)) // never fails
	return h.Sum64()
}

// pupilOf is whom a statement is about; empty: nobody, or the declaration does not say.
func pupilOf(s proof.Statement) id.Pupil {
	switch d := s.Declaration.(type) {
	case *proof.DecisionDeclared:
		return d.Pupil
	case *proof.SanctionDeclared:
		return d.Pupil
	case *proof.HoldDeclared:
		return d.Pupil
	case *proof.CustodyDeclared:
		return d.Pupil
	}
	return ""
}

// Compare only takes note of which statements are about whom.
func (e *Explanation) Compare(_ *db.Tx, batch evidence.Batch, _ evidence.Found) error {
	for _, a := range batch.Statements {
		if pupil := pupilOf(a.Statement); pupil != "" {
			e.entries = append(e.entries, entry{hashOf(pupil), a.Leaf})
		}
		if d, ok := a.Statement.Declaration.(*proof.InvalidationDeclared); ok {
			e.invalidated[d.Decision] = a
		}
		if version, ok := consent.VersionStated(a); ok {
			e.versions.leaves, e.versions.facts = append(e.versions.leaves, a.Leaf), append(e.versions.facts, version)
		}
	}
	return nil
}

// together is about how many statements are read at once.
const together = 2000

// Finish tells the stories, a handful of pupils at a time.
func (e *Explanation) Finish(tx *db.Tx, found evidence.Found) error {
	settings, err := e.service.schools.Settings(tx)
	if err != nil {
		return err
	}
	e.zone, e.today = settings.Location(), settings.Today(tx.Now)
	slices.SortFunc(e.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.pupil, b.pupil), cmp.Compare(a.leaf, b.leaf)) })
	for rest := e.entries; len(rest) > 0; {
		end := min(together, len(rest))
		for end < len(rest) && rest[end].pupil == rest[end-1].pupil {
			end++
		}
		if err := e.tell(tx, rest[:end], found); err != nil {
			return err
		}
		rest = rest[end:]
	}
	return e.tellSilent(tx, found)
}

// tell tells the stories of the pupils that the entries are about.
func (e *Explanation) tell(tx *db.Tx, entries []entry, found evidence.Found) error {
	leaves := make([]int64, len(entries))
	for i, entry := range entries {
		leaves[i] = entry.leaf
	}
	slices.Sort(leaves)
	statements, err := e.log.Reread(tx, leaves...)
	if err != nil {
		return err
	}
	events := map[id.Pupil][]evidence.Attested{}
	for _, a := range statements {
		pupil := pupilOf(a.Statement)
		events[pupil] = append(events[pupil], a)
		if s, ok := a.Statement.Server.(*proof.DecisionServer); ok {
			if invalidation, ok := e.invalidated[s.Decision]; ok {
				events[pupil] = append(events[pupil], invalidation)
			}
		}
	}
	for _, of := range events {
		slices.SortFunc(of, func(a, b evidence.Attested) int { return cmp.Compare(a.Leaf, b.Leaf) })
	}
	return e.play(tx, events, found)
}

// tellSilent tells of pupils in doubt whom no statement is about.
func (e *Explanation) tellSilent(tx *db.Tx, found evidence.Found) error {
	var silent []id.Pupil
	for pupil := range e.doubted {
		if !e.told[pupil] {
			silent = append(silent, pupil)
		}
	}
	slices.Sort(silent)
	for some := range slices.Chunk(silent, together) {
		events := map[id.Pupil][]evidence.Attested{}
		for _, pupil := range some {
			events[pupil] = nil
		}
		if err := e.play(tx, events, found); err != nil {
			return err
		}
	}
	return nil
}

// play plays stories on all processors and hands over what they show, in the order of the pupils' ids.
func (e *Explanation) play(tx *db.Tx, events map[id.Pupil][]evidence.Attested, found evidence.Found) error {
	pupils := slices.Sorted(maps.Keys(events))
	known, err := e.service.schools.Pupils(tx, pupils)
	if err != nil {
		return err
	}
	guardianships, err := e.service.schools.GuardianshipsOf(tx, pupils)
	if err != nil {
		return err
	}
	schoolings, err := e.service.schools.SchoolingsOf(tx, pupils)
	if err != nil {
		return err
	}
	stories := make([]*story, len(pupils))
	for i, pupil := range pupils {
		e.note(pupil)
		stories[i] = &story{pupil: pupil, zone: e.zone, versions: &e.versions, events: events[pupil]}
		stories[i].facts = participation.Facts{Pupil: string(pupil), Birth: known[pupil].BirthDate}
		for _, time := range schoolings[pupil] {
			stories[i].facts.Schoolings = append(stories[i].facts.Schoolings, participation.Schooling{ID: string(time.ID), Days: time.Period})
		}
	}
	if err := e.asListed(tx, stories, guardianships); err != nil {
		return err
	}
	playAll(stories, guardianships, e.today)
	for _, s := range stories {
		if err := e.handOver(s, found); err != nil {
			return err
		}
	}
	return e.compareRows(tx, stories, found)
}

// asListed names the guardianships that changed although no statement is about them, and tells the stories with what the
// class list made. Those of erased guardians are left alone: their statements went with them.
func (e *Explanation) asListed(tx *db.Tx, stories []*story, guardianships map[id.Pupil][]school.Guardianship) error {
	type suspect struct {
		story  *story
		at     *school.Guardianship
		listed school.Guardianship
		differ []string
	}
	var suspects []suspect
	var guardians []id.Guardian
	for _, s := range stories {
		attested := s.attested()
		for i := range guardianships[s.pupil] {
			g := &guardianships[s.pupil][i]
			if listed, differ := g.Listed(); len(differ) > 0 && !attested[g.ID] {
				suspects, guardians = append(suspects, suspect{s, g, listed, differ}), append(guardians, g.Guardian)
			}
		}
	}
	known, err := e.service.schools.Guardians(tx, guardians)
	if err != nil {
		return err
	}
	for _, x := range suspects {
		if _, ok := known[x.at.Guardian]; !ok {
			continue
		}
		*x.at = x.listed
		x.story.findings = append(x.story.findings, evidence.Finding{
			Kind: evidence.Changed, Table: "guardianship", Row: string(x.listed.ID), Column: strings.Join(x.differ, ", "), Leaf: evidence.NoLeaf,
			Pupil: x.story.pupil, Detail: "no statement made it so",
		})
	}
	return nil
}

// note remembers that a doubted pupil's story is told, and nobody else's: that would be all of them.
func (e *Explanation) note(pupil id.Pupil) {
	e.pupilsTold++
	if e.doubted[pupil] {
		e.told[pupil] = true
	}
}

func playAll(stories []*story, guardianships map[id.Pupil][]school.Guardianship, today calendar.Date) {
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			for i := worker; i < len(stories); i += workers {
				stories[i].play(guardianships[stories[i].pupil], today)
			}
		})
	}
	group.Wait()
}

func (e *Explanation) handOver(s *story, found evidence.Found) error {
	for _, r := range s.raises {
		e.raisesListed++
		if err := e.each(r); err != nil {
			return err
		}
	}
	for _, f := range s.findings {
		e.told[s.pupil] = true // the finding comes back as a doubt
		if err := found(f); err != nil {
			return err
		}
	}
	return nil
}

// compareRows names the pupils in doubt whose rows give a higher mode today than the log explains. A pupil's own limits
// are left out: no statement is about them.
func (e *Explanation) compareRows(tx *db.Tx, stories []*story, found evidence.Found) error {
	explained := map[id.Pupil]participation.Mode{}
	for _, s := range stories {
		if e.everyone || e.doubted[s.pupil] {
			explained[s.pupil] = s.mode.Mode
		}
	}
	if len(explained) == 0 {
		return nil
	}
	pupils := slices.Sorted(maps.Keys(explained))
	present, unreadable, err := e.present(tx, pupils)
	if err != nil {
		return err
	}
	for _, pupil := range pupils {
		f := evidence.Finding{Kind: evidence.Raised, Table: "pupil", Row: string(pupil), Leaf: evidence.NoLeaf, Pupil: pupil}
		facts, ok := present[pupil]
		mode := participation.Decide(facts).Mode
		switch {
		case unreadable[pupil]:
			f.Kind, f.Detail = evidence.Changed, "the rows hold words that this program does not know"
		case !ok || mode <= explained[pupil]:
			continue
		default:
			f.Detail = fmt.Sprintf("the rows give %s, and the log explains %s", mode, explained[pupil])
		}
		if err := found(f); err != nil {
			return err
		}
	}
	return nil
}

// present gathers the facts as the rows give them today. Where they cannot be read together, each pupil's are read alone,
// to name those who are unreadable.
func (e *Explanation) present(tx *db.Tx, pupils []id.Pupil) (facts map[id.Pupil]participation.Facts, unreadable map[id.Pupil]bool, err error) {
	facts, err = e.service.withoutOwnLimits(tx, pupils)
	if !errors.Is(err, participation.ErrMode) {
		return facts, nil, err
	}
	facts, unreadable = map[id.Pupil]participation.Facts{}, map[id.Pupil]bool{}
	for _, pupil := range pupils {
		own, err := e.service.withoutOwnLimits(tx, []id.Pupil{pupil})
		switch {
		case errors.Is(err, participation.ErrMode):
			unreadable[pupil] = true
		case err != nil:
			return nil, nil, err
		default:
			maps.Copy(facts, own)
		}
	}
	return facts, unreadable, nil
}

// withoutOwnLimits are the facts outside any meeting, but for what pupils have limited themselves to.
func (s *Service) withoutOwnLimits(tx *db.Tx, pupils []id.Pupil) (map[id.Pupil]participation.Facts, error) {
	gathered, err := s.consents.Gather(tx, pupils)
	if err != nil {
		return nil, err
	}
	rest, err := s.gatherRest(tx, pupils, Meeting{})
	if err != nil {
		return nil, err
	}
	rest.own = nil
	facts := make(map[id.Pupil]participation.Facts, len(gathered))
	for pupil, g := range gathered {
		rest.addTo(&g.Facts, pupil, Meeting{})
		facts[pupil] = g.Facts
	}
	return facts, nil
}
