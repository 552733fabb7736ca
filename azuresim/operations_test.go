package azuresim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/control"
)

// inFlight is the operation on a resource, as the control API shows it.
func (m *sim) inFlight(resource string) string {
	m.t.Helper()
	var state control.State
	if err := json.Unmarshal(m.control("GET", "state", ""), &state); err != nil {
		m.t.Fatal(err)
	}
	for _, o := range state.Operations {
		if strings.EqualFold(o.Resource, resource) {
			return o.ID
		}
	}
	m.t.Fatalf("nothing is in flight on %s: %+v", resource, state.Operations)
	return ""
}

// An operation ends when somebody says so, well or badly, whatever the clock says.
func TestEndOperationsByHand(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(http.StatusCreated, http.MethodPut, cluster, aksVersion, twoPools)
	m.inFlight(cluster)
	m.control("POST", "operations", `{"id":"`+cluster+`","finish":true}`) // by what it works on
	m.succeeded(cluster)

	m.do(http.StatusOK, http.MethodPut, cluster, aksVersion, strings.Replace(twoPools, `"count":2`, `"count":3`, 1))
	m.control("POST", "operations", `{"id":"`+m.inFlight(cluster)+`","fail":{"code":"SubnetIsFull","message":"no address is left"}}`)
	failed := m.do(http.StatusOK, http.MethodGet, cluster, aksVersion, "")
	m.wantEqual(failed, "properties.provisioningState", "Failed")
	if !strings.Contains(string(failed.Raw), "SubnetIsFull") {
		t.Errorf("the error is not in %s", failed.Raw)
	}

	// The deletion of a group ends what is inside first.
	m.do(http.StatusAccepted, http.MethodDelete, group, rgVersion, "")
	m.control("POST", "operations", `{"id":"`+m.inFlight(group)+`","finish":true}`)
	m.refused(http.StatusNotFound, "ResourceGroupNotFound", "Rg1", http.MethodGet, cluster, aksVersion, "")
}

func TestEndOperationsRefuses(t *testing.T) {
	m := start(t, azuresim.Options{})
	m.group()
	m.do(http.StatusCreated, http.MethodPut, cluster, aksVersion, twoPools)
	id := m.inFlight(cluster)
	m.control("POST", "operations", `{"id":"`+id+`","finish":true}`)
	for body, want := range map[string]string{
		`{"id":"` + id + `","finish":true}`:              "is not running",
		`{"id":"nothing","finish":true}`:                 "there is no operation",
		`{"id":"` + id + `"}`:                            "finish",
		`{"id":"` + id + `","fail":{"message":"no"}}`:    "code",
		`{"id":"` + id + `","finish":true,"when":"now"}`: "when",
	} {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.s.URL()+"/_azuresim/operations", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := m.http.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), want) {
			t.Errorf("%s: %d %v %s", body, resp.StatusCode, err, text)
		}
	}
}
