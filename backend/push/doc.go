// Package push owns Web Push (RFC 8030, 8291, 8292): which browsers of whom are subscribed, and the one way by which a
// message leaves for a push service. It is the only caller of webpush-go, whose traps decision 0035 lists and Sender
// fences.
//
// A push service sees the endpoint, the time, the size and who we are; the text stands on a lock screen. So no message
// holds the name of a child, a class or a school: it says that something waits, and its link resolves after sign-in.
// A service's 201 means accepted, never delivered or seen.
//
// What is told, when, and by which other channel stays with package notify.
package push
