// Package paper prints the school's PDFs; for now the letters that ask for an answer. It owns how a page looks and what
// its fixed sentences say. Who gets a letter, and everything that belongs to handing one out, is package invite's.
//
// Nothing that people typed can become more than ink: it is cleaned of control and direction characters, cut to the room
// there is and written as text, or drawn as an outline where the fonts lack a letter. No page holds a link, a script or
// a form. The same letters give the same bytes.
package paper
