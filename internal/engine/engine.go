// Package engine drives one AKS cluster towards what is declared: observe, plan, act, report.
//
// It talks to Azure through internal/arm and decides nothing about AKS itself (internal/aks and internal/plan
// do). It knows nothing of Kubernetes objects' status, conditions or events: it returns a Report.
package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/plan"
)

const (
	// freshFor is how old an observation may be for a write that is computed from it.
	freshFor = 5 * time.Second
	// maxMoves bounds the requests of one step: a resource group, a network and a cluster are created in one go,
	// anything longer comes back through the queue so that other clusters get their turn.
	maxMoves = 12
)

// Engine holds, per cluster, what is worth remembering between two steps. All of it can be lost: it is
// rebuilt from Azure.
type Engine struct {
	now   func() time.Time
	fleet *fleet.Fleet
	// resync is after how long resource group and network are read again although nothing happened.
	resync time.Duration

	mu        sync.Mutex
	memories  map[string]*memory
	durations aks.Durations
}

// Options of an Engine.
type Options struct {
	Now    func() time.Time
	Fleet  *fleet.Fleet
	Resync time.Duration
}

// DefaultResync is how often resource groups and networks, which no subscription-wide LIST covers, are read again.
const DefaultResync = 6 * time.Hour

// New makes an Engine.
func New(o Options) *Engine {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Resync == 0 {
		o.Resync = DefaultResync
	}
	return &Engine{now: o.Now, fleet: o.Fleet, resync: o.Resync, memories: map[string]*memory{}, durations: aks.Durations{}}
}

// memory is what the engine keeps of one cluster. Only the worker that reconciles the cluster touches it.
type memory struct {
	obs      aks.Observation
	baseAt   time.Time // when resource group and network were read; zero: not yet
	running  *operation
	failures map[string]aks.Failure
	// asked are versions that pools were asked for since the cluster was read: its list of them is from before that.
	asked map[string]string
	// blockers are disruption budgets behind failures, by lower-cased id of the resource.
	blockers map[string]*blocker
	pools    map[string]instances
	scaleSet map[string]string // pool -> scale set id
	// aside are operations on dependents during which AKS takes other requests, by lower-cased id of the resource.
	aside map[string]*operation
	// readAt is when a dependent was read.
	readAt map[string]time.Time
	// contests are fields that were sent lately, released what was told of since.
	contests aks.Contests
	released map[string]bool
	// versions are the api-versions of what was read.
	versions string
	// listed is the cluster as the subscription's listing had it last, where it is read in another api-version.
	listed map[string]any
	// trouble is what kept the last step from going on; it is not met again before it may be over.
	trouble     *trouble
	credentials credentialMemory
}

// instances are the nodes of a pool as its scale set lists them, and the state of the pool they belong to.
type instances struct {
	listed      bool
	etag        string
	count       int64
	providerIDs []string
	// again and pause: when an incomplete list is read again.
	again time.Time
	pause time.Duration
}

// Request is one step to make.
type Request struct {
	// Owner names the cluster: namespace/name of its control plane object.
	Owner  string
	Client *arm.Client
	Inputs aks.Inputs
	// KubeconfigETag is the eTag of the managed cluster whose credentials are stored, empty when none are.
	KubeconfigETag string
	// StoredToken is what is known of the token in the stored kubeconfig, UserKubeconfigETag the eTag of the stored
	// kubeconfig of people.
	StoredToken        aks.TokenMark
	UserKubeconfigETag string
	// Principal is whose credentials the client has: tenant/client.
	Principal string
	// Reread asks for a fresh look at everything.
	Reread bool
	// Workload is the Kubernetes API of the cluster, nil where there is no kubeconfig for it.
	Workload Workload
}

// Step makes as many moves as can be made now and says what came of them. An error is only returned when ctx
// ended; what Azure answers is in the Report.
func (e *Engine) Step(ctx context.Context, r Request) Report {
	m := e.memory(r.Owner)
	s := &step{Engine: e, Request: r, memory: m, names: aks.NamesOf(r.Inputs)}
	s.Inputs.Failures, s.Inputs.Contests, s.Inputs.Asked = m.failures, m.contests, m.asked
	if t := m.trouble; t.lasts(s) {
		s.report.Error = t.problem
		s.report.requeue(t.until.Sub(e.now()))
		s.keepToken(ctx)
		return s.finish()
	}
	before := m.trouble
	m.trouble = nil
	if err := s.run(ctx); err != nil {
		s.report.fail(err)
		s.report.Error.continues(before)
		m.trouble = &trouble{problem: s.report.Error, until: e.now().Add(s.report.Requeue), client: r.Client, generation: r.Inputs.ControlPlane.Generation}
		if arm.IsNotFound(err) || arm.IsPreconditionFailed(err) {
			m.forget()
		}
	}
	s.keepToken(ctx)
	return s.finish()
}

// trouble is an error that is not about one goal (no right, no answer, throttled). Events of Kubernetes objects come
// in bunches; each would otherwise ask Azure again.
type trouble struct {
	problem    *Problem
	until      time.Time
	client     *arm.Client
	generation int64
}

// lasts: a new spec or new credentials are a reason to try at once.
func (t *trouble) lasts(s *step) bool {
	return t != nil && s.now().Before(t.until) && t.client == s.Client && t.generation == s.Inputs.ControlPlane.Generation
}

// Forget drops what is remembered of a cluster.
func (e *Engine) Forget(owner string) {
	e.mu.Lock()
	delete(e.memories, owner)
	e.mu.Unlock()
	e.fleet.Forget(owner)
}

func (e *Engine) memory(owner string) *memory {
	e.mu.Lock()
	defer e.mu.Unlock()
	m, ok := e.memories[owner]
	if !ok {
		m = newMemory()
		e.memories[owner] = m
	}
	return m
}

func newMemory() *memory {
	return &memory{failures: map[string]aks.Failure{}, blockers: map[string]*blocker{}, asked: map[string]string{}, contests: aks.Contests{}, released: map[string]bool{}, pools: map[string]instances{}, scaleSet: map[string]string{}}
}

// forget makes the next step look at everything again; failures stay, or a refused goal would be hammered.
func (m *memory) forget() {
	m.obs, m.baseAt, m.running, m.aside, m.listed = aks.Observation{}, time.Time{}, nil, nil, nil
}

func (e *Engine) learn(kind string, took time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.durations.Learn(kind, took)
}

func (e *Engine) typical(kind string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.durations[kind]
}

// step is one call of Step.
type step struct {
	*Engine
	Request
	memory *memory
	names  aks.Names
	report Report
	// settled: credentials and instances were collected in this step.
	settled bool
	// rotating is how far rotations were when something was last asked of the Kubernetes API.
	rotating map[string]aks.RotationState
}

func (s *step) run(ctx context.Context) error {
	if err := s.observe(ctx); err != nil {
		return err
	}
	if err := s.lookAtBudgets(ctx); err != nil {
		return err
	}
	for range maxMoves {
		if waiting, err := s.follow(ctx); err != nil || waiting {
			return err
		}
		if err := s.followAside(ctx); err != nil {
			return err
		}
		decision := aks.Decide(s.Inputs, s.memory.obs, s.now())
		s.report.decision = decision
		if again, err := s.readMore(ctx, decision); err != nil {
			return err
		} else if again {
			continue
		}
		switch {
		case decision.Next == nil:
			if err := s.drain(ctx, decision); err != nil {
				return err
			}
			return s.settle(ctx, decision)
		case s.stale(*decision.Next):
			if err := s.refresh(ctx, *decision.Next); err != nil {
				return err
			}
		case s.firstCredentials(*decision.Next):
			if err := s.settle(ctx, decision); err != nil {
				return err
			}
			s.settled = true
		default:
			if sent, err := s.send(ctx, *decision.Next); err != nil || !sent {
				return err
			}
			if texts := doubts(decision); texts != "" {
				s.report.Doubts = texts
			}
		}
	}
	s.report.requeue(0)
	return nil
}

// readMore reads what a decision misses; it answers false when there is enough to go on.
func (s *step) readMore(ctx context.Context, d aks.Decision) (again bool, err error) {
	switch {
	case d.NeedPreflight:
		return true, s.readPreflight(ctx)
	case d.NeedUpgrades:
		return true, s.readUpgrades(ctx)
	case len(d.NeedNodeImages) > 0:
		return true, s.readNodeImages(ctx, d.NeedNodeImages)
	case len(d.NeedPools) > 0:
		return true, s.readPools(ctx, d.NeedPools)
	case len(d.NeedContents) > 0:
		return true, s.readContents(ctx, d.NeedContents)
	case d.Next == nil && len(d.NeedDependents) > 0:
		return true, s.readDependents(ctx, d.NeedDependents)
	case d.Next == nil && len(d.NeedNodes) > 0:
		return true, s.readNodes(ctx, d.NeedNodes)
	}
	return false, nil
}

// stale tells whether a write would be computed from an old observation. Resource groups and networks are ours
// alone or not touched, and a create protects itself (If-None-Match).
func (s *step) stale(action plan.Action) bool {
	if action.Verb == plan.Create || !s.memory.obs.Cluster.Exists {
		return false
	}
	if aks.IsDependent(action.Kind) {
		return action.Verb == plan.Update && s.now().Sub(s.memory.readAt[lower(action.ID)]) > freshFor
	}
	if action.Kind != aks.KindManagedCluster && action.Kind != aks.KindAgentPool {
		return false
	}
	return s.now().Sub(s.memory.obs.Time) > freshFor
}

// settle is reached when nothing is to be sent now: either all is as declared, or something holds it.
func (s *step) settle(ctx context.Context, d aks.Decision) error {
	if s.Inputs.ControlPlane.DeletionTimestamp != nil {
		return nil
	}
	s.rememberUnknownFailure(d)
	facts := aks.FactsOf(s.memory.obs.Cluster)
	if facts.Stopped() {
		return nil // neither credentials nor machines are to be had
	}
	if !facts.Exists || facts.Busy() || d.Hold != nil && d.Hold.Kind == aks.KindManagedCluster && d.Hold.Reason == plan.ReasonAlreadyExists {
		return nil
	}
	if err := s.collectCredentials(ctx, facts); err != nil {
		return err
	}
	return s.collectInstances(ctx, facts)
}

func lower(id string) string { return strings.ToLower(id) }
