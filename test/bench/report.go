package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/capaks/capaks/internal/sandbox"
)

// results is what bench.json holds.
type results struct {
	Started time.Time      `json:"started"`
	Took    string         `json:"took"`
	Machine string         `json:"machine"`
	Idle    string         `json:"idleWindow"`
	CRDs    int            `json:"crds"`
	Stories []*storyResult `json:"stories"`
	Fleet   *fleetResult   `json:"fleet"`
}

// row is one line of the table; the reference is empty where nobody measured the like.
type row struct {
	what, ours string
	reference
}

// publish prints the tables and writes the JSON.
func (r *results) publish(file string) error {
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return err
	}
	fmt.Printf("%s; took %s; figures in %s\n\n", r.Machine, r.Took, file)
	printTable(os.Stdout, [][]string{{"", "this provider", "seed (A)", "best today (B, C)", "floor"}}, r.rows())
	fmt.Println("\nA: CAPZ v1.0.2; B: CAPZ v1.26.0, same kinds; C: CAPZ v1.26.0, its other AKS kinds. Seconds after Azure's final state unless said; (30) is the length of\nAzure's operations.")
	for _, s := range r.Stories {
		fmt.Printf("\nOperations of %g s: seconds from asking to the first write, from Azure's final state to ours by object, and in all beyond Azure's own time\n", s.Operations)
		s.print(os.Stdout)
	}
	return nil
}

func printTable(out io.Writer, head [][]string, rows []row) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		head = append(head, []string{r.what, r.ours, r.seed, r.best, r.floor})
	}
	for _, cells := range head {
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	_ = w.Flush() // what cannot be printed is in the file
}

func (r *results) rows() []row {
	rows := []row{{"apply to first managedCluster PUT", r.each(func(s *storyResult) string { return sec(s.Start.ClusterPut) }), refFirstPut},
		{"  of it until Cluster API set the ownerReference", r.each(func(s *storyResult) string { return sec(s.Start.Owned) }), reference{"", "", "2.4 s"}},
		{"  from then, or from the last object, to the PUT", r.each(func(s *storyResult) string { return sec(s.Start.Ours) }), refNone}}
	late := func(what, step, resource string, ref reference) {
		rows = append(rows, row{what, r.each(func(s *storyResult) string { return s.latest(step, resource) }), ref})
	}
	late("control plane Ready after create", "create", controlPlanes.Resource, refReady)
	late("last pool Ready after create", "create", pools.Resource, refPools)
	rows = append(rows, row{"create: apply to last Ready, minus Azure's time", r.each(func(s *storyResult) string { return s.beyond("create") }), refBeyond})
	late("pool scale", "pool scale", pools.Resource, refScale)
	late("control plane upgrade", "control plane upgrade", controlPlanes.Resource, refUpgrade)
	late("pool upgrade", "pool upgrade", pools.Resource, refNone)
	late("pool add", "pool add", pools.Resource, refNone)
	late("pool delete", "pool delete", pools.Resource, refNone)
	rows = append(rows, row{"cluster delete, minus Azure's time", r.each(func(s *storyResult) string { return s.beyond("cluster delete") }), refDelete})
	late("  after Azure's last step", "cluster delete", clusters.Resource, refNone)
	calls := func(what, step string, ref reference) {
		rows = append(rows, row{what, r.each(func(s *storyResult) string { return s.calls(step) }), ref})
	}
	calls("ARM requests to create a cluster with two pools", "create", refRequests)
	calls("  to scale a pool", "pool scale", refScaleCalls)
	calls("  to upgrade a control plane", "control plane upgrade", refUpgraded)
	calls("  to delete a cluster", "cluster delete", refNone)
	return append(rows, r.fleetRows()...)
}

func (r *results) fleetRows() []row {
	f := r.Fleet
	size := fmt.Sprintf("%d clusters x %d pools", f.Clusters, f.Pools)
	manager := sandbox.Manager
	return []row{
		{size + ": apply to all Ready, minus Azure's time", sec(f.CreateSeconds - r.Stories[0].Operations), reference{"", "B 173-192 s", ""}},
		{"  of it until kubectl had stored all objects", sec(f.ApplySeconds), refNone},
		{"  ARM requests per cluster", fmt.Sprintf("%.1f", float64(f.Create.Total)/float64(f.Clusters)), reference{"", "B 79", ""}},
		{"idle reads per cluster-hour, by the periods", fmt.Sprintf("%.1f", f.PerHour.Scheduled), refIdleReads},
		{"  as the window showed them", fmt.Sprintf("%.1f (%d in %.0f s)", f.PerHour.Reads, f.Idling.Total-f.Idling.writes(), f.IdleSeconds), refNone},
		{"idle writes per cluster-hour", fmt.Sprintf("%.0f", f.PerHour.Writes), refIdleWrites},
		{"  to Kubernetes objects in the window", strconv.Itoa(f.IdleWrites), refNone},
		{"restart of the manager: reads per cluster, writes", fmt.Sprintf("%.1f, %d", float64(f.Restart.Total-f.Restart.writes())/float64(f.Clusters), f.Restart.writes()), refNone},
		{"manager memory, no cluster (anonymous)", memory(f.Empty[manager]), refEmpty},
		{"  " + size + ", idle", memory(f.Idle[manager]), refMemory},
		{"  of it anonymous", fmt.Sprintf("%.0f MiB", f.Idle[manager].Anonymous), refAnonymous},
		{"  peak", fmt.Sprintf("%.0f MiB", f.Idle[manager].Peak), refPeak},
		{"manager CPU to create them", fmt.Sprintf("%.1f s", f.CreateCPU[manager]), refCPU},
		{"  idle, millicores", fmt.Sprintf("%.1f m", f.IdleCPU[manager]/f.IdleSeconds*1000), refIdleCPU},
		{"kube-apiserver memory with them", memory(f.Idle[sandbox.APIServer]), reference{"477 MiB", "1026 MiB", ""}},
		{"CRDs beside Cluster API's", strconv.Itoa(r.CRDs), refCRDs},
		{"writes Azure refused / bodies off the description", r.complaints(), reference{"", "", "0 / 0"}},
	}
}

// each shows one figure of every story, named by the length of its operations.
func (r *results) each(figure func(*storyResult) string) string {
	var parts []string
	for _, s := range r.Stories {
		parts = append(parts, fmt.Sprintf("%s (%g)", figure(s), s.Operations))
	}
	return strings.Join(parts, ", ")
}

func (r *results) complaints() string {
	refused, malformed := len(r.Fleet.Refused), len(r.Fleet.SpecErrors)
	for _, s := range r.Stories {
		refused, malformed = refused+len(s.Refused), malformed+len(s.SpecErrors)
	}
	return fmt.Sprintf("%d / %d", refused, malformed)
}

// latest is the worst of all steps of a name; - where none touched the resource.
func (s *storyResult) latest(name, resource string) string {
	worst, found := 0.0, false
	for _, step := range s.Steps {
		if late, ok := step.worst(resource); step.Name == name && ok && (!found || late > worst) {
			worst, found = late, true
		}
	}
	if !found {
		return "-"
	}
	return sec(worst)
}

// named are the steps of a name, the first cluster's first.
func (s *storyResult) named(name string) []*step {
	var steps []*step
	for _, step := range s.Steps {
		if step.Name == name {
			steps = append(steps, step)
		}
	}
	slices.SortStableFunc(steps, func(a, b *step) int { return a.window.from.Compare(b.window.from) })
	return steps
}

func (s *storyResult) beyond(name string) string {
	for _, step := range s.named(name) {
		return sec(step.Beyond)
	}
	return "-"
}

func (s *storyResult) calls(name string) string {
	for _, step := range s.named(name) {
		return strconv.Itoa(step.Requests.Total)
	}
	return "-"
}

func (s *storyResult) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { _, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) }
	line("step", "cluster", "sent", "late", "beyond", "requests")
	for _, step := range s.Steps {
		line(step.Name, step.Cluster, sec(step.Sent), sorted(step.Late, sec), sec(step.Beyond), fmt.Sprintf("%d: %s", step.Requests.Total, sorted(step.Requests.ByMethod, strconv.Itoa)))
	}
	b := s.Start
	line("first create", "", "", fmt.Sprintf("control plane stored %s, its ownerReference %s, last object stored %s, its ownerReference %s, first request %s, managedCluster PUT %s",
		sec(b.Stored), sec(b.Owned), sec(b.AllStored), sec(b.AllOwned), sec(b.FirstCall), sec(b.ClusterPut)))
	_ = w.Flush() // what cannot be printed is in the file
}

func sorted[V any](values map[string]V, show func(V) string) string {
	var parts []string
	for key, value := range values {
		parts = append(parts, key+" "+show(value))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func sec(s float64) string { return fmt.Sprintf("%.2f s", s) }

func memory(u usage) string { return fmt.Sprintf("%.0f MiB (%.0f)", u.Resident, u.Anonymous) }
