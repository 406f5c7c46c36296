// Package card owns the pupils' door: who may print cards for whom, the link of a class with its tiles and the hours in
// which it opens, and what a guardian opens for a child. Cards, PINs and sessions themselves are account's, the pages
// paper's, the hours meeting's.
package card
