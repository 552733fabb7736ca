package sandbox

import (
	"fmt"
	"strings"
	"time"
)

// view is what a person wants to know about the clusters of a sandbox at one moment.
type view struct {
	clusters   []clusterView
	operations []operationView
	// trouble says why the view is incomplete, for instance while the API server restarts.
	trouble string
}

type clusterView struct {
	namespace, name string
	phase           string
	available       string // status of the condition; "" while there is none
	message         string // of Available while it is not True
	controlPlane    controlPlaneView
	pools           []poolView
}

type controlPlaneView struct {
	kind, name, version string
	ready               string
	reason, message     string
}

type poolView struct {
	name, phase, version string
	desired              int64
	nodes                []string
}

// operationView is an operation that runs in the emulated Azure.
type operationView struct {
	what     string // e.g. "Creating managedClusters/demo"
	resource string
	percent  int // -1 when unknown
	elapsed  time.Duration
}

// settled says that nothing is left to wait for: available, and every pool running.
func (c clusterView) settled() bool {
	for _, p := range c.pools {
		if !p.settled() {
			return false
		}
	}
	return c.available == "True"
}

func (p poolView) settled() bool { return p.phase == "Running" && int64(len(p.nodes)) == p.desired }

// missing names what the applied files declare and has not settled, in words. It is empty when all is done.
func (v view) missing(expect expectation) []string {
	var missing []string
	for _, want := range expect.clusters {
		cluster := v.cluster(want)
		if cluster == nil {
			missing = append(missing, "Cluster "+want+" does not exist yet")
			continue
		}
		if cluster.available != "True" {
			missing = append(missing, strings.TrimRight(fmt.Sprintf("Cluster %s is not Available: %s", want, cluster.message), ": "))
		}
		for _, p := range cluster.pools {
			if !p.settled() {
				missing = append(missing, fmt.Sprintf("MachinePool %s/%s is %s with %d of %d nodes", cluster.namespace, p.name, orUnknown(p.phase), len(p.nodes), p.desired))
			}
		}
		for _, pool := range expect.pools[want] {
			if !cluster.hasPool(pool) {
				missing = append(missing, fmt.Sprintf("MachinePool %s/%s does not exist yet", cluster.namespace, pool))
			}
		}
	}
	return missing
}

func (v view) cluster(key string) *clusterView {
	for i := range v.clusters {
		if v.clusters[i].namespace+"/"+v.clusters[i].name == key {
			return &v.clusters[i]
		}
	}
	return nil
}

func (c clusterView) hasPool(name string) bool {
	for _, p := range c.pools {
		if p.name == name {
			return true
		}
	}
	return false
}

// tree draws the view for a terminal of the given width, with at most maxNodes nodes per pool.
func (v view) tree(elapsed time.Duration, width, maxNodes int) string {
	var b strings.Builder
	line := func(format string, args ...any) {
		text := []rune(strings.TrimRight(fmt.Sprintf(format, args...), " "))
		if width > 1 && len(text) > width-1 {
			text = append(text[:width-2], '…')
		}
		b.WriteString(string(text) + "\n")
	}
	line("%s elapsed", elapsed.Round(time.Second))
	for _, c := range v.clusters {
		line("%s Cluster %s/%s  %s  Available=%s", mark(c.settled()), c.namespace, c.name, orUnknown(c.phase), orUnknown(c.available))
		if c.message != "" {
			line("│   %s", c.message)
		}
		branch := "├─"
		if len(c.pools) == 0 {
			branch = "└─"
		}
		line("%s %s %s %s  %s  Ready=%s %s", branch, mark(c.controlPlane.ready == "True"), orDefault(c.controlPlane.kind, "control plane"), c.controlPlane.name,
			c.controlPlane.version, orUnknown(c.controlPlane.ready), c.controlPlane.reason)
		for i, p := range c.pools {
			branch, stem := "├─", "│ "
			if i == len(c.pools)-1 {
				branch, stem = "└─", "  "
			}
			line("%s %s MachinePool %s  %s  %d/%d nodes  %s", branch, mark(p.settled()), p.name, orUnknown(p.phase), len(p.nodes), p.desired, p.version)
			for n, node := range p.nodes {
				if n == maxNodes {
					if n > 0 {
						line("%s     and %d more", stem, len(p.nodes)-n)
					}
					break
				}
				line("%s     %s", stem, node)
			}
		}
	}
	for _, o := range v.operations {
		line("  Azure: %s  %s%s", o.what, bar(o.percent), o.elapsed.Round(time.Second))
	}
	if v.trouble != "" {
		line("  (%s)", v.trouble)
	}
	return b.String()
}

// facts are the parts of the view that are worth a line of their own when they change, by key. What moves all the time (elapsed time, percent) is
// not among them.
func (v view) facts() []fact {
	var facts []fact
	for _, c := range v.clusters {
		name := c.namespace + "/" + c.name
		facts = append(facts, fact{"Cluster " + name, strings.TrimRight(fmt.Sprintf("%s, Available=%s: %s", orUnknown(c.phase), orUnknown(c.available), c.message), ": ")})
		if cp := c.controlPlane; cp.name != "" {
			facts = append(facts, fact{cp.kind + " " + c.namespace + "/" + cp.name, strings.TrimRight(
				fmt.Sprintf("%s Ready=%s %s: %s", orDefault(cp.version, "no version yet,"), orUnknown(cp.ready), cp.reason, cp.message), ": ")})
		}
		for _, p := range c.pools {
			facts = append(facts, fact{"MachinePool " + c.namespace + "/" + p.name, strings.TrimRight(
				fmt.Sprintf("%s, %d of %d nodes %s", orUnknown(p.phase), len(p.nodes), p.desired, p.version), " ")})
		}
	}
	for _, o := range v.operations {
		facts = append(facts, fact{"Azure", o.what})
	}
	if v.trouble != "" {
		facts = append(facts, fact{"sandbox", v.trouble})
	}
	return facts
}

type fact struct{ about, text string }

func mark(done bool) string {
	if done {
		return "✓"
	}
	return "…"
}

// bar draws progress in ten steps; nothing when the operation does not tell.
func bar(percent int) string {
	if percent < 0 {
		return ""
	}
	filled := min(10, percent/10)
	return strings.Repeat("█", filled) + strings.Repeat("░", 10-filled) + fmt.Sprintf(" %d%%  ", percent)
}

func orUnknown(s string) string { return orDefault(s, "Unknown") }

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
