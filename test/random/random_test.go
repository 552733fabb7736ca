package random_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
)

var (
	runs = flag.Int("runs", 12, "how many clusters the random test makes")
	seed = flag.Uint64("seed", 1, "of the first of them; a failure names the seed of its cluster")
	// A failure takes longer to make small than to find.
	shrinkTime = flag.Duration("shrink", time.Minute, "how long to look for the smallest edits that fail")
)

const (
	rounds      = 6
	fleetTime   = time.Minute
	maxEdits    = 6
	randomTime  = 3 * time.Minute // after which no further cluster is begun, on a machine that is very busy
	stopEdit    = 12              // one of so many sets of edits stops the cluster
	versionEdit = 10              // one of so many edits raises a version
)

func TestRandomEditsConverge(t *testing.T) {
	needServer(t)
	start := time.Now()
	edits, clusters := 0, 0
	for i := range *runs {
		if time.Since(start) > randomTime {
			break
		}
		n := *seed + uint64(i)
		clusters++
		t.Run(fmt.Sprint("seed ", n), func(t *testing.T) {
			history, err := grow(t, n)
			for _, set := range history {
				edits += len(set)
			}
			if err != nil {
				fail(t, n, history, err)
			}
		})
	}
	t.Logf("seeds %d to %d: %d clusters, %d legal edits", *seed, *seed+uint64(clusters)-1, clusters, edits)
}

// fail tells the smallest sets of edits that fail in the same way.
func fail(t *testing.T, n uint64, history [][]edit, failure error) {
	t.Helper()
	if len(history) == 0 {
		t.Fatal(failure)
	}
	history, failure = shrink(t, n, history, failure)
	t.Fatalf("seed %d: %v\nthe smallest sets of edits that do it (the first one is part of the creation):\n%s", n, failure, written(history))
}

func needServer(t *testing.T) {
	t.Helper()
	if kube == nil {
		t.Skip(absent)
	}
}

// FuzzEdits lets the native fuzzer choose the seeds: go test ./test/random -fuzz FuzzEdits.
func FuzzEdits(f *testing.F) {
	for n := range uint64(3) {
		f.Add(1_000_000 + n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		needServer(t)
		if history, err := grow(t, n); err != nil {
			fail(t, n, history, err)
		}
	})
}

// grow makes a cluster and edits it at random, and answers with all legal edits it made: the first set is part of the creation.
func grow(t *testing.T, n uint64) ([][]edit, error) {
	t.Helper()
	r := rand.New(rand.NewPCG(n, n))
	g, err := newGenerator(r)
	if err != nil {
		return nil, err
	}
	s, history, err := begin(t, n, g.initial())
	if err != nil {
		return history, err
	}
	for range rounds {
		legal, err := s.objects.apply(g.set(s.objects))
		if err != nil {
			return history, err
		}
		history = append(history, legal)
		if err := s.round(); err != nil {
			return history, err
		}
	}
	return history, nil
}

// repeat does what a history says.
func repeat(t *testing.T, n uint64, history [][]edit) error {
	t.Helper()
	s, _, err := begin(t, n, history[0])
	if err != nil {
		return err
	}
	for _, set := range history[1:] {
		if _, err := s.objects.apply(set); err != nil {
			return err
		}
		if err := s.round(); err != nil {
			return err
		}
	}
	return nil
}

// story is one cluster in its Azure.
type story struct {
	objects *objects
	cloud   *cloud
	restart *rand.Rand
}

func begin(t *testing.T, n uint64, creation []edit) (*story, [][]edit, error) {
	t.Helper()
	time := clock.NewPaused(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
	azure, err := azuresim.Start(t.Context(), azuresim.Options{Clock: time, NoThrottle: true})
	if err != nil {
		return nil, nil, err
	}
	t.Cleanup(azure.Close)
	c, err := newCloud(azure, time)
	if err != nil {
		return nil, nil, err
	}
	if err := makeFleets(t.Context(), c.client, azure.Env()["AZURE_SUBSCRIPTION_ID"]); err != nil {
		return nil, nil, err
	}
	time.Advance(fleetTime) // until they are there
	w, legal, err := newObjects(t.Context(), azure.Env()["AZURE_SUBSCRIPTION_ID"], creation)
	if err != nil {
		return nil, nil, fmt.Errorf("the objects to begin with: %w", err)
	}
	s := &story{objects: w, cloud: c, restart: rand.New(rand.NewPCG(n, 2))}
	return s, [][]edit{legal}, s.round()
}

// round carries out what is declared now, and looks whether that was all.
func (s *story) round() error {
	if err := s.cloud.settle(s.objects, s.restart, true); err != nil {
		return err
	}
	if err := s.cloud.idle(s.objects); err != nil {
		return err
	}
	return s.objects.settled(s.cloud.step(s.objects))
}

// shrink drops sets and single edits for as long as the same kind of failure comes of the rest.
func shrink(t *testing.T, n uint64, history [][]edit, failure error) ([][]edit, error) {
	t.Helper()
	until := time.Now().Add(*shrinkTime)
	for smaller := true; smaller && time.Now().Before(until); {
		smaller = false
		for _, candidate := range candidates(history) {
			if time.Now().After(until) {
				break
			}
			if err := repeat(t, n, candidate); err != nil && sameKind(err, failure) {
				history, failure, smaller = candidate, err, true
				break
			}
		}
	}
	return history, failure
}

// candidates are all histories with one set or one edit less; the set of the creation can only become empty.
func candidates(history [][]edit) [][][]edit {
	var out [][][]edit
	for i := range history {
		if i > 0 {
			out = append(out, slices.Delete(slices.Clone(history), i, i+1))
		} else if len(history[0]) > 1 {
			out = append(out, append([][]edit{nil}, history[1:]...))
		}
	}
	for i, set := range history {
		for j := range set {
			fewer := slices.Clone(history)
			fewer[i] = slices.Delete(slices.Clone(set), j, j+1)
			out = append(out, fewer)
		}
	}
	return out
}

// sameKind compares failures by their beginning: bodies and counts differ.
func sameKind(a, b error) bool { return kindOf(a) == kindOf(b) }

func kindOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\n")
	words := strings.Fields(text)
	return strings.Join(words[:min(len(words), 8)], " ")
}

func written(history [][]edit) string {
	var b strings.Builder
	for i, set := range history {
		fmt.Fprintf(&b, "  set %d\n", i)
		for _, e := range set {
			fmt.Fprintf(&b, "    %s\n", e)
		}
	}
	return b.String()
}
