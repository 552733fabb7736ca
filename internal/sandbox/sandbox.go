package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// How long a component may take to answer on a busy machine, and to end when asked to.
const (
	readyLimit = 2 * time.Minute
	stopGrace  = 5 * time.Second
)

// managerNamespace is where the manager's own objects live, as in an installation made with clusterctl.
const managerNamespace = "capaks-system"

// Sandbox is a running sandbox that this process started.
type Sandbox struct {
	options   Options
	layout    layout
	authority *authority

	mu        sync.Mutex // guards state and processes
	state     *State
	processes map[string]*process
	crashed   chan *CrashError
}

// Up starts a sandbox and returns when every component answers, webhooks are in force and Options.Files are applied. On an error
// everything that was started is stopped again.
func Up(ctx context.Context, options Options) (*Sandbox, error) {
	s, err := prepare(options)
	if err != nil {
		return nil, err
	}
	if err := s.bringUp(ctx); err != nil {
		// The caller's context may be what ended: stopping must not depend on it.
		return nil, errors.Join(err, s.Down(context.WithoutCancel(ctx)))
	}
	return s, nil
}

// prepare makes everything that needs no process: directories, certificates, ports, kubeconfigs.
func prepare(options Options) (*Sandbox, error) {
	if err := options.complete(); err != nil {
		return nil, err
	}
	l := layout{options.Dir}
	last, err := ReadState(options.Dir)
	switch {
	case errors.Is(err, ErrNoSandbox):
		last = &State{}
	case err != nil:
		return nil, err
	case last.running():
		return nil, fmt.Errorf("a sandbox runs in %s already: `capaks sandbox down --dir %s` ends it, another --dir starts a second one", l.dir, l.dir)
	}
	if !last.KeepData {
		if err := os.RemoveAll(l.data()); err != nil {
			return nil, err
		}
	}
	if err := os.RemoveAll(l.logs()); err != nil {
		return nil, err
	}
	if err := l.create(); err != nil {
		return nil, err
	}
	ports, err := choosePorts(last.Ports)
	if err != nil {
		return nil, err
	}
	s := &Sandbox{
		options: options, layout: l, processes: map[string]*process{}, crashed: make(chan *CrashError, len(Components())),
		state: &State{Dir: l.dir, Started: time.Now(), Detached: options.Detach, KeepData: options.KeepData, Ports: ports},
	}
	if options.Supervised && !options.Detach {
		if id, ok := identify(os.Getpid()); ok {
			s.state.Supervisor = &id
		}
	}
	if err := s.writeCredentials(); err != nil {
		return nil, err
	}
	if err := s.writeAuditPolicy(); err != nil {
		return nil, err
	}
	return s, s.state.write()
}

// writeCredentials issues what every component needs. Managers get the user of their service account, so that a right missing in
// their RBAC rules shows up here and not in production.
func (s *Sandbox) writeCredentials() error {
	var err error
	if s.authority, err = loadAuthority(s.layout); err != nil {
		return err
	}
	if err := ensureKey(filepath.Join(s.layout.pki(), "sa.key")); err != nil {
		return err
	}
	for _, name := range append(Components(), "admin") {
		var groups []string
		if name == "admin" {
			groups = []string{"system:masters"}
		}
		if err := s.authority.issue(s.layout.certDir(name), "capaks-sandbox-"+name, groups...); err != nil {
			return err
		}
	}
	server := "https://" + loopback(s.state.Ports[portAPIServer])
	if err := s.authority.kubeconfig(s.layout, s.layout.kubeconfig(), server, "sandbox-admin", "system:masters"); err != nil {
		return err
	}
	if err := s.authority.kubeconfig(s.layout, s.layout.userKubeconfig(ControllerManager), server, "system:kube-controller-manager", "system:masters"); err != nil {
		return err
	}
	for name, account := range map[string]serviceAccount{ClusterAPI: clusterAPIAccount, Manager: managerAccount} {
		if err := s.authority.kubeconfig(s.layout, s.layout.userKubeconfig(name), server, account.user(), account.groups()...); err != nil {
			return err
		}
	}
	return nil
}

// bringUp starts the components in the order of their needs and in parallel where they have none.
func (s *Sandbox) bringUp(ctx context.Context) error {
	began := time.Now()
	if s.options.with(AzureSim) {
		if err := s.launch(s.azureSimCommand()); err != nil {
			return err
		}
	}
	for _, c := range []command{s.etcdCommand(), s.apiServerCommand()} {
		if err := s.launch(c); err != nil {
			return err
		}
		if err := s.await(ctx, c.name); err != nil {
			return err
		}
	}
	s.logf("management API answers on %s after %s", s.APIServerURL(), since(began))
	install, err := s.newInstaller()
	if err != nil {
		return err
	}
	if err := install.definitions(ctx); err != nil {
		return err
	}
	if err := s.bringUpManagers(ctx); err != nil {
		return err
	}
	if err := install.webhooks(ctx); err != nil {
		return err
	}
	s.logf("everything is up after %s", since(began))
	return s.Apply(ctx, s.options.Files...)
}

// bringUpManagers starts what works on objects, once their kinds exist: a manager that finds a kind missing gives up, and the
// garbage collector would not look again for half a minute.
func (s *Sandbox) bringUpManagers(ctx context.Context) error {
	if s.options.with(AzureSim) {
		if err := s.await(ctx, AzureSim); err != nil {
			return err
		}
		if err := s.learnAzureURL(); err != nil {
			return err
		}
	}
	var started []string
	for _, name := range []string{ClusterAPI, Manager, ControllerManager} {
		if !s.options.with(name) {
			continue
		}
		c, err := s.command(name)
		if err != nil {
			return err
		}
		if err := s.launch(c); err != nil {
			return err
		}
		started = append(started, name)
	}
	for _, name := range started {
		if err := s.await(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sandbox) command(component string) (command, error) {
	switch component {
	case Etcd:
		return s.etcdCommand(), nil
	case APIServer:
		return s.apiServerCommand(), nil
	case ControllerManager:
		return s.controllerManagerCommand(), nil
	case AzureSim:
		return s.azureSimCommand(), nil
	case ClusterAPI:
		return s.clusterAPICommand(), nil
	case Manager:
		return s.managerCommand()
	}
	return command{}, fmt.Errorf("sandbox: no component is called %q", component)
}

// launch starts a component, writes it down and watches over it.
func (s *Sandbox) launch(c command) error {
	c.path = s.options.binary(c.name)
	if c.env == nil {
		c.env = baseEnv()
	}
	p, err := start(c, s.layout, s.options.Detach)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.processes[c.name] = p
	s.state.set(ComponentState{Name: c.name, Identity: p.id, Command: append([]string{c.path}, c.args...), URL: c.url, Log: s.layout.log(c.name)})
	go func() {
		<-p.done
		if !p.endExpected() {
			s.crashed <- p.crash(s.layout)
		}
	}()
	return s.state.write()
}

func (s *Sandbox) process(component string) (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.processes[component]
	if !ok {
		return nil, fmt.Errorf("sandbox: %s was not started", component)
	}
	return p, nil
}

func (s *Sandbox) await(ctx context.Context, component string) error {
	p, err := s.process(component)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := p.awaitReady(ctx, s.layout, readyLimit); err != nil {
		return err
	}
	s.logf("%s is ready (%s)", component, since(began))
	return nil
}

// Wait returns when a component ends unexpectedly (a *CrashError) or when ctx does (nil).
func (s *Sandbox) Wait(ctx context.Context) error {
	select {
	case crash := <-s.crashed:
		return crash
	case <-ctx.Done():
		return nil
	}
}

// Kill ends a component with SIGKILL, as a crash of its machine would, and returns when it is gone.
func (s *Sandbox) Kill(component string) error {
	p, err := s.process(component)
	if err != nil {
		return err
	}
	p.expect(true)
	if err := stop(0, p.id); err != nil {
		return err
	}
	<-p.done // its sockets are closed only when its last thread has ended, which is what done waits for
	return nil
}

// Restart starts a component again, with the same command line, and returns when it answers. One that still runs is asked to end first.
func (s *Sandbox) Restart(ctx context.Context, component string) error {
	p, err := s.process(component)
	if err != nil {
		return err
	}
	p.expect(true)
	if err := stop(stopGrace, p.id); err != nil {
		return err
	}
	<-p.done
	c, err := s.command(component)
	if err != nil {
		return err
	}
	if err := s.launch(c); err != nil {
		return err
	}
	return s.await(ctx, component)
}

// Down stops every component and returns when all have ended.
func (s *Sandbox) Down(ctx context.Context) error {
	s.mu.Lock()
	for _, p := range s.processes {
		p.expect(true)
	}
	state := s.state
	s.mu.Unlock()
	return state.stopAll(ctx)
}

// stopAll ends the components in the reverse order of their needs: the API server is faster to end when nobody watches it any more.
func (s *State) stopAll(ctx context.Context) error {
	var errs []error
	for _, group := range [][]string{{Manager, ClusterAPI, ControllerManager, AzureSim}, {APIServer}, {Etcd}} {
		var ids []Identity
		for _, c := range s.Components {
			if slices.Contains(group, c.Name) {
				ids = append(ids, c.Identity)
			}
		}
		grace := stopGrace
		if ctx.Err() != nil {
			grace = 0
		}
		errs = append(errs, stop(grace, ids...))
	}
	errs = append(errs, stop(0, strays(s.Dir)...))
	if !s.KeepData {
		// RemoveAll, because the process that held the sandbox may have been here just before.
		errs = append(errs, os.RemoveAll(layout{s.Dir}.data()), os.RemoveAll(layout{s.Dir}.state()))
	}
	return errors.Join(errs...)
}

func (s *Sandbox) logf(format string, args ...any) { s.options.Log(fmt.Sprintf(format, args...)) }

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Millisecond) }
