package azuresim_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

// A fleet of a size few have: what it costs to make, to hold, to read and to start again.
const (
	manyClusters    = 1000
	poolsPerCluster = 5
	nodesPerPool    = 2
	clustersInGroup = 10
)

// direct sends requests to the handler itself: what is measured is the emulator, not TLS or a socket.
type direct struct {
	tb     testing.TB
	server http.Handler
	token  string
}

func (m *sim) direct(tb testing.TB) *direct {
	tb.Helper()
	bearer, err := token(m.cred)
	if err != nil {
		tb.Fatal(err)
	}
	return &direct{tb: tb, server: m.s.Handler(), token: bearer}
}

func (d *direct) request(method, path, version, body string) *http.Request {
	r := httptest.NewRequest(method, path+"?api-version="+version, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+d.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Content-Type", "application/json")
	return r
}

// answered is a response nobody reads: its size, and where it is short, its text.
type answered struct {
	header http.Header
	status int
	bytes  int
	text   []byte
}

func (w *answered) Header() http.Header    { return w.header }
func (w *answered) WriteHeader(status int) { w.status = status }
func (w *answered) Write(p []byte) (int, error) {
	w.bytes += len(p)
	w.text = p[:min(len(p), 1000)]
	return len(p), nil
}

func (d *direct) send(want int, r *http.Request) *answered {
	w := &answered{header: http.Header{}}
	d.server.ServeHTTP(w, r)
	if w.status != want {
		d.tb.Errorf("%s %s answered %d: %s", r.Method, r.URL.Path, w.status, w.text)
	}
	return w
}

func bigGroup(cluster int) string {
	return fmt.Sprintf("%s/resourceGroups/big-%d", sub, cluster/clustersInGroup)
}

func bigCluster(n int) string {
	return fmt.Sprintf("%s/providers/Microsoft.ContainerService/managedClusters/c%d", bigGroup(n), n)
}

// populate creates clusters through the API and lets their operations end.
func (m *sim) populate(d *direct, clusters int) {
	var pools []string
	for i := range poolsPerCluster {
		mode := "User"
		if i == 0 {
			mode = "System"
		}
		pools = append(pools, fmt.Sprintf(`{"name":"pool%d","mode":%q,"count":%d,"vmSize":"Standard_D2s_v3","nodeLabels":{"team":"x"}}`, i, mode, nodesPerPool))
	}
	body := `{"location":"westus2","identity":{"type":"SystemAssigned"},"tags":{"made":"here"},"properties":{"dnsPrefix":"big","kubernetesVersion":"1.34.1","agentPoolProfiles":[` + strings.Join(pools, ",") + `]}}`
	for i := range clusters {
		if i%clustersInGroup == 0 {
			d.send(http.StatusCreated, d.request(http.MethodPut, bigGroup(i), rgVersion, `{"location":"westus2"}`))
		}
		d.send(http.StatusCreated, d.request(http.MethodPut, bigCluster(i), aksVersion, body))
	}
	m.clock.Advance(time.Minute)
}

func unlimited(dir string) azuresim.Options {
	w := world.Default()
	w.Quotas = []world.Quota{{Family: "cores", Limit: 1 << 30}}
	return azuresim.Options{DataDir: dir, World: &w, NoThrottle: true, Clock: clock.NewPaused(epoch)}
}

// BenchmarkSize makes one population per iteration and prints what it found; run it with -benchtime 1x. Times are of a
// handler without a network. Where a machine has other things to do, the processor time tells more than the clock.
func BenchmarkSize(b *testing.B) {
	for b.Loop() {
		dir := b.TempDir()
		m := start(b, unlimited(dir))
		d := m.direct(b)
		t := &table{b: b}
		t.count("clusters", manyClusters)
		t.count("pools", manyClusters*poolsPerCluster)
		t.count("nodes", manyClusters*poolsPerCluster*nodesPerPool)
		t.calls("create them, one PUT each, with a data directory", 1, func(int) { m.populate(d, manyClusters) })
		t.mib("resident", residentMiB(b))
		t.calls("GET of a cluster", 2000, func(i int) {
			d.send(http.StatusOK, d.request(http.MethodGet, bigCluster(i%manyClusters), aksVersion, ""))
		})
		path, size := sub+"/providers/Microsoft.ContainerService/managedClusters", 0
		t.calls("LIST of the subscription", 50, func(int) { size = d.send(http.StatusOK, d.request(http.MethodGet, path, aksVersion, "")).bytes })
		t.mib("size of that list", float64(size)/(1<<20))
		t.calls("LIST in an api-version nobody used before", 1, func(int) { d.send(http.StatusOK, d.request(http.MethodGet, path, "2025-02-01", "")) })
		t.calls("PATCH of a cluster, on disk", 200, func(i int) {
			d.send(http.StatusOK, d.request(http.MethodPatch, bigCluster(i), aksVersion, `{"tags":{"made":"again"}}`))
		})
		t.calls("16 PATCHes at once, on disk", 25, func(i int) {
			var running sync.WaitGroup
			for j := range 16 {
				running.Go(func() {
					d.send(http.StatusOK, d.request(http.MethodPatch, bigCluster(200+16*i+j), aksVersion, `{"tags":{"made":"again"}}`))
				})
			}
			running.Wait()
		})
		t.calls("credentials of a cluster for the first time", 50, func(i int) {
			d.send(http.StatusOK, d.request(http.MethodPost, bigCluster(i)+"/listClusterAdminCredential", aksVersion, ""))
		})
		m.clock.Advance(time.Minute)
		m.s.Close()
		t.mib("data directory", directoryMiB(b, dir))
		t.calls("start again from it", 1, func(int) { start(b, unlimited(dir)).s.Close() })
		t.print()
	}
}

// table is what a benchmark found, line by line.
type table struct {
	b     *testing.B
	lines []string
}

func (t *table) count(what string, n int) { t.add(what, "%d", n) }

func (t *table) mib(what string, n float64) { t.add(what, "%.1f MiB", n) }

func (t *table) add(what, format string, args ...any) {
	t.lines = append(t.lines, fmt.Sprintf("%-50s %s", what, fmt.Sprintf(format, args...)))
}

// calls times n calls.
func (t *table) calls(what string, n int, call func(i int)) {
	t.b.Helper()
	took, used := make([]float64, n), processorTime(t.b)
	for i := range took {
		began := time.Now()
		call(i)
		took[i] = float64(time.Since(began).Microseconds()) / 1000
	}
	used = processorTime(t.b) - used
	slices.Sort(took)
	if n == 1 {
		t.add(what, "%9.2f ms, processor %.2f ms", took[0], used)
		return
	}
	t.add(what, "%9.2f ms, 99th percentile %.2f ms, processor %.2f ms", quantile(took, 0.5), quantile(took, 0.99), used/float64(n))
}

// print does not use the log of a benchmark, which is cut off after ten lines.
func (t *table) print() { fmt.Println("\n" + strings.Join(t.lines, "\n")) }

// processorTime is what the process has used, garbage collection included, in milliseconds.
func processorTime(tb testing.TB) float64 {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(time.Duration(u.Utime.Nano()+u.Stime.Nano()).Microseconds()) / 1000
}

func quantile(sorted []float64, q float64) float64 { return sorted[int(q*float64(len(sorted)-1))] }

// residentMiB is what the kernel says the process holds, without garbage.
func residentMiB(tb testing.TB) float64 {
	tb.Helper()
	debug.FreeOSMemory()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		tb.Skip("the memory of a process is read from /proc")
	}
	for line := range strings.Lines(string(raw)) {
		if kib, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kib), "kB")))
			if err != nil {
				tb.Fatal(err)
			}
			return float64(n) / 1024
		}
	}
	tb.Fatal("no VmRSS in /proc/self/status")
	return 0
}

func directoryMiB(tb testing.TB, dir string) float64 {
	tb.Helper()
	var sum int64
	if err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	}); err != nil {
		tb.Fatal(err)
	}
	return float64(sum) / (1 << 20)
}
