package calendar

import "slices"

// Land is one of the 16 Länder by its ISO 3166-2 code without "DE-". The zero value is none: there only the holidays
// of all Germany are kept.
type Land string

// The Länder.
const (
	BadenWuerttemberg     Land = "BW"
	Bayern                Land = "BY"
	Berlin                Land = "BE"
	Brandenburg           Land = "BB"
	Bremen                Land = "HB"
	Hamburg               Land = "HH"
	Hessen                Land = "HE"
	MecklenburgVorpommern Land = "MV"
	Niedersachsen         Land = "NI"
	NordrheinWestfalen    Land = "NW"
	RheinlandPfalz        Land = "RP"
	Saarland              Land = "SL"
	Sachsen               Land = "SN"
	SachsenAnhalt         Land = "ST"
	SchleswigHolstein     Land = "SH"
	Thueringen            Land = "TH"
)

// Laender lists all of them.
var Laender = []Land{
	BadenWuerttemberg, Bayern, Berlin, Brandenburg, Bremen, Hamburg, Hessen, MecklenburgVorpommern, Niedersachsen,
	NordrheinWestfalen, RheinlandPfalz, Saarland, Sachsen, SachsenAnhalt, SchleswigHolstein, Thueringen,
}

// IsKnown reports whether this is one of the Länder.
func (l Land) IsKnown() bool { return slices.Contains(Laender, l) }
