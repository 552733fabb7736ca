package workload

import (
	"fmt"
	"runtime"
	"testing"
)

// BenchmarkThousandClusters reports what a cluster with three nodes costs while
// nobody talks to it. One iteration is a thousand clusters.
func BenchmarkThousandClusters(b *testing.B) {
	if testing.Short() {
		b.Skip("starts a thousand API servers")
	}
	const clusters = 1000
	for b.Loop() {
		before := inUse()
		m := New(Options{})
		for i := range clusters {
			id := fmt.Sprint("cluster-", i)
			if _, err := m.EnsureCluster(id, testCluster); err != nil {
				b.Fatal(err)
			}
			if err := m.SetNodes(id, []Node{testNode("a", 0), testNode("a", 1), testNode("b", 0)}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(inUse()-before)/clusters/1024, "KiB/cluster")
		m.Close()
	}
}

func inUse() uint64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapInuse + s.StackInuse
}

func BenchmarkSetNodesUnchanged(b *testing.B) {
	m, _ := start(b, Options{})
	var nodes []Node
	for i := range 100 {
		nodes = append(nodes, testNode("a", i))
	}
	setNodes(b, m, nodes...)
	for b.Loop() {
		setNodes(b, m, nodes...)
	}
}
