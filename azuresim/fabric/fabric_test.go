package fabric_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/store"
)

const (
	group  = "/subscriptions/s/resourceGroups/G"
	parent = group + "/providers/P.N/things/A"
	child  = parent + "/parts/B"
)

// bench is a fabric whose things show how many parts they have, and how often that was looked at.
type bench struct {
	t       *testing.T
	f       *fabric.Fabric
	renders int
}

func open(t *testing.T) *bench {
	t.Helper()
	s, _, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, f: fabric.New(clock.NewPaused(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), s)}
	t.Cleanup(b.f.Suspend)
	b.f.Register("work", fabric.Kind{Done: func(*fabric.Operation, *arm.OperationError) (*arm.OperationError, time.Duration) { return nil, 0 }})
	b.f.RegisterView("P.N/things", func(r *fabric.Resource, variant string) ([]byte, error) {
		b.renders++
		return fmt.Appendf(nil, "%s %v %d", variant, r.Body["v"], len(b.f.Children(r.ID, ""))), nil
	})
	b.f.RegisterSum("P.N/things/parts", func(r *fabric.Resource) map[string]int64 { return map[string]int64{"size": r.Body["size"].(int64)} })
	return b
}

func (b *bench) do(fn func()) {
	b.t.Helper()
	if err := b.f.Do(func() error { fn(); return nil }); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) create(id string, body arm.Object) *fabric.Resource {
	b.t.Helper()
	parsed, ok := arm.ParseID(id)
	if !ok {
		b.t.Fatalf("%s is no id", id)
	}
	return b.f.Create(parsed, "here", body)
}

func (b *bench) shown(want string) {
	b.t.Helper()
	got, err := b.f.Rendered(b.f.Get(parent), "v1")
	if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
		b.t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// A document is made once, and again after every change of what it shows: of the resource, or of what lies below it.
func TestRendered(t *testing.T) {
	b := open(t)
	b.do(func() {
		r := b.create(parent, arm.Object{"v": 1})
		b.shown("v1 1 0")
		r.Body["v"] = 2 // after it was saved, but in the same transaction
	})
	b.do(func() { b.shown("v1 2 0") })
	made := b.renders
	b.do(func() { b.shown("v1 2 0") })
	if b.renders != made {
		t.Error("an unchanged document was made again")
	}
	b.do(func() { b.create(child, arm.Object{"size": int64(1)}) })
	b.do(func() { b.shown("v1 2 1") })
	b.do(func() { b.f.Drop(b.f.Get(child)) })
	b.do(func() { b.shown("v1 2 0") })
	b.do(func() {
		r := b.f.Get(parent)
		r.Body["v"] = 3
		b.f.Save(r)
	})
	b.do(func() { b.shown("v1 3 0") })
}

// What changed is rendered again before somebody asks, in the variants that are in use.
func TestRenderedAhead(t *testing.T) {
	b := open(t)
	b.do(func() { b.f.Expect("P.N/things", "v1") })
	b.do(func() { b.create(parent, arm.Object{"v": 1}) })
	renders := func() (n int) {
		b.do(func() { n = b.renders })
		return n
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for renders() == 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("nothing is rendered although it is expected")
		}
	}
	b.do(func() { b.shown("v1 1 0") })
	if n := renders(); n != 1 {
		t.Errorf("rendered %d times", n)
	}
}

// Totals follow what comes, changes and goes.
func TestSums(t *testing.T) {
	b := open(t)
	total := func(want map[string]int64) {
		t.Helper()
		if diff := cmp.Diff(want, b.f.Sums("p.n/things/PARTS")); diff != "" {
			t.Errorf("totals (-want +got):\n%s", diff)
		}
	}
	b.do(func() { total(map[string]int64{}) })
	b.do(func() {
		r := b.create(child, arm.Object{"size": int64(2)})
		total(map[string]int64{"size": 2})
		r.Body["size"] = int64(3)
	})
	b.do(func() {
		b.create(parent+"/parts/C", arm.Object{"size": int64(4)})
		total(map[string]int64{"size": 7})
	})
	b.do(func() { b.f.Drop(b.f.Get(child)) })
	b.do(func() { total(map[string]int64{"size": 4}) })
	b.do(b.f.Reset)
	b.do(func() { total(map[string]int64{}) })
}

// Resources and operations are found by what they are, in whatever case, and no longer once they are gone.
func TestIndex(t *testing.T) {
	b := open(t)
	names := func(list []*fabric.Resource) (out []string) {
		for _, r := range list {
			out = append(out, r.Name)
		}
		return out
	}
	look := func(subscription, typ string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, names(b.f.List(subscription, typ))); diff != "" {
			t.Errorf("list of %q %q (-want +got):\n%s", subscription, typ, diff)
		}
	}
	b.do(func() {
		b.create(group, arm.Object{})
		r := b.create(parent, arm.Object{})
		b.create(child, arm.Object{"size": int64(1)})
		b.create("/subscriptions/other/resourceGroups/H", arm.Object{})
		first := b.f.Start(nil, fabric.Plan{Kind: "work", Resource: r, Duration: time.Minute})
		second := b.f.Start(nil, fabric.Plan{Kind: "work", Resource: r, Duration: time.Hour})
		if b.f.RunningOn("/SUBSCRIPTIONS/S/resourcegroups/g/providers/p.n/things/a") != second {
			t.Error("the latest operation on a resource is not found")
		}
		b.f.End(second, fabric.Succeeded, nil)
		if b.f.RunningOn(parent) != first {
			t.Error("the earlier operation on a resource is not found once the later has ended")
		}
	})
	b.f.Clock.Advance(time.Minute)
	b.do(func() {
		if b.f.RunningOn(parent) != nil || len(b.f.Running()) != 0 {
			t.Error("an operation that has ended is found")
		}
		look("S", "microsoft.resources/RESOURCEGROUPS", "G")
		look("", "Microsoft.Resources/resourceGroups", "G", "H")
		look("s", "", "G", "A", "B")
		b.f.Drop(b.f.Get(group))
		look("s", "")
		look("", "P.N/things")
	})
}
