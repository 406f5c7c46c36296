package participation_test

import (
	"einverstanden/backend/calendar"
	"einverstanden/backend/participation"
)

// The situations of the truth table, in the order in which it shows them.

// fatherAgreed is the usual family after the father's yes.
func fatherAgreed() *world { return newWorld().answers(father, video) }

// bothAgreed is the usual family after the yes of both.
func bothAgreed() *world { return fatherAgreed().answers(mother, video) }

func inSequence() []row {
	return []row{
		{"Nein, dann Bild widerrufen", fatherAgreed().answers(mother, none).withdraws(mother, audio)},
		{"Nein, dann Ja zu Bild und Ton", fatherAgreed().answers(mother, none).answers(mother, video)},
		{"Nein, dann Ja, nur Ton", fatherAgreed().answers(mother, none).answers(mother, audio)},
		{"Ja zu Bild und Ton, dann Ja, nur Ton", fatherAgreed().answers(mother, video).answers(mother, audio)},
		{"Ja, nur Ton, dann Ja zu Bild und Ton", fatherAgreed().answers(mother, audio).answers(mother, video)},
		{"Bild widerrufen, dann alles widerrufen", fatherAgreed().withdraws(mother, audio).withdraws(mother, none)},
		{"alles widerrufen, dann Bild widerrufen", fatherAgreed().withdraws(mother, none).withdraws(mother, audio)},
		{"alles widerrufen, dann Ja zu Bild und Ton", fatherAgreed().withdraws(mother, none).answers(mother, video)},
		{"Nein; danach sagt der Vater noch einmal Ja", fatherAgreed().answers(mother, none).answers(father, audio).answers(father, video)},
	}
}

func newEditions() []row {
	coming := bothAgreed()
	coming.publishes(participation.Material, participation.One, participation.AsTheLetter(), day("2026-12-07"))
	editorial := bothAgreed()
	editorial.publishes(participation.Editorial, participation.One, participation.AsTheLetter(), day("2026-11-23"))
	otherPolicy := bothAgreed()
	otherPolicy.publishes(participation.Editorial, participation.All, participation.AsTheLetter(), day("2026-11-23"))
	return []row{
		{"beide Ja; eine neue Ausgabe kommt am 7.12.2026", coming},
		{"dieselbe Lage am 7.12.2026", coming.clone().on("2026-12-07")},
		{"danach sagt die Mutter neu Ja", coming.clone().on("2026-12-07").answers(mother, video)},
		{"beide Ja; nur ein Schreibfehler wurde berichtigt", editorial},
		{"beide Ja; künftig müssen beide zustimmen", otherPolicy},
		{"Mutter Nein; neue Ausgabe; Vater neu Ja", newWorld().answers(mother, none).newEdition().answers(father, video)},
		{"Mutter hatte das Bild widerrufen; neue Ausgabe; Vater neu Ja", bothAgreed().withdraws(mother, audio).newEdition().answers(father, video)},
		{"Mutter hatte Ja, nur Ton gesagt; neue Ausgabe; Vater neu Ja", newWorld().answers(mother, audio).newEdition().answers(father, video)},
	}
}

func invalidations() []row {
	invalid := func(w *world) *world { return w.invalidates(w.last()) }
	return []row{
		{"Vater Ja; der Mutter wurde ein Ja eingetragen, das ungültig ist", invalid(bothAgreed())},
		{"nur der Mutter wurde ein Ja eingetragen, das ungültig ist", invalid(newWorld().answers(mother, video))},
		{"Mutter selbst Ja, dann wurde ihr Ja, nur Ton eingetragen, das ungültig ist; Vater keine Antwort", invalid(newWorld().answers(mother, video).answers(mother, audio))},
		{"Mutter selbst Nein, dann wurde ihr ein Ja eingetragen, das ungültig ist; Vater Ja", invalid(fatherAgreed().answers(mother, none).answers(mother, video))},
		{"beide Ja, dann wurde der Mutter ein Nein eingetragen, das ungültig ist", invalid(bothAgreed().answers(mother, none))},
		{"danach antwortet die Mutter selbst mit Ja", invalid(bothAgreed().answers(mother, none)).answers(mother, video)},
		{"Vater Ja; der Mutter wurde Ja, nur Ton eingetragen, das ungültig ist", invalid(fatherAgreed().answers(mother, audio))},
	}
}

func custody() []row {
	mothers := func(w *world, change func(g *participation.Guardianship)) *world {
		change(w.guardianship(mother))
		return w
	}
	sole := func(g *participation.Guardianship) { g.Custody, g.Basis = participation.Sole, participation.Declared }
	disputed := func(g *participation.Guardianship) { g.Disputed = true }
	alone := func(w *world) *world {
		w.guardianship(father).Custody = participation.NoCustody
		return w
	}
	return []row{
		{"nur die Mutter hat die Sorge; Mutter Ja, Vater Nein", alone(newWorld().answers(mother, video).answers(father, none))},
		{"nur die Mutter hat die Sorge; nur der Vater hat Ja gesagt", alone(fatherAgreed())},
		{"Mutter verhindert; Vater Ja", mothers(fatherAgreed(), func(g *participation.Guardianship) { g.Prevented = true })},
		{"Sorge der Mutter strittig; nur sie hat Ja gesagt", mothers(newWorld().answers(mother, video), disputed)},
		{"Sorge der Mutter strittig; nur der Vater hat Ja gesagt", mothers(fatherAgreed(), disputed)},
		{"Sorge der Mutter strittig; beide Ja", mothers(bothAgreed(), disputed)},
		{"Mutter erklärt, sie habe die Sorge allein, der Vater steht auch in der Liste; nur der Vater hat Ja gesagt", mothers(fatherAgreed(), sole)},
		{"dieselbe Lage, beide Ja", mothers(bothAgreed(), sole)},
		{"niemand mit Sorge eingetragen", newWorld().with(func(f *participation.Facts) { f.Guardianships = nil })},
		{"niemand mit Sorge eingetragen, alle müssten zustimmen", newWorld().policy(participation.All).with(func(f *participation.Facts) { f.Guardianships = nil })},
	}
}

func agesAsLetter() []row {
	family := func() *world { return newWorld().born("2008-12-01").answers(mother, audio) }
	leap := func() *world {
		return newWorld().born("2008-02-29").with(func(f *participation.Facts) {
			f.Versions[0].InForce = day("2025-08-01")
			f.Schoolings[0].Days = since("2025-08-01")
		}).on("2026-01-12").answers(mother, video)
	}
	return []row{
		{"17 Jahre, Mutter Ja, nur Ton, am Tag vor dem 18. Geburtstag", family().on("2026-11-30")},
		{"am 18. Geburtstag, noch keine eigene Antwort", family().on("2026-12-01")},
		{"am 18. Geburtstag, eigene Antwort: Ja, Bild und Ton", family().on("2026-12-01").answers(child, video)},
		{"am 18. Geburtstag, eigene Antwort: Nein", family().on("2026-12-01").answers(child, none)},
		{"am 18. Geburtstag, nur widerrufen", family().on("2026-12-01").withdraws(child, none)},
		{"mit 18 erklären die Eltern noch etwas: es ändert nichts", family().on("2026-12-02").answers(mother, video).answers(father, none)},
		{"mit 18, danach eine neue Ausgabe", family().on("2026-12-02").newEdition()},
		{"am 29.2.2008 geboren, am 28.2.2026", leap().on("2026-02-28")},
		{"am 29.2.2008 geboren, am 1.3.2026", leap().on("2026-03-01")},
	}
}

func agesFromFourteen() []row {
	family := func(birth string) *world {
		return newWorld().born(birth).ages(participation.FromFourteen()).policy(participation.All)
	}
	thirteen := func() *world { return family("2012-12-01").answers(mother, video).answers(father, video) }
	fifteen := func() *world { return family("2010-12-01").answers(mother, video).answers(father, video) }
	return []row{
		{"13 Jahre, beide Eltern Ja", thirteen()},
		{"am 14. Geburtstag, noch keine eigene Antwort", thirteen().on("2026-12-01")},
		{"am 14. Geburtstag, eigene Antwort: Ja, nur Ton", thirteen().on("2026-12-01").answers(child, audio)},
		{"am 14. Geburtstag, eigene Antwort: Nein", thirteen().on("2026-12-01").answers(child, none)},
		{"15 Jahre, beide Eltern Ja, eigene Antwort fehlt", fifteen()},
		{"15 Jahre, nur das Kind hat Ja gesagt", family("2010-12-01").answers(child, video)},
		{"15 Jahre, nur das Kind hat Ja gesagt, ein Ja genügt", family("2010-12-01").policy(participation.One).answers(child, video)},
		{"15 Jahre, alle drei Ja", fifteen().answers(child, video)},
		{"am 16. Geburtstag, seitdem keine eigene Antwort", fifteen().answers(child, video).on("2026-12-01")},
		{"am 16. Geburtstag, neue eigene Antwort: Ja, Bild und Ton", fifteen().answers(child, video).on("2026-12-01").answers(child, video)},
		{"mit 15 Nein gesagt, am 16. Geburtstag", fifteen().answers(child, none).on("2026-12-01")},
	}
}

// restrictions are what lowers whatever was agreed, in a lesson of the given basis.
func restrictions(basis participation.LegalBasis) []row {
	lesson := func(change func(f *participation.Facts)) *world {
		return bothAgreed().with(func(f *participation.Facts) {
			f.Meeting = participation.Meeting{Kind: participation.Lesson, Basis: basis}
		}).with(change)
	}
	ownLimit := func(limit participation.Mode) *world {
		return lesson(func(f *participation.Facts) { f.OwnLimits = []participation.Mode{limit} })
	}
	teachers := func(limit participation.Mode) *world {
		return lesson(func(f *participation.Facts) { f.Meeting.TeacherLimits = []participation.Mode{limit} })
	}
	sanction := func(today string, s participation.Sanction) *world {
		s.Days = calendar.Period{From: day("2026-11-30"), Until: day("2026-12-04")}
		return lesson(func(f *participation.Facts) { f.Sanctions = []participation.Sanction{s} }).on(today)
	}
	audioOnly, excluded := participation.Sanction{Measure: participation.AudioOnly}, participation.Sanction{Measure: participation.Excluded}
	return []row{
		{"nichts weiter", lesson(func(*participation.Facts) {})},
		{"das Kind möchte nur mit Ton teilnehmen", ownLimit(audio)},
		{"das Kind möchte nicht teilnehmen", ownLimit(none)},
		{"die Lehrkraft beschränkt auf Ton, nur diese Konferenz", teachers(audio)},
		{"die Lehrkraft schließt aus, nur diese Konferenz", teachers(none)},
		{"Maßnahme „nur Ton“ vom 30.11. bis 4.12.2026, am Tag davor", sanction("2026-11-29", audioOnly)},
		{"dieselbe, am ersten Tag", sanction("2026-11-30", audioOnly)},
		{"dieselbe, am letzten Tag", sanction("2026-12-04", audioOnly)},
		{"dieselbe, am Tag danach", sanction("2026-12-05", audioOnly)},
		{"Maßnahme „ausgeschlossen“, am letzten Tag", sanction("2026-12-04", excluded)},
		{"dieselbe, vorzeitig beendet", sanction("2026-12-04", participation.Sanction{Measure: participation.Excluded, EndedEarly: true})},
		{"Einschränkung der Verarbeitung oder Widerspruch nach DSGVO", lesson(func(f *participation.Facts) { f.Holds = []participation.Hold{{ID: "hold"}} })},
	}
}

func byStatute() []row {
	lesson := func(w *world) *world {
		return w.with(func(f *participation.Facts) {
			f.Meeting = participation.Meeting{Kind: participation.Lesson, Basis: participation.Statute}
		})
	}
	rows := []row{
		{"niemand hat geantwortet", lesson(newWorld())},
		{"Mutter Nein", lesson(newWorld().answers(mother, none))},
		{"beide Ja, dann alles widerrufen", lesson(bothAgreed().withdraws(mother, none))},
		{"Kleingruppe statt Unterricht, niemand hat geantwortet", lesson(newWorld()).with(func(f *participation.Facts) { f.Meeting.Kind = participation.SmallGroup })},
		{"nicht an der Schule", lesson(bothAgreed()).with(func(f *participation.Facts) { f.Schoolings = nil })},
	}
	for _, r := range restrictions(participation.Statute) {
		rows = append(rows, row{"beide Ja; " + r.situation, r.world})
	}
	return rows
}

func schooling() []row {
	enrolled := func() *world {
		return newWorld().with(func(f *participation.Facts) { f.Schoolings[0].Days = since("2026-12-01") }).answers(mother, video)
	}
	left := func() *world {
		return newWorld().answers(mother, video).with(func(f *participation.Facts) { f.Schoolings[0].Days.Until = day("2026-12-18") })
	}
	returned := func() *world {
		return left().with(func(f *participation.Facts) {
			f.Schoolings = append(f.Schoolings, participation.Schooling{ID: "schooling-2", Days: since("2027-02-01")})
		}).on("2027-02-01")
	}
	return []row{
		{"angemeldet, Schulbeginn am 1.12.2026", enrolled()},
		{"am ersten Schultag", enrolled().on("2026-12-01")},
		{"am letzten Tag an der Schule, 18.12.2026", left().on("2026-12-18")},
		{"am Tag danach", left().on("2026-12-19")},
		{"am 1.2.2027 zurückgekehrt", returned()},
		{"zurückgekehrt, die Mutter sagt neu Ja", returned().answers(mother, video)},
		{"zurückgekehrt; die Mutter hatte damals auch alles widerrufen, der Vater sagt jetzt Ja", returned().withdraws(mother, none).answers(father, video)},
	}
}

func unknownFacts() []row {
	with := func(change func(f *participation.Facts)) *world { return bothAgreed().with(change) }
	return []row{
		{"beide Ja; Geburtsdatum unbekannt", with(func(f *participation.Facts) { f.Birth = calendar.Date{} })},
		{"beide Ja; das heutige Datum unbekannt", with(func(f *participation.Facts) { f.Today = calendar.Date{} })},
		{"beide Ja; Art der Sorge des Vaters unbekannt", with(func(f *participation.Facts) { f.Guardianships[1].Custody = "" })},
		{"beide Ja; Art einer Maßnahme unbekannt", with(func(f *participation.Facts) { f.Sanctions = []participation.Sanction{{ID: "sanction"}} })},
		{"beide Ja; es ist keine Fassung der Einwilligung in Kraft", with(func(f *participation.Facts) { f.Versions = nil })},
		{"nur die Mutter Ja; unbekannt, wie viele zustimmen müssen", newWorld().policy("").answers(mother, video)},
	}
}
