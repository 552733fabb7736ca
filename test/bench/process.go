package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/capaks/capaks/internal/sandbox"
)

// usage is what the kernel says of a process: MiB, and seconds of processor time since it started.
type usage struct {
	Resident  float64 `json:"residentMiB"`
	Anonymous float64 `json:"anonymousMiB"` // heap, stacks: what belongs to the process alone
	File      float64 `json:"fileMiB"`      // pages of the program that were touched
	Peak      float64 `json:"peakMiB"`
	CPU       float64 `json:"cpuSeconds"`
}

// ticks per second of the times in /proc/<pid>/stat, on every Linux.
const ticks = 100

// measured are the components whose figures are kept; the provider is the first.
var measured = []string{sandbox.Manager, sandbox.ClusterAPI, sandbox.APIServer, sandbox.Etcd}

func (p *plane) usage() (map[string]usage, error) {
	all := map[string]usage{}
	for _, component := range measured {
		pid, err := p.PID(component)
		if err != nil {
			return nil, err
		}
		if all[component], err = readUsage(pid); err != nil {
			return nil, fmt.Errorf("%s: %w", component, err)
		}
	}
	return all, nil
}

func readUsage(pid int) (u usage, err error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	file, err := os.Open(filepath.Join(dir, "status"))
	if err != nil {
		return u, err
	}
	defer file.Close() //nolint:errcheck // read only
	fields := map[string]*float64{"VmRSS:": &u.Resident, "RssAnon:": &u.Anonymous, "RssFile:": &u.File, "VmHWM:": &u.Peak}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 2 || fields[words[0]] == nil {
			continue
		}
		kib, err := strconv.ParseFloat(words[1], 64)
		if err != nil {
			return u, err
		}
		*fields[words[0]] = kib / 1024
	}
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return u, err
	}
	// The program's name stands in parentheses and may hold spaces; times are the 12th and 13th word after it.
	words := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(words) < 13 {
		return u, fmt.Errorf("/proc/%d/stat has %d words", pid, len(words))
	}
	for _, word := range words[11:13] {
		n, err := strconv.ParseFloat(word, 64)
		if err != nil {
			return u, err
		}
		u.CPU += n / ticks
	}
	return u, nil
}

// machine describes where the figures come from, the load at the start included: on a shared machine it matters most.
func machine() string {
	load := "unknown"
	if raw, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(raw), " ")
	}
	return fmt.Sprintf("%s/%s, %d processors, load %s at the start", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), load)
}
