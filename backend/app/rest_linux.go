package app

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
)

const madvPageout = 21 // MADV_PAGEOUT, since Linux 5.4; package syscall is older

// rest gives back what only the start needed: garbage, and those pages of the program's own file that nobody uses
// afterwards. Linux maps 16 pages around each one that is touched (fault-around), so that a start leaves most of the
// program resident. What is needed again is read again; nothing is lost, whatever the linker has written there.
func rest() error {
	debug.FreeOSMemory()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps") // proc(5)
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to uintptr
		var rights string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &rights); err != nil {
			return fmt.Errorf("read /proc/self/maps: %w", err)
		}
		if strings.Contains(rights, "w") || !strings.HasSuffix(lines.Text(), " "+program) {
			continue
		}
		_, _, errno := syscall.Syscall(syscall.SYS_MADVISE, from, to-from, madvPageout)
		if errno != 0 && errno != syscall.EINVAL { // an older kernel
			return fmt.Errorf("madvise: %w", errno)
		}
	}
	return lines.Err()
}
