//go:build unix && !linux

package sandbox

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// identify reads the identity of a living process.
func identify(pid int) (Identity, bool) {
	out, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return Identity{}, false
	}
	state, start, found := strings.Cut(strings.TrimSpace(string(out)), " ")
	if !found || strings.HasPrefix(state, "Z") {
		return Identity{}, false
	}
	return Identity{PID: pid, StartTime: strings.TrimSpace(start)}, true
}

// residentBytes is the resident set of a process, 0 when it is gone.
func residentBytes(pid int) int64 {
	out, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		return 0
	}
	return kib * 1024
}

// strays needs a readable environment of other processes, which only Linux offers without privileges.
func strays(string) []Identity { return nil }

// attributes puts a component into a process group of its own. There is no parent-death signal here: after a SIGKILL of a
// sandbox that is not detached, `capaks sandbox down` ends what it left.
func attributes(detach bool) *syscall.SysProcAttr {
	if detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true}
}
