// Package paper prints the school's PDFs: the letters that ask for an answer, and receipts, which it also reads back and
// checks. It owns how a page looks and what its fixed sentences say. Who gets a letter, and everything that belongs to
// handing one out, is package invite's; what a receipt proves is package proof's.
//
// Nothing that people typed can become more than ink: it is cleaned of control and direction characters, cut to the room
// there is and written as text, or drawn as an outline where the fonts lack a letter. No page holds a link, a script or
// a form; the one attached file is a receipt's own JSON. The same letters, and the same receipt, give the same bytes.
package paper
