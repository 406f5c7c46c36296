// Package calendar owns civil days: dates, periods of days, birthdays, school years, public holidays of the Länder and
// school days, and the bridge from an instant to the day that it falls on in a school's zone. A civil day is not an instant: a birthday, a
// sanction's last day or the day on which a form comes into force begins at the school's midnight, wherever
// the server stands.
//
// The package reads no clock. Whoever knows the present instant (a transaction, a request) hands it over.
// The zero Date is the unknown day; every question asked of an unknown day is answered with false or with
// the unknown day, never with a guess.
package calendar
