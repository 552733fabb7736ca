package page_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/front"
	"github.com/capaks/capaks/azuresim/page"
	"github.com/capaks/capaks/azuresim/store"
	"github.com/capaks/capaks/azuresim/world"
)

// stock is a fabric filled without the providers: their rules do not matter to the page.
type stock struct {
	fabric *fabric.Fabric
	log    *front.Log
	server *httptest.Server
}

func newStock(t testing.TB) *stock {
	t.Helper()
	disk, _, err := store.Open("")
	if err != nil {
		t.Fatal(err)
	}
	c := clock.NewPaused(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	s := &stock{fabric: fabric.New(c, disk)}
	if s.log, err = front.OpenLog("", c.Now); err != nil {
		t.Fatal(err)
	}
	s.server = httptest.NewServer(page.New(page.Sources{Fabric: s.fabric, World: world.NewHolder(world.Default()), Requests: s.log, Faults: &front.Faults{}, Throttle: &front.Throttle{Scale: 1}}))
	t.Cleanup(s.server.Close)
	return s
}

func groupID(name string) arm.ID {
	return arm.ID{Subscription: world.SubscriptionA, ResourceGroup: name}
}

func in(group arm.ID, provider, typ, name string) arm.ID {
	group.Provider, group.Types, group.Names = provider, []string{typ}, []string{name}
	return group
}

func (s *stock) put(id arm.ID, state string, body arm.Object) *fabric.Resource {
	r := s.fabric.Create(id, "westus2", body)
	r.State = state
	return r
}

// group adds a resource group.
func (s *stock) group(name string) arm.ID {
	id := groupID(name)
	_ = s.fabric.Do(func() error { s.put(id, "Succeeded", arm.Object{}); return nil })
	return id
}

// cluster adds a cluster with five pools and a node resource group with ten resources.
func (s *stock) cluster(group arm.ID, name, state string) *fabric.Resource {
	var c *fabric.Resource
	_ = s.fabric.Do(func() error {
		id := in(group, "Microsoft.ContainerService", "managedClusters", name)
		c = s.put(id, state, arm.Object{"sku": arm.Object{"tier": "Standard"}, "properties": arm.Object{"kubernetesVersion": "1.34", "currentKubernetesVersion": "1.34.5"}})
		node := groupID("MC_" + group.ResourceGroup + "_" + name)
		s.put(node, "Succeeded", arm.Object{}).ManagedBy = c.ID
		for i := range 5 {
			pool := fmt.Sprintf("pool%d", i)
			s.put(id.Child("agentPools", pool), state, arm.Object{"properties": arm.Object{"mode": "User", "count": int64(2), "vmSize": "Standard_D2s_v3", "currentOrchestratorVersion": "1.34.5"}})
			s.put(in(node, "Microsoft.Compute", "virtualMachineScaleSets", "aks-"+pool), "Succeeded", arm.Object{})
			s.put(in(node, "Microsoft.Network", "publicIPAddresses", "ip-"+pool), "Succeeded", arm.Object{})
		}
		return nil
	})
	return c
}

// fill makes 1,000 clusters: 300 in one group, the others in a hundred groups; every tenth has an operation in flight.
func (s *stock) fill() {
	groups := []arm.ID{s.group("big")}
	for i := range 100 {
		groups = append(groups, s.group(fmt.Sprintf("team-%03d", i)))
	}
	for i := range 1000 {
		group := groups[0]
		if i >= 300 {
			group = groups[1+i%100]
		}
		state := "Succeeded"
		if i%10 == 0 {
			state = "Updating"
		}
		c := s.cluster(group, fmt.Sprintf("cluster-%04d", i), state)
		if i%10 == 0 {
			_ = s.fabric.Do(func() error {
				s.fabric.Start(nil, fabric.Plan{Kind: "PutManagedCluster", Label: state, Resource: c, Duration: time.Hour})
				return nil
			})
		}
	}
	answer := s.log.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	for i := range 600 {
		answer.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, fmt.Sprintf("/subscriptions/s/resourceGroups/g%d?api-version=2021-04-01", i), nil))
	}
}

func TestPageWithAThousandClusters(t *testing.T) {
	s := newStock(t)
	b := openBrowser(t, "")
	s.fill()
	b.open(s.server.URL+"/", 1720, 1000)
	var took float64
	b.eval(`performance.now()`, &took)
	var size struct{ Bytes, Files float64 }
	b.eval(`(() => { const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].filter((e) => e.initiatorType !== 'other' || e.entryType === 'navigation'); return {bytes: all.reduce((n, e) => n + e.encodedBodySize, 0), files: all.length}; })()`, &size)
	t.Logf("complete after %.0f ms, %v bytes in %v files", took, size.Bytes, size.Files)
	b.wait(`document.getElementById('cluster-count').textContent === '1000' && document.getElementById('running-count').textContent === '100'`)

	var shown int
	b.eval(`document.querySelectorAll('.group').length`, &shown)
	if shown != 50 {
		t.Errorf("%d groups are in the document, want the first 50", shown)
	}
	b.eval(`document.querySelector('.group summary').click()`, nil) // the big one
	b.wait(`document.querySelectorAll('.group')[0].querySelectorAll('article').length === 25`)
	b.wait(`document.querySelector('.group .more').textContent === 'Show 100 more of 300'`)
	b.shoot("azuresim-page-1000.png", "light")

	// One cluster changes: nothing but its card and its group's line may be touched.
	b.eval(`window.touched = []; new MutationObserver((list) => touched.push(...list.map((m) => m.target))).observe(document.getElementById('groups'), {subtree: true, childList: true, characterData: true, attributes: true})`, nil)
	_ = s.fabric.Do(func() error {
		c := s.fabric.Get(in(groupID("big"), "Microsoft.ContainerService", "managedClusters", "cluster-0003").String())
		c.State = "Upgrading"
		s.fabric.Save(c)
		return nil
	})
	b.wait(card("cluster-0003") + `.querySelector('.badge').textContent === 'Upgrading'`)
	var elsewhere []string
	b.eval(`touched.filter((n) => !`+card("cluster-0003")+`.contains(n) && !n.parentElement?.closest('summary')).map((n) => (n.outerHTML ?? n.data).slice(0, 200))`, &elsewhere)
	if len(elsewhere) > 0 {
		t.Errorf("one cluster changed, and so did %d other places:\n%s", len(elsewhere), strings.Join(elsewhere, "\n"))
	}

	b.eval(`document.querySelector('#groups-filter select').value = 'busy'; document.querySelector('#groups-filter').dispatchEvent(new Event('input'))`, nil)
	b.wait(`document.querySelectorAll('.group')[0].querySelectorAll('article').length === 25 && document.querySelector('.group .more').textContent === 'Show 6 more of 31'`)
	b.quiet()
}
