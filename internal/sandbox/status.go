package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

// Status is what the processes of a sandbox do right now.
type Status struct {
	Dir        string
	Uptime     time.Duration
	AzureURL   string
	Components []ComponentStatus
}

// ComponentStatus is one process.
type ComponentStatus struct {
	ComponentState
	Running       bool
	ResidentBytes int64
}

// ReadStatus looks at the processes of the sandbox in dir.
func ReadStatus(dir string) (*Status, error) {
	state, err := ReadState(dir)
	if err != nil {
		return nil, err
	}
	status := &Status{Dir: state.Dir, Uptime: time.Since(state.Started).Round(time.Second), AzureURL: state.AzureURL}
	for _, c := range state.Components {
		component := ComponentStatus{ComponentState: c, Running: c.alive()}
		if component.Running {
			component.ResidentBytes = residentBytes(c.PID)
		}
		status.Components = append(status.Components, component)
	}
	slices.SortFunc(status.Components, func(a, b ComponentStatus) int {
		return cmp.Compare(slices.Index(Components(), a.Name), slices.Index(Components(), b.Name))
	})
	return status, nil
}

// ResidentBytes is the sum of the resident sets of all components.
func (s *Status) ResidentBytes() int64 {
	var sum int64
	for _, c := range s.Components {
		sum += c.ResidentBytes
	}
	return sum
}

// Dead names the components that should run and do not.
func (s *Status) Dead() []string {
	var dead []string
	for _, c := range s.Components {
		if !c.Running {
			dead = append(dead, c.Name)
		}
	}
	return dead
}

// String is the table that `capaks sandbox status` prints; a dead component is followed by the end of its log.
func (s *Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sandbox in %s, started %s ago\n", s.Dir, s.Uptime)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	row("COMPONENT\tPID\tSTATE\tMEMORY\tURL\n")
	for _, c := range s.Components {
		state := "running"
		if !c.Running {
			state = "dead"
		}
		row("%s\t%d\t%s\t%s\t%s\n", c.Name, c.PID, state, mebibytes(c.ResidentBytes), c.URL)
	}
	row("total\t\t\t%s\t\n", mebibytes(s.ResidentBytes()))
	_ = w.Flush() // a strings.Builder takes everything
	for _, c := range s.Components {
		if !c.Running {
			fmt.Fprintf(&b, "\n%s does not run; the end of %s:\n%s\n", c.Name, c.Log, tail(c.Log, 20))
		}
	}
	return b.String()
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<19)>>20) }

// Down ends the sandbox in dir, whoever started it: a process that holds it is asked to, what remains is ended from here.
func Down(ctx context.Context, dir string) error {
	state, err := ReadState(dir)
	if err != nil {
		return err
	}
	if state.Supervisor != nil && state.Supervisor.PID != os.Getpid() && state.Supervisor.alive() {
		// To the process alone and not to its group, which is its user's shell job.
		if err := syscall.Kill(state.Supervisor.PID, syscall.SIGTERM); err != nil {
			return err
		}
		gone(3*stopGrace, []Identity{*state.Supervisor})
	}
	return state.stopAll(ctx)
}
