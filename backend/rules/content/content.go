// Package content holds the pupils' rules that ship: our own wording of the five rules of the school's letter and of
// "protect your family's privacy", with little scenes to think about. German rules; simple German, English, Turkish,
// Arabic, Ukrainian and Russian are reading aids. A school publishes its own file of the same shape in its place.
package content

import _ "embed"

// Rules is the set as a draft; rules.ParseDraft reads it.
//
//go:embed rules.json
var Rules []byte
