package standing

import (
	"cmp"
	"hash/fnv"
	"maps"
	"runtime"
	"slices"
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
// It keeps 24 bytes for each statement about a pupil, and otherwise the pupils at hand.
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
	kind  uint8 // its place in proof.Kinds
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

// Pupils is how many pupils' stories were told.
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
			kind := uint8(slices.Index(proof.Kinds, a.Statement.Kind)) //nolint:gosec // there are nine
			e.entries = append(e.entries, entry{hashOf(pupil), a.Leaf, kind})
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
	settings, err := e.service.schools.SettingsInClear(tx)
	if err != nil {
		return err
	}
	e.zone, e.today = settings.Location(), settings.Today(tx.Now)
	slices.SortFunc(e.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.pupil, b.pupil), cmp.Compare(a.leaf, b.leaf)) })
	if err := e.tellAll(tx, found); err != nil {
		return err
	}
	return e.tellSilent(tx, found)
}

// opening are the statements about a handful of pupils on their way.
type opening struct {
	statements []evidence.Attested
	err        error
	done       chan struct{}
}

// tellAll reads the statements of one handful while those of the one before are opened: this goroutine alone asks the
// database.
func (e *Explanation) tellAll(tx *db.Tx, found evidence.Found) error {
	var before *opening
	defer func() {
		if before != nil {
			<-before.done
		}
	}()
	for rest := e.entries; len(rest) > 0 || before != nil; {
		var next *opening
		if len(rest) > 0 {
			end := handful(rest)
			fetched, err := e.log.Fetch(tx, known(rest[:end]))
			if err != nil {
				return err
			}
			next = &opening{done: make(chan struct{})}
			go func() {
				defer close(next.done)
				next.statements, next.err = fetched.Open()
			}()
			rest = rest[end:]
		}
		ready := before
		before = next
		if ready == nil {
			continue
		}
		<-ready.done
		if ready.err != nil {
			return ready.err
		}
		if err := e.tell(tx, ready.statements, found); err != nil {
			return err
		}
	}
	return nil
}

// handful is how many of the entries are told at once: whole pupils.
func handful(entries []entry) int {
	end := min(together, len(entries))
	for end < len(entries) && entries[end].pupil == entries[end-1].pupil {
		end++
	}
	return end
}

// known are the statements of the entries, in the order of the log, in which they are read fastest.
func known(entries []entry) []evidence.Known {
	statements := make([]evidence.Known, len(entries))
	for i, entry := range entries {
		statements[i] = evidence.Known{Leaf: entry.leaf, Kind: proof.Kinds[entry.kind]}
	}
	slices.SortFunc(statements, func(a, b evidence.Known) int { return cmp.Compare(a.Leaf, b.Leaf) })
	return statements
}

// tell tells the stories of the pupils that the statements are about.
func (e *Explanation) tell(tx *db.Tx, statements []evidence.Attested, found evidence.Found) error {
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
	people, err := e.service.schools.Pupils(tx, pupils)
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
		stories[i].facts = participation.Facts{Pupil: string(pupil), Birth: people[pupil].BirthDate}
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
