package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/sandbox"
)

// fleetResult is what many clusters cost, on a manager that was started for them.
type fleetResult struct {
	Clusters int `json:"clusters"`
	Pools    int `json:"poolsEach"`

	ApplySeconds  float64            `json:"applySeconds"`  // what kubectl takes to store all objects
	CreateSeconds float64            `json:"createSeconds"` // from the start of kubectl to the last Ready
	Create        counts             `json:"createRequests"`
	CreateCPU     map[string]float64 `json:"createCPUSeconds"`

	Empty map[string]usage `json:"empty"`  // after the start, before the first object
	Full  map[string]usage `json:"full"`   // as soon as all are Ready
	Idle  map[string]usage `json:"idling"` // at the end of the idle window

	IdleSeconds float64            `json:"idleSeconds"`
	Idling      counts             `json:"idleRequests"`
	IdleWrites  int                `json:"idleWritesToKubernetes"`
	IdleCPU     map[string]float64 `json:"idleCPUSeconds"`
	PerHour     perHour            `json:"perClusterHour"`
	Restart     counts             `json:"restartRequests"`

	Refused    []string `json:"refusedWrites"`
	SpecErrors []string `json:"specErrors"`

	idle window
}

// perHour is per cluster and hour: what the window showed, and what the manager's own periods come to.
type perHour struct {
	Reads     float64 `json:"reads"`
	Writes    float64 `json:"writes"`
	Scheduled float64 `json:"scheduledReads"`
}

// calm is how long a manager gets to settle before its memory is read.
const calm = 10 * time.Second

// measureFleet creates a fleet and watches it do nothing; idling is called when that begins.
func (p *plane) measureFleet(ctx context.Context, o options, idling func()) (*fleetResult, error) {
	progress("fleet of %d clusters with operations of %s", o.clusters, p.length)
	r := &fleetResult{Clusters: o.clusters, Pools: 3}
	before, err := p.azure.requests(ctx, 0)
	if err != nil {
		return nil, err
	}
	if err := p.restart(ctx); err != nil {
		return nil, err
	}
	if r.Empty, err = p.usage(); err != nil {
		return nil, err
	}
	created, err := p.createFleet(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, calm); err != nil {
		return nil, err
	}
	idling()
	if err := p.idle(ctx, o.idle, r); err != nil {
		return nil, err
	}
	again := window{from: time.Now()}
	if err := p.restart(ctx); err != nil {
		return nil, err
	}
	again.to = time.Now()
	log, err := p.azure.requests(ctx, len(before))
	if err != nil {
		return nil, err
	}
	r.Create, r.Idling, r.Restart = count(log, "", created), count(log, "", r.idle), count(log, "", again)
	r.Refused, r.SpecErrors = complaints(log)
	r.extrapolate()
	return r, nil
}

// idle watches a fleet that has nothing to do.
func (p *plane) idle(ctx context.Context, length time.Duration, r *fleetResult) error {
	before, err := p.usage()
	if err != nil {
		return err
	}
	progress("idle for %s", length)
	r.idle.from = time.Now()
	if err := sleep(ctx, length); err != nil {
		return err
	}
	r.idle.to = time.Now()
	if r.Idle, err = p.usage(); err != nil {
		return err
	}
	r.IdleCPU, r.IdleSeconds, r.IdleWrites = spent(before, r.Idle), seconds(r.idle.to.Sub(r.idle.from)), p.seen.writes(r.idle)
	return nil
}

// restart gives the figures a manager without a past, and shows what looking at everything again costs.
func (p *plane) restart(ctx context.Context) error {
	if err := p.Restart(ctx, sandbox.Manager); err != nil {
		return err
	}
	return sleep(ctx, calm)
}

func (p *plane) createFleet(ctx context.Context, r *fleetResult) (window, error) {
	ctx, cancel := context.WithTimeout(ctx, p.length+margin)
	defer cancel()
	var manifests []string
	var goals []goal
	for i := range r.Clusters {
		c := newCluster(fmt.Sprintf("fleet%02d", i), "system", "user", "extra")
		manifests = append(manifests, c.manifest())
		goals = append(goals, goal{c.controlPlane(), ready})
		for _, short := range c.pools {
			goals = append(goals, goal{c.pool(short), readyWith(2)})
		}
	}
	began := time.Now()
	if err := p.apply(ctx, "fleet", strings.Join(manifests, "---\n")); err != nil {
		return window{}, err
	}
	r.ApplySeconds = seconds(time.Since(began))
	last := began
	for _, g := range goals {
		s, err := p.seen.first(ctx, g.object, began, g.wanted)
		if err != nil {
			return window{}, err
		}
		if s.at.After(last) {
			last = s.at
		}
	}
	var err error
	if r.Full, err = p.usage(); err != nil {
		return window{}, err
	}
	r.CreateCPU, r.CreateSeconds = spent(r.Empty, r.Full), seconds(last.Sub(began))
	return window{began, last.Add(settle)}, nil
}

// extrapolate does not multiply a window of minutes into an hour alone: a listing that happens to fall into it or not would
// decide. The periods are the manager's; what one look at everything costs is what a restart showed, without the machines: the
// periodic look keeps their lists as long as the pools' eTags are the same, a restart has to read them.
func (r *fleetResult) extrapolate() {
	n := float64(r.Clusters)
	hours := r.IdleSeconds / 3600
	r.PerHour.Reads = float64(r.Idling.Total-r.Idling.writes()) / hours / n
	r.PerHour.Writes = float64(r.Idling.writes()) / hours / n
	listings := time.Hour.Seconds() / fleet.DefaultInterval.Seconds() / n
	own := float64(r.Restart.Total-r.Restart.Shared-r.Restart.Machines) / n
	r.PerHour.Scheduled = listings + own*time.Hour.Seconds()/engine.DefaultResync.Seconds()
}

func spent(before, after map[string]usage) map[string]float64 {
	cpu := map[string]float64{}
	for component, u := range after {
		cpu[component] = u.CPU - before[component].CPU
	}
	return cpu
}

// complaints are writes that Azure refused and bodies that do not fit the official description: there should be none.
func complaints(log []request) (refused, malformed []string) {
	refused, malformed = []string{}, []string{}
	for _, r := range log {
		if r.write() && r.Status >= 400 {
			refused = append(refused, fmt.Sprintf("%s %s %d %s", r.Method, r.Path, r.Status, r.ErrorCode))
		}
		for _, e := range r.SpecErrors {
			malformed = append(malformed, fmt.Sprintf("%s %s: %s", r.Method, r.Path, e))
		}
	}
	return refused, malformed
}

// countCRDs counts the kinds the provider adds to a management cluster.
func (p *plane) countCRDs(ctx context.Context) (int, error) {
	list, err := p.seen.client.Resource(definitions).List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, err
	}
	n := 0
	for _, item := range list.Items {
		if strings.HasSuffix(item.GetName(), "."+infrastructure) {
			n++
		}
	}
	return n, nil
}
