package life

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

const (
	tenant           = sandboxtest.Tenant
	subscription     = "/subscriptions/" + sandboxtest.Subscription
	containerService = "2026-05-01"
)

// azure is the emulator as a person sees it.
type azure struct {
	*sandboxtest.Azure
	provoked []func(request) bool
}

type request = sandboxtest.Request

// writes are the requests that change something of a cluster.
func (a *azure) writes(t *testing.T, since int, c cluster) []request {
	t.Helper()
	return a.Requests(t, since, c.about, request.Write)
}

// provoke says which refused writes a story brought about on purpose.
func (a *azure) provoke(which func(request) bool) { a.provoked = append(a.provoked, which) }

// clean fails for every request about a cluster that is not as the official description says, and every write that Azure refused
// although no story provoked it.
func (a *azure) clean(t *testing.T, c cluster) {
	t.Helper()
	for _, r := range a.Requests(t, 0, c.about) {
		if len(r.SpecErrors) > 0 {
			t.Errorf("%s is not as described: %q", r, r.SpecErrors)
		}
		if r.Write() && !r.Accepted() && !slices.ContainsFunc(a.provoked, func(is func(request) bool) bool { return is(r) }) {
			t.Errorf("a write was refused: %s", r)
		}
	}
}

// get reads a resource of AKS, nil where there is none.
func (a *azure) get(t *testing.T, id string) object {
	t.Helper()
	return a.Get(t, id, containerService)
}

// advance lets time pass in Azure.
func (a *azure) advance(t *testing.T, by time.Duration) {
	t.Helper()
	a.Control(t, http.MethodPost, "clock", object{"advance": by.String()})
}

// pause makes time in Azure stand still until the test ends: what runs there goes on with advance only. It is for stories in which
// something has to happen before an operation ends, on a machine however busy.
func (a *azure) pause(t *testing.T) {
	t.Helper()
	a.Control(t, http.MethodPost, "clock", object{"pause": true})
	t.Cleanup(func() { a.Control(t, http.MethodPost, "clock", object{"resume": true}) })
}
