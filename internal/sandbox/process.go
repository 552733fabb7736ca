package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// markVariable is in the environment of every process a sandbox starts; its value is the sandbox's directory.
const markVariable = "CAPAKS_SANDBOX_DIR"

// command is what it takes to start one component, again and again.
type command struct {
	name string
	path string
	args []string
	env  []string
	url  string
	// readyFile is removed before each start; the component writes it.
	readyFile string
	// ready returns nil once the component does its work. It is asked until it does, until the process ends or time is up.
	ready func(ctx context.Context) error
}

// process is one running component.
type process struct {
	command
	id       Identity
	done     chan struct{} // closed when the process has ended
	exit     error         // valid after done
	mu       sync.Mutex
	expected bool
}

// CrashError reports a component that ended without having been asked to.
type CrashError struct {
	Component string
	Exit      string
	Log       string
	Tail      string
}

func (e *CrashError) Error() string {
	return fmt.Sprintf("%s ended unexpectedly (%s); the end of %s:\n%s", e.Component, e.Exit, e.Log, e.Tail)
}

// starter runs functions on one operating system thread that never ends: a parent-death signal is tied to the thread that
// started the child, and Go ends threads at will.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

// start starts a component with its output appended to its log.
func start(c command, l layout, detach bool) (*process, error) {
	if c.readyFile != "" {
		if err := os.RemoveAll(c.readyFile); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(l.log(c.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() //nolint:errcheck // the child has its own descriptor
	cmd := exec.Command(c.path, c.args...)
	cmd.Dir = l.data()
	cmd.Env = append(append([]string{}, c.env...), markVariable+"="+l.dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = attributes(detach)
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", c.name, err)
	}
	p := &process{command: c, done: make(chan struct{})}
	// A process that has already ended has no start time any more; its pid alone is never used to signal anything.
	p.id, _ = identify(cmd.Process.Pid)
	p.id.PID = cmd.Process.Pid
	go func() {
		p.exit = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) expect(ending bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = ending
}

func (p *process) endExpected() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.expected
}

// crash describes how the process ended. Only valid after done.
func (p *process) crash(l layout) *CrashError {
	exit := "exit status 0"
	if p.exit != nil {
		exit = p.exit.Error()
	}
	return &CrashError{Component: p.name, Exit: exit, Log: l.log(p.name), Tail: tail(l.log(p.name), 20)}
}

// awaitReady asks until the component answers.
func (p *process) awaitReady(ctx context.Context, l layout, limit time.Duration) error {
	if p.ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return p.crash(l)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("%s did not become ready within %s: %w; the end of %s:\n%s", p.name, limit, err, l.log(p.name), tail(l.log(p.name), 20))
		case <-tick.C:
		}
	}
}

// alive says whether exactly this process still runs.
func (id Identity) alive() bool {
	if id.PID <= 0 || id.StartTime == "" {
		return false
	}
	now, ok := identify(id.PID)
	return ok && now == id
}

// signal sends a signal to the process group of exactly this process.
func (id Identity) signal(sig syscall.Signal) {
	if id.alive() {
		_ = syscall.Kill(-id.PID, sig) // it may end between the two calls, which is what we want anyway
	}
}

// stop ends processes: politely first, then not.
func stop(grace time.Duration, ids ...Identity) error {
	for _, id := range ids {
		id.signal(syscall.SIGTERM)
	}
	if gone(grace, ids) {
		return nil
	}
	for _, id := range ids {
		id.signal(syscall.SIGKILL)
	}
	if gone(5*time.Second, ids) {
		return nil
	}
	return fmt.Errorf("processes %v do not end even after SIGKILL", ids)
}

func gone(limit time.Duration, ids []Identity) bool {
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		living := false
		for _, id := range ids {
			living = living || id.alive()
		}
		if !living {
			return true
		}
		select {
		case <-deadline.C:
			return false
		case <-tick.C:
		}
	}
}
