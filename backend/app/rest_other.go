//go:build !linux

package app

import "runtime/debug"

// rest gives back the garbage of the start.
func rest() error {
	debug.FreeOSMemory()
	return nil
}
