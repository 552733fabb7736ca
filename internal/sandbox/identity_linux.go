package sandbox

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// identify reads the identity of a living process.
func identify(pid int) (Identity, bool) {
	fields, ok := statFields(pid)
	if !ok {
		return Identity{}, false
	}
	return Identity{PID: pid, StartTime: fields[19]}, true
}

// statFields returns the fields of /proc/<pid>/stat from the third (state) on. A zombie counts as gone: in a container whose
// first process reaps nothing, a dead child of a finished command stays in the table for ever.
func statFields(pid int) ([]string, bool) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil, false
	}
	// The second field is the program's name in parentheses and may hold spaces and parentheses itself.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return nil, false
	}
	return fields, true
}

// residentBytes is the resident set of a process, 0 when it is gone.
func residentBytes(pid int) int64 {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// strays finds processes that carry this sandbox's mark and are in no state file: those started in the instant before an `up`
// was killed with SIGKILL.
func strays(dir string) []Identity {
	mark := []byte(markVariable + "=" + dir)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []Identity
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "environ"))
		if err != nil || !hasVariable(environ, mark) {
			continue
		}
		if id, ok := identify(pid); ok {
			found = append(found, id)
		}
	}
	return found
}

func hasVariable(environ, variable []byte) bool {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(entry, variable) {
			return true
		}
	}
	return false
}

// attributes puts a component into a process group of its own. One that must not outlive us is killed by the kernel when
// the thread that started it ends, which covers every way this process can end.
func attributes(detach bool) *syscall.SysProcAttr {
	if detach {
		return &syscall.SysProcAttr{Setsid: true}
	}
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
