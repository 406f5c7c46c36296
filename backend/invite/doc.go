// Package invite owns who gets a letter and everything that belongs to handing one out: it finds whose answer is
// missing, notes that they are asked, has letters issued, and has them printed. It leaves the letter as a key to the
// door to package account, asks and answers to consent, and the look of the page to paper.
package invite
