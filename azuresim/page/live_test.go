package page_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

const (
	group      = "/subscriptions/" + world.SubscriptionA + "/resourceGroups/Rg1"
	clusters   = group + "/providers/Microsoft.ContainerService/managedClusters/"
	aksVersion = "?api-version=2025-05-01"
	body       = `{"location":"LOCATION","identity":{"type":"SystemAssigned"},"sku":{"name":"Base","tier":"TIER"},"properties":{"dnsPrefix":"c","kubernetesVersion":"1.34",
 "networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[
 {"name":"sys","mode":"System","count":2,"vmSize":"Standard_D2s_v3"},
 {"name":"work","mode":"User","count":3,"minCount":1,"maxCount":9,"enableAutoScaling":true,"vmSize":"Standard_D4s_v3","nodeLabels":{"team":"payments"}}]}}`
)

// azure is an emulator on a paused clock and a signed-in client.
type azure struct {
	t     *testing.T
	s     *azuresim.Server
	clock *clock.Clock
	http  *http.Client
	token string
}

func startAzure(t *testing.T) *azure {
	t.Helper()
	w := world.Default()
	w.Quotas = append(w.Quotas, world.Quota{Family: "cores", Location: "eastus", Limit: 10})
	a := &azure{t: t, clock: clock.NewPaused(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))}
	var err error
	if a.s, err = azuresim.Start(context.Background(), azuresim.Options{Clock: a.clock, World: &w}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.s.Close)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(a.s.CAPEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	a.http = &http.Client{Transport: transport}
	resp, err := a.http.PostForm(a.s.URL()+"/"+world.TenantA+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {world.ClientA},
		"client_secret": {world.SecretA}, "scope": {azuresim.Audience + ".default"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %v", err)
	}
	a.token = answer.Token
	return a
}

// do sends an ARM request.
func (a *azure) do(method, path, body string) (status int, answer string) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.s.URL()+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.http.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// want sends a request that has to be answered with a status.
func (a *azure) want(status int, method, path, body string) {
	a.t.Helper()
	if got, answer := a.do(method, path, body); got != status {
		a.t.Fatalf("%s %s answered %d, want %d: %s", method, path, got, status, answer)
	}
}

func clusterBody(location, tier string) string {
	return strings.NewReplacer("LOCATION", location, "TIER", tier).Replace(body)
}

// keyHash is how Chromium names a public key it is told to trust.
func (a *azure) keyHash() string {
	a.t.Helper()
	conn, err := tls.Dial("tcp", strings.TrimPrefix(a.s.URL(), "https://"), a.http.Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	sum := sha256.Sum256(conn.ConnectionState().PeerCertificates[0].RawSubjectPublicKeyInfo)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// card finds a cluster on the page.
func card(name string) string {
	return `document.querySelector('article[aria-label="Cluster ` + name + `"]')`
}

func TestPageFollowsTheWorld(t *testing.T) {
	a := startAzure(t)
	b := openBrowser(t, a.keyHash())
	b.open(a.s.URL()+"/", 1720, 1000)
	b.wait(`!document.getElementById('empty').hidden && document.getElementById('endpoint').textContent === '` + a.s.URL() + `'`)
	b.wait(`document.getElementById('pace').textContent === 'paused' && document.getElementById('clock').textContent === '2026-11-01 12:00:00 UTC'`)

	a.want(http.StatusCreated, http.MethodPut, group+"?api-version=2021-04-01", `{"location":"westus2","tags":{"team":"payments"}}`)
	a.want(http.StatusCreated, http.MethodPut, clusters+"shop"+aksVersion, clusterBody("westus2", "Free"))
	a.want(http.StatusCreated, http.MethodPut, clusters+"broken"+aksVersion, clusterBody("eastus", "Free"))
	b.wait(card("shop") + `?.querySelector('.badge').textContent === 'Creating' && ` + card("broken") + ` !== null`)
	a.clock.Advance(30 * time.Second)
	b.wait(card("shop") + `.querySelector('.badge').textContent === 'Succeeded'`)
	b.wait(card("broken") + `.querySelector('.badge').textContent === 'Failed'`)
	var failure string
	b.eval(card("broken")+`.querySelector(':scope > .error').innerText`, &failure)
	if !strings.HasPrefix(failure, "QuotaExceeded") || !strings.Contains(failure, "Maximum allowed: 10") || !strings.HasSuffix(failure, "https://aka.ms/AzurePerVMQuotaLimits.") {
		t.Errorf("the failure reads %q", failure)
	}

	a.want(http.StatusOK, http.MethodPut, clusters+"shop"+aksVersion, clusterBody("westus2", "Standard"))
	bar := card("shop") + `.querySelector('progress')`
	for _, percent := range []string{"20", "40"} {
		a.clock.Advance(6 * time.Second) // a fifth of an update
		b.wait(bar + `.value === ` + percent + ` && ` + bar + `.nextElementSibling.textContent === '` + percent + ` %'`)
	}
	checkPools(t, b)
	checkRequests(t, a, b)

	if err := a.s.AddFaults(azuresim.Fault{Method: http.MethodPut, PathRegex: "managedClusters", Times: 2, Status: 503, Code: "ServiceUnavailable"}); err != nil {
		t.Fatal(err)
	}
	b.wait(`document.querySelector('#faults summary').innerText === '1 fault rule active' && document.querySelector('#faults li').textContent === 'PUT managedClusters, 503 ServiceUnavailable, 2 left'`)
	b.shoot("azuresim-page.png", "light")
	b.shoot("azuresim-page-dark.png", "dark")

	b.eval(`document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))`, nil)
	b.wait(`document.activeElement.name === 'text'`)
	b.eval(`document.activeElement.value = 'broken'; document.querySelector('#groups-filter').dispatchEvent(new Event('input'))`, nil)
	b.wait(card("shop") + ` === null && ` + card("broken") + ` !== null`)
	b.eval(`document.querySelector('#groups-filter input').value = ''; document.querySelector('#groups-filter').dispatchEvent(new Event('input'))`, nil)
	a.want(http.StatusAccepted, http.MethodDelete, group+"?api-version=2021-04-01", "")
	a.clock.Advance(2 * time.Minute)
	b.wait(`!document.getElementById('empty').hidden && document.querySelector('article') === null`)
	b.quiet()
}

// checkPools reads the pool table as a screen reader would: by its header.
func checkPools(t *testing.T, b *browser) {
	t.Helper()
	var rows []map[string]string
	b.eval(`(() => {
	  const table = `+card("shop")+`.querySelector('table');
	  const heads = [...table.querySelectorAll('thead th[scope=col]')].map((h) => h.innerText);
	  return [...table.querySelectorAll('tbody tr:not(.error-row)')].map((tr) => Object.fromEntries([...tr.children].map((c, i) => [heads[i], c.innerText])));
	})()`, &rows)
	for _, r := range rows {
		delete(r, "Version")
	}
	want := []map[string]string{
		{"Pool": "sys", "Mode": "System", "Nodes": "2", "Size": "Standard_D2s_v3", "Autoscale": "off", "State": "Updating"},
		{"Pool": "work", "Mode": "User", "Nodes": "3", "Size": "Standard_D4s_v3", "Autoscale": "1 to 9", "State": "Updating"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

// checkRequests sends what Azure refuses and looks for it in the log.
func checkRequests(t *testing.T, a *azure, b *browser) {
	t.Helper()
	a.want(http.StatusNotFound, http.MethodGet, clusters+"nowhere"+aksVersion, "")
	throttled := 0
	for range 70 {
		if status, _ := a.do(http.MethodGet, clusters+"shop"+aksVersion, ""); status == http.StatusTooManyRequests {
			throttled++
		}
	}
	if throttled == 0 {
		t.Fatal("70 reads in no time were not throttled")
	}
	last := a.s.Requests()[len(a.s.Requests())-1].N
	b.wait(`document.querySelector('#requests .open')?.textContent === String(` + jsonOf(last) + `)`)
	var statuses []string
	choose := func(name, value string) {
		b.eval(`(() => { const f = document.getElementById('requests-filter'); const e = f.elements.`+name+`; if (e.type === 'checkbox') e.checked = `+value+`; else e.value = `+value+`; f.dispatchEvent(new Event('input')); })()`, nil)
	}
	statusesShown := func() []string {
		b.eval(`new Promise((done) => requestAnimationFrame(() => done([...new Set([...document.querySelectorAll('#requests td .badge')].map((s) => s.textContent))])))`, &statuses)
		return statuses
	}
	choose("status", `'throttled'`)
	if diff := cmp.Diff([]string{"429 throttled"}, statusesShown()); diff != "" {
		t.Errorf("only throttled requests were asked for (-want +got):\n%s", diff)
	}
	choose("status", `''`)
	choose("text", `'nowhere'`)
	if diff := cmp.Diff([]string{"404 not found"}, statusesShown()); diff != "" {
		t.Errorf("only one request has this text (-want +got):\n%s", diff)
	}
	choose("text", `''`)
	choose("writes", `true`)
	b.wait(`document.querySelectorAll('#requests .method').length === 4`)
	b.eval(`document.querySelector('#requests .open').click()`, nil)
	b.wait(`document.querySelector('#requests pre')?.textContent.includes('"team": "payments"')`)
	choose("writes", `false`)

	choose("hold", `true`)
	a.want(http.StatusOK, http.MethodGet, group+"?api-version=2021-04-01", "")
	b.wait(`document.getElementById('requests-title').textContent === 'Requests (1 new)' && document.querySelector('#requests .open').textContent === String(` + jsonOf(last) + `)`)
	choose("hold", `false`)
	b.wait(`document.querySelector('#requests .open').textContent === String(` + jsonOf(last+1) + `)`)
}

func jsonOf(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}
