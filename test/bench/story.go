package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// storyResult is what one length of operations showed.
type storyResult struct {
	Operations float64  `json:"operationSeconds"`
	Start      startup  `json:"start"`
	Steps      []*step  `json:"steps"`
	Refused    []string `json:"refusedWrites"`
	SpecErrors []string `json:"specErrors"`
}

// startup is what happens between `kubectl apply` and the request for a cluster, in seconds after the start of kubectl.
type startup struct {
	Stored     float64 `json:"controlPlaneStored"`
	Owned      float64 `json:"ownerReferenceOnControlPlane"`
	AllStored  float64 `json:"lastObjectStored"`
	AllOwned   float64 `json:"ownerReferenceOnLastPool"`
	FirstCall  float64 `json:"firstAzureRequest"`
	ClusterPut float64 `json:"firstManagedClusterPut"`
	// Ours is from the moment everything the request is made of was there (ownerReference, last object) to the request.
	Ours float64 `json:"firstManagedClusterPutAfterAllWasThere"`
}

// step is one thing a person asked for. All times are seconds.
type step struct {
	Name    string `json:"name"`
	Cluster string `json:"cluster"`
	// Sent is from asking to the first write to Azure, Late from Azure's final state to ours, Beyond the whole wait minus the time Azure
	// was at work.
	Sent   float64            `json:"sent"`
	Late   map[string]float64 `json:"late"` // by object
	Beyond float64            `json:"beyond"`
	// Said is when the condition claims to have changed, minus Azure's final state: whole seconds, as Kubernetes keeps them.
	Said     map[string]float64 `json:"said,omitempty"`
	Requests counts             `json:"requests"`

	group  string
	window window
}

// worst is the largest Late of the objects of a resource.
func (s *step) worst(resource string) (float64, bool) {
	worst, found := 0.0, false
	for o, late := range s.Late {
		if strings.HasPrefix(o, resource+"/") && (!found || late > worst) {
			worst, found = late, true
		}
	}
	return worst, found
}

// goal is an object and what it has to show.
type goal struct {
	object
	wanted func(sighting) bool
}

// teller plays steps and writes down what they took.
type teller struct {
	*plane
	mu    sync.Mutex
	steps []*step
}

// margin is what a step may take beyond Azure's own time before the bench gives up.
const margin = 4 * time.Minute

// settle is how long requests after the goal still count for a step.
const settle = time.Second

// play asks for something and waits until every goal is reached, then for the requests that follow.
func (t *teller) play(ctx context.Context, name string, c cluster, ask func(context.Context) error, goals ...goal) error {
	progress("  %s of %s", name, c.name)
	ctx, cancel := context.WithTimeout(ctx, 2*t.length+margin)
	defer cancel()
	s := &step{Name: name, Cluster: c.name, group: c.group(), Late: map[string]float64{}, Said: map[string]float64{}, window: window{from: time.Now()}}
	if err := ask(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	reached := make([]sighting, len(goals))
	for i, g := range goals {
		var err error
		if reached[i], err = t.seen.first(ctx, g.object, s.window.from, g.wanted); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if reached[i].at.After(s.window.to) {
			s.window.to = reached[i].at
		}
	}
	end, worked, err := t.azure.busy(c.group(), s.window)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, g := range goals {
		s.Late[g.String()] = seconds(reached[i].at.Sub(end))
		if since := reached[i].since("Ready"); !reached[i].deleted && since.After(s.window.from) {
			s.Said[g.String()] = seconds(since.Sub(end))
		}
	}
	s.Beyond = seconds(s.window.to.Sub(s.window.from) - worked)
	if err := sleep(ctx, settle); err != nil {
		return err
	}
	s.window.to = time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, s)
	return nil
}

// playStory creates three clusters and does something else with each of them. The first is alone until Azure has been asked for it.
func (p *plane) playStory(ctx context.Context) (*storyResult, error) {
	progress("story with operations of %s", p.length)
	t := &teller{plane: p}
	scaled, upgraded, changed := newCluster("scaled", "system", "user"), newCluster("upgraded", "system", "user"), newCluster("changed", "system", "user")
	group, playing := errgroup.WithContext(ctx)
	began := time.Now()
	asked := make(chan struct{})
	group.Go(func() error {
		if err := t.create(playing, scaled, func() error { close(asked); return nil }); err != nil {
			return err
		}
		if err := t.play(playing, "pool scale", scaled, t.patch(scaled.machinePool("user"), `{"spec":{"replicas":3}}`), goal{scaled.pool("user"), readyWith(3)}); err != nil {
			return err
		}
		return t.play(playing, "cluster delete", scaled, t.remove(scaled.self()), goal{scaled.controlPlane(), gone}, goal{scaled.self(), gone})
	})
	group.Go(func() error {
		if err := t.createAfter(playing, asked, 0, upgraded); err != nil {
			return err
		}
		if err := t.play(playing, "control plane upgrade", upgraded, t.patch(upgraded.controlPlane(), `{"spec":{"version":"`+nextMinor+`"}}`), goal{upgraded.controlPlane(), readyAt(nextMinor)}); err != nil {
			return err
		}
		change := `{"spec":{"template":{"spec":{"version":"` + nextMinor + `"}}}}`
		return t.play(playing, "pool upgrade", upgraded, t.patch(upgraded.machinePool("user"), change), goal{upgraded.pool("user"), readyAt(nextMinor)})
	})
	group.Go(func() error {
		if err := t.createAfter(playing, asked, stagger, changed); err != nil {
			return err
		}
		add := func(ctx context.Context) error { return t.apply(ctx, "added", changed.poolManifest("added", "User")) }
		if err := t.play(playing, "pool add", changed, add, goal{changed.pool("added"), readyWith(2)}); err != nil {
			return err
		}
		return t.play(playing, "pool delete", changed, t.remove(changed.machinePool("added")), goal{changed.pool("added"), gone})
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return t.conclude(ctx, scaled, began)
}

// stagger keeps the ends of operations apart, so that each is seen alone.
const stagger = 3 * time.Second

func (t *teller) createAfter(ctx context.Context, asked <-chan struct{}, wait time.Duration, c cluster) error {
	select {
	case <-asked:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := sleep(ctx, stagger+wait); err != nil {
		return err
	}
	return t.create(ctx, c, func() error { return nil })
}

// create applies a cluster and waits for all of it; asked is called when Azure works on it.
func (t *teller) create(ctx context.Context, c cluster, asked func() error) error {
	goals := []goal{{c.controlPlane(), ready}}
	for _, short := range c.pools {
		goals = append(goals, goal{c.pool(short), readyWith(2)})
	}
	ask := func(ctx context.Context) error {
		if err := t.apply(ctx, c.name, c.manifest()); err != nil {
			return err
		}
		creating := func(s sighting) bool { return s.text("status.provisioningState") == "Creating" }
		if _, err := t.seen.first(ctx, c.controlPlane(), time.Time{}, creating); err != nil {
			return err
		}
		return asked()
	}
	return t.play(ctx, "create", c, ask, goals...)
}

func (t *teller) patch(o object, change string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := t.seen.client.Resource(o.resource).Namespace(namespace).Patch(ctx, o.name, types.MergePatchType, []byte(change), metav1.PatchOptions{})
		return err
	}
}

func (t *teller) remove(o object) func(context.Context) error {
	return func(ctx context.Context) error {
		return t.seen.client.Resource(o.resource).Namespace(namespace).Delete(ctx, o.name, metav1.DeleteOptions{})
	}
}

// conclude takes from the request log what belongs to each step.
func (t *teller) conclude(ctx context.Context, first cluster, began time.Time) (*storyResult, error) {
	log, err := t.azure.requests(ctx, 0)
	if err != nil {
		return nil, err
	}
	r := &storyResult{Operations: t.length.Seconds(), Steps: t.steps}
	for _, s := range t.steps {
		s.Requests = count(log, s.group, s.window)
		for _, entry := range log {
			if entry.write() && s.window.has(entry.Time) && inGroup(entry.Path, s.group) {
				s.Sent = seconds(entry.Time.Sub(s.window.from))
				break
			}
		}
	}
	r.Refused, r.SpecErrors = complaints(log)
	r.Start, err = t.startup(ctx, first, began, log)
	return r, err
}

func (t *teller) startup(ctx context.Context, c cluster, began time.Time, log []request) (s startup, err error) {
	var called, put time.Time
	for _, entry := range log {
		if called.IsZero() {
			called = entry.Time
		}
		if entry.Method == "PUT" && strings.Contains(entry.Path, "/managedClusters/"+c.name+"?") {
			put = entry.Time
			break
		}
	}
	if put.IsZero() {
		return s, fmt.Errorf("no PUT of the managed cluster %s in the request log", c.name)
	}
	last := c.pool(c.pools[len(c.pools)-1])
	at := map[*float64]goal{&s.Stored: {c.controlPlane(), present}, &s.Owned: {c.controlPlane(), owned}, &s.AllStored: {last, present}, &s.AllOwned: {last, owned}}
	for into, g := range at {
		event, err := t.seen.first(ctx, g.object, began, g.wanted)
		if err != nil {
			return s, err
		}
		*into = seconds(event.at.Sub(began))
	}
	s.FirstCall, s.ClusterPut = seconds(called.Sub(began)), seconds(put.Sub(began))
	s.Ours = s.ClusterPut - max(s.Owned, s.AllStored)
	return s, nil
}

// sleep waits, unless ctx ends first.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
