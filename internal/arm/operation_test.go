package arm

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOperation(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		status     int
		want       string
		done       bool
		err        string
	}{
		{name: "running", status: 200, body: `{"name":"g","status":"InProgress","startTime":"2026-01-02T03:04:05.1234567Z"}`, want: "InProgress"},
		{name: "a word never seen", status: 200, body: `{"status":"Creating"}`, want: "Creating"},
		{name: "succeeded, odd case", status: 200, body: `{"status":"succeeded"}`, want: Succeeded, done: true},
		{
			name: "failed", status: 200, want: Failed, done: true,
			body: `{"name":"g","status":"Failed","error":{"code":"SkuNotAvailable","message":"The VM size is not available in westeurope."}}`,
			err:  "SkuNotAvailable: The VM size is not available in westeurope.",
		},
		{
			name: "failed, answer of another provider", status: 200, want: Failed, done: true,
			body: `{"status":"Failed","error":{"code":"BadRequest","message":"Conflict response body: {\"error\":{\"code\":\"StorageAccountIsNotProvisioned\",\"message\":\"The storage account provisioning state must be 'Succeeded' before executing the operation.\"}}"}}`,
			err:  "BadRequest: StorageAccountIsNotProvisioned: The storage account provisioning state must be 'Succeeded' before executing the operation.",
		},
		{name: "canceled without a reason", status: 200, body: `{"status":"Canceled"}`, want: Canceled, done: true, err: "OperationCanceled: Azure gave no reason"},
		{
			name: "another operation took over", status: 200, want: "InProgress",
			body: `{"status":"InProgress","error":{"code":"NotLatestOperation","message":"The operation has been preempted by another one. Please wait for the other operation to complete and try again.."}}`,
			err:  "NotLatestOperation: The operation has been preempted by another one. Please wait for the other operation to complete and try again.",
		},
		{name: "result URL, running", status: 202, want: "InProgress"},
		{name: "result URL, resource group gone", status: 200, want: Succeeded, done: true},
		{name: "result URL, deleted", status: 204, want: Succeeded, done: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "15")
				w.WriteHeader(tc.status)
				if tc.status != 204 {
					_, _ = w.Write([]byte(tc.body))
				}
			})
			o, err := a.client(t).Operation(t.Context(), a.URL+"/subscriptions/s/providers/Microsoft.ContainerService/locations/l/operations/g?api-version=2016-03-30")
			if err != nil {
				t.Fatal(err)
			}
			if o.Status != tc.want || o.Done() != tc.done || o.RetryAfter != 15*time.Second {
				t.Errorf("operation = %+v", o)
			}
			switch {
			case tc.err == "" && o.Err != nil, tc.err != "" && (o.Err == nil || o.Err.Error() != tc.err):
				t.Errorf("error part = %v, want %q", o.Err, tc.err)
			}
		})
	}
}

func TestOperationDocumentFields(t *testing.T) {
	o := ParseOperation(&Response{Status: 200, Body: decodeObject([]byte(`{"name":"g","status":"Upgrading","percentComplete":40,"startTime":"2026-01-02T03:04:05.1234567Z","endTime":""}`))})
	if o.Name != "g" || o.PercentComplete == nil || *o.PercentComplete != 40 || o.EndTime != nil {
		t.Errorf("operation = %+v", o)
	}
	if want := time.Date(2026, 1, 2, 3, 4, 5, 123456700, time.UTC); o.StartTime == nil || !o.StartTime.Equal(want) {
		t.Errorf("startTime = %v, want %v", o.StartTime, want)
	}
}

func TestOperationKeepsTheSignedQuery(t *testing.T) {
	a := startAzure(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"status":"InProgress"}`) })
	path := "/subscriptions/s/providers/Microsoft.ContainerService/locations/westeurope/operations/g"
	query := "api-version=2016-03-30&t=639029&c=MIIHhz%2FCC%3D%3D&s=" + strings.Repeat("aB-_", 300) + "&h=x%2By&z&a=1"
	for _, form := range []string{a.URL + path + "?" + query, path + "?" + query} {
		if _, err := a.client(t).Operation(t.Context(), form); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range a.sent() {
		if r.URL.RawQuery != query || r.URL.Path != path {
			t.Errorf("sent %s?%s", r.URL.Path, r.URL.RawQuery)
		}
	}
}

func TestResolveStaysOnAzure(t *testing.T) {
	a := startAzure(t, nil)
	c := a.client(t)
	c.endpoint.Host = "management.azure.com"
	for raw, ok := range map[string]bool{
		"https://management.azure.com/op":            true,
		"https://westeurope.management.azure.com/op": true,
		"/op":                               true,
		"http://management.azure.com/op":    false,
		"https://evilmanagement.azure.com/": false,
		"https://example.com/op":            false,
		"":                                  false,
		"::":                                false,
	} {
		if _, err := c.resolve(raw); (err == nil) != ok {
			t.Errorf("resolve(%q) error = %v, want ok = %v", raw, err, ok)
		}
	}
}
