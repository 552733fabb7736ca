// Package azuresim is an emulator of Azure Resource Manager, Entra ID and the Azure Kubernetes Service: real
// HTTPS, real ARM semantics, no Azure account. This package only wires the parts together; behaviour is in the
// packages below it. Nothing here may import the provider's code, or both would share their bugs.
package azuresim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/control"
	"github.com/capaks/capaks/azuresim/entra"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/network"
	"github.com/capaks/capaks/azuresim/page"
	"github.com/capaks/capaks/azuresim/resources"
	"github.com/capaks/capaks/azuresim/store"
	"github.com/capaks/capaks/azuresim/workload"
	"github.com/capaks/capaks/azuresim/world"
)

// Request is one entry of the request log.
type Request = front.Entry

// Fault is one rule of the control API.
type Fault = front.Fault

// Server is a running emulator.
type Server struct {
	opts      Options
	log       logr.Logger
	clock     *clock.Clock
	pki       *pki
	store     *store.Store
	fabric    *fabric.Fabric
	world     *world.Holder
	start     world.World // what Reset returns to
	directory *entra.Directory
	throttle  *front.Throttle
	faults    *front.Faults
	requests  *front.Log
	net       *network.Provider
	workload  *workload.Manager
	saver     *saver
	vms       *compute.Provider // see machines
	others    []provider        // see neighbours
	gateway   *front.Gateway

	https, identity *http.Server
	url             string
	identityURL     string
	stop            chan struct{}
	running         sync.WaitGroup
	closing         sync.Once
}

// Start runs an emulator until Close or until ctx ends.
func Start(ctx context.Context, opts Options) (*Server, error) {
	s := &Server{opts: opts, log: opts.Log, clock: opts.Clock, faults: &front.Faults{}, stop: make(chan struct{})}
	if s.log.GetSink() == nil {
		s.log = logr.Discard()
	}
	if s.clock == nil {
		s.clock = clock.New(opts.Speed)
	}
	steps := []func() error{s.openState, s.wire, s.listen}
	for _, step := range steps {
		if err := step(); err != nil {
			s.Close()
			return nil, fmt.Errorf("azuresim: %w", err)
		}
	}
	s.running.Go(func() { s.clock.Run(s.stop) })
	s.running.Go(s.beat)
	context.AfterFunc(ctx, s.Close)
	return s, nil
}

func (s *Server) openState() error {
	durations, err := durations(s.opts.Durations)
	if err != nil {
		return err
	}
	s.opts.Durations = durations
	if s.opts.DataDir != "" { // clients get paths below it
		if s.opts.DataDir, err = filepath.Abs(s.opts.DataDir); err != nil {
			return err
		}
	}
	if s.pki, err = openPKI(s.opts.DataDir); err != nil {
		return err
	}
	var contents store.Contents
	if s.store, contents, err = store.Open(s.opts.DataDir); err != nil {
		return err
	}
	s.fabric = fabric.New(s.clock, s.store)
	s.start = world.Default()
	if s.opts.World != nil {
		s.start = *s.opts.World
	}
	s.world = world.NewHolder(s.start)
	s.saver = newSaver(s.store, s.clock.Now)
	s.workload = workload.New(workload.Options{Log: s.log.WithName("workload"), Now: s.clock.Now, OnChange: s.saver.mark, Journal: s.saver.write,
		EntraToken: func(token, tenant string) (string, bool) { return s.directory.ClusterUser(token, tenant) }})
	s.saver.manager = s.workload
	if s.requests, err = front.OpenLog(s.opts.DataDir, s.clock.Now); err != nil {
		return err
	}
	return s.load(contents)
}

// wire connects the providers with the gateway.
func (s *Server) wire() error {
	s.directory = &entra.Directory{World: s.world, Key: s.pki.tokenKey, IdentityHeader: identityHeader, BaseURL: s.URL, Lifetime: s.opts.TokenLifetime}
	if s.opts.EmulatedTokenTime {
		s.directory.Now, s.directory.Pace = s.clock.Now, s.clock.Speed
	}
	scale := s.opts.ThrottleScale
	if scale == 0 {
		scale = 1
	}
	if s.opts.NoThrottle {
		scale = 0
	}
	s.throttle = &front.Throttle{Scale: scale}
	return nil
}

// providers builds the resource providers; they must be registered before state is loaded.
func (s *Server) providers() (groups *resources.Provider, net *network.Provider, vms *compute.Provider, clusters *aks.Provider) {
	d := s.opts.Durations
	groups = &resources.Provider{Fabric: s.fabric, World: s.world, DeleteDuration: func() time.Duration { return d["resourceGroup.delete"] }}
	vms = s.machines()
	clusters = &aks.Provider{Fabric: s.fabric, World: s.world, Workload: s.workload, Durations: func() aks.Durations { return aksDurations(d) },
		OperationVersions: front.AKSVersions(func(v string) bool { return strings.HasSuffix(v, "-preview") && v >= "2024-01-02" })}
	clusters.Result = s.fleets(clusters).Result
	vms.Changed = func(set *fabric.Resource) { s.resyncOwner(set, clusters) }
	if s.net == nil { // it keeps an index, so there is only one
		s.net = &network.Provider{Fabric: s.fabric, World: s.world, Duration: func() time.Duration { return d["network"] }, UsedBy: clusters.SubnetUser, Connected: clusters.Connected}
	}
	net = s.net
	clusters.Infrastructure = aks.Infrastructure{Put: net.Put, Identity: s.nodeIdentity}
	return groups, net, vms, clusters
}

func (s *Server) listen() error {
	groups, net, vms, clusters := s.providers()
	gateway := s.newGateway(groups, clusters)
	s.gateway = gateway
	gateway.Add(groups.Routes()...)
	gateway.Add(arm.Throttled(network.Limits, net.Routes())...)
	gateway.Add(vms.Routes()...)
	gateway.Add(clusters.Routes()...)
	for _, p := range s.neighbours() {
		gateway.Add(p.Routes()...)
	}
	gateway.Add(gateway.OperationLists()...)
	mux := http.NewServeMux()
	mux.Handle("/_azuresim/", &control.API{Fabric: s.fabric, World: s.world, Requests: s.requests, Faults: s.faults, Throttle: s.throttle, ResetAll: s.Reset, Persist: s.persistWorld, Beat: s.heartbeat, Service: clusters})
	window := page.New(page.Sources{Fabric: s.fabric, World: s.world, Requests: s.requests, Faults: s.faults, Throttle: s.throttle})
	mux.Handle("GET /{$}", window)
	mux.Handle("GET "+page.Prefix, window)
	mux.Handle("/metadata/endpoints", http.HandlerFunc(s.cloudMetadata))
	resourceManager := s.requests.Handler(s.faults.Handler(gateway))
	for _, prefix := range []string{"/subscriptions", "/subscriptions/", "/tenants", "/providers", "/providers/"} {
		mux.Handle(prefix, resourceManager)
	}
	mux.Handle("/", s.requests.TokenHandler(s.faults.Handler(s.directory)))
	listener, err := s.bind(s.opts.Addr, "address")
	if err != nil {
		return err
	}
	s.url = "https://" + listener.Addr().String()
	quiet := stdlog.New(io.Discard, "", 0) // clients that give up in the handshake are not our business
	s.https = &http.Server{Handler: caseless(mux), TLSConfig: &tls.Config{Certificates: []tls.Certificate{s.pki.serving}, MinVersion: tls.VersionTLS12}, ReadHeaderTimeout: 30 * time.Second, ErrorLog: quiet}
	s.running.Go(func() { s.served(s.https.ServeTLS(listener, "", "")) })
	return s.listenIdentity(quiet)
}

// caseless lets the router see the first path segment in lower case: ids compare without case.
func caseless(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, word := range []string{"/subscriptions", "/providers"} {
			if len(r.URL.Path) >= len(word) && strings.EqualFold(r.URL.Path[:len(word)], word) {
				r.URL.Path = word + r.URL.Path[len(word):]
			}
		}
		next.ServeHTTP(w, r)
	})
}

// listenIdentity serves the managed identity endpoint over plain http, as App Service does on its host.
func (s *Server) listenIdentity(quiet *stdlog.Logger) error {
	listener, err := s.bind("", "identity-address")
	if err != nil {
		return err
	}
	s.identityURL = "http://" + listener.Addr().String()
	s.identity = &http.Server{Handler: s.requests.TokenHandler(s.faults.Handler(s.directory)), ReadHeaderTimeout: 30 * time.Second, ErrorLog: quiet}
	s.running.Go(func() { s.served(s.identity.Serve(listener)) })
	return nil
}

func (s *Server) served(err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		s.log.Error(err, "listener ended")
	}
}

// bind prefers the port of the last run, so that kubeconfigs and environments stay valid over a restart.
func (s *Server) bind(addr, rememberAs string) (net.Listener, error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("address %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("address %q is not a loopback address: the control API asks for no credentials", addr)
	}
	remember := filepath.Join(s.opts.DataDir, rememberAs)
	if port == "0" && s.opts.DataDir != "" {
		if last, err := os.ReadFile(remember); err == nil {
			if l, err := net.Listen("tcp", strings.TrimSpace(string(last))); err == nil {
				return l, nil
			}
		}
	}
	l, err := net.Listen("tcp", addr)
	if err == nil && s.opts.DataDir != "" {
		err = os.WriteFile(remember, []byte(l.Addr().String()), 0o600)
	}
	return l, err
}

// Close ends the emulator. With a data directory the state is there for the next Start.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.stop)
		for _, h := range []*http.Server{s.https, s.identity} {
			if h != nil {
				_ = h.Close()
			}
		}
		if s.fabric != nil {
			s.fabric.Suspend()
		}
		s.running.Wait()
		if s.saver != nil {
			s.saver.flush()
		}
		if s.workload != nil {
			s.workload.Close()
		}
		if s.store != nil {
			s.heartbeat()
			_ = s.store.Close()
		}
		if s.requests != nil {
			s.requests.Close()
		}
		if s.pki != nil {
			s.pki.close()
		}
	})
}
