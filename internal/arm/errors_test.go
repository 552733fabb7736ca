package arm

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseError(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		line   string
		codes  []string
		retry  time.Duration
	}{
		{
			name: "ARM envelope", status: 404,
			body:  `{"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.ContainerService/managedClusters/c1' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}}`,
			line:  "ResourceNotFound: The Resource 'Microsoft.ContainerService/managedClusters/c1' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix (HTTP 404)",
			codes: []string{"ResourceNotFound"},
		},
		{
			name: "AKS envelope keeps its message over the rpc detail", status: 404,
			body:  `{"code":"NotFound","details":[{"code":"Unspecified","message":"rpc error: code = NotFound desc = Agent Pool not found"}],"message":"Could not find the agentpool: p1 in subscription: s, resourceGroup: rg, resourceName: c1.","subcode":"GetAgentPool_NotFound"}`,
			line:  "NotFound: Could not find the agentpool: p1 in subscription: s, resourceGroup: rg, resourceName: c1. (HTTP 404)",
			codes: []string{"NotFound", "GetAgentPool_NotFound"},
		},
		{
			name: "AKS race on save", status: 409,
			body:  `{"code":"EtagMismatch","details":[{"code":"Unspecified","message":"rpc error: code = FailedPrecondition desc = Etag mismatched"}],"message":"Failed to save managed cluster c1 in subscription s, resource group rg. Operation is not allowed: Another operation is in progress","subcode":"PutManagedClusterAndAgentPools_FailedPrecondition"}`,
			line:  "EtagMismatch: Failed to save managed cluster c1 in subscription s, resource group rg. Operation is not allowed: Another operation is in progress (HTTP 409)",
			codes: []string{"EtagMismatch", "PutManagedClusterAndAgentPools_FailedPrecondition"},
		},
		{
			name: "target", status: 400,
			body:  `{"code":"PropertyChangeNotAllowed","details":null,"message":"Changing property 'agentPoolProfile.OSSKU' is not allowed.","subcode":"","target":"agentPoolProfile.OSSKU"}`,
			line:  "PropertyChangeNotAllowed: Changing property 'agentPoolProfile.OSSKU' is not allowed. (agentPoolProfile.OSSKU, HTTP 400)",
			codes: []string{"PropertyChangeNotAllowed"},
		},
		{
			name: "network conflict: the detail says it", status: 429,
			body:  `{"error":{"code":"RetryableError","message":"A retryable error occurred.","details":[{"code":"ReferencedResourceNotProvisioned","message":"Cannot proceed with operation because resource /x used by resource /y is not in Succeeded state."}]}}`,
			line:  "RetryableError: ReferencedResourceNotProvisioned: Cannot proceed with operation because resource /x used by resource /y is not in Succeeded state. (HTTP 429)",
			codes: []string{"RetryableError", "ReferencedResourceNotProvisioned"},
			retry: 10 * time.Second,
		},
		{
			name: "JSON of another provider inside the message", status: 400,
			body:  `{"error":{"code":"FailedIdentityOperation","message":"Identity operation for resource '/a' failed with error 'Failed to perform resource identity operation. Status: 'BadRequest'. Response: '{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '/mi' was not found.\"}}'.'."}}`,
			line:  "FailedIdentityOperation: BadRequest: Resource '/mi' was not found. (HTTP 400)",
			codes: []string{"FailedIdentityOperation", "BadRequest"},
		},
		{
			name: "compute code inside an AKS message", status: 400,
			body:  `{"code":"CreateVMSSAgentPoolFailed","message":"Unable to create the scale set: Code=\"QuotaExceeded\" Message=\"Insufficient vcpu quota requested 6, remaining 4 for family standardDCSv2Family for region westeurope.\""}`,
			line:  `CreateVMSSAgentPoolFailed: Unable to create the scale set: Code="QuotaExceeded" Message="Insufficient vcpu quota requested 6, remaining 4 for family standardDCSv2Family for region westeurope." (HTTP 400)`,
			codes: []string{"CreateVMSSAgentPoolFailed", "QuotaExceeded"},
		},
		{
			name: "AKS throttle, delay only in the text", status: 429,
			body:  `{"code":"Throttled","message":"The PutManagedClusterHandler.PUT request limit has been exceeded for SubID='s', please retry again in 36 seconds. For more information, please visit aka.ms/aks/throttling"}`,
			line:  "Throttled: The PutManagedClusterHandler.PUT request limit has been exceeded for SubID='s'. For more information, please visit aka.ms/aks/throttling (HTTP 429)",
			codes: []string{"Throttled"}, retry: 36 * time.Second,
		},
		{
			name: "ARM throttle, header wins", status: 429, header: map[string]string{"Retry-After": "7"},
			body:  `{"error":{"code":"SubscriptionRequestsThrottled","message":"Number of 'read' requests for subscription 's' actor 'a' exceeded. Please try again after '1' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling"}}`,
			line:  "SubscriptionRequestsThrottled: Number of 'read' requests for subscription 's' actor 'a' exceeded. Refer to https://aka.ms/arm-throttling (HTTP 429)",
			codes: []string{"SubscriptionRequestsThrottled"}, retry: 7 * time.Second,
		},
		{
			name: "expired token: no clock in the line", status: 401,
			body:  `{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry UTC time '1/2/2026 3:04:05 AM' is earlier than current UTC time '1/2/2026 4:04:05 AM'."}}`,
			line:  "ExpiredAuthenticationToken: The access token expiry UTC time '...' is earlier than current UTC time '...'. (HTTP 401)",
			codes: []string{"ExpiredAuthenticationToken"},
		},
		{
			name: "HTML of a proxy", status: 502, body: "<html><body>502 Bad Gateway</body></html>",
			line: "BadGateway: Azure gave no message (HTTP 502)", codes: []string{"BadGateway"},
		},
		{
			name: "empty body, code in the header", status: 409, header: map[string]string{"x-ms-error-code": "Conflict"},
			line: "Conflict: Azure gave no message (HTTP 409)", codes: []string{"Conflict"},
		},
		{
			name: "details as an object, empty outer message", status: 400,
			body:  `{"error":{"code":"BadRequest","message":"","details":{"code":"InvalidX","message":"X is wrong.","target":"properties.x"}}}`,
			line:  "BadRequest: InvalidX: X is wrong. (properties.x, HTTP 400)",
			codes: []string{"BadRequest", "InvalidX"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			for k, v := range tc.header {
				h.Set(k, v)
			}
			e := ParseError(tc.status, h, []byte(tc.body))
			if diff := cmp.Diff(tc.line, e.Error()); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.codes, e.Codes()); diff != "" {
				t.Errorf("codes (-want +got):\n%s", diff)
			}
			if e.RetryAfter != tc.retry {
				t.Errorf("RetryAfter = %s, want %s", e.RetryAfter, tc.retry)
			}
		})
	}
}

func TestErrorKinds(t *testing.T) {
	all := map[string]func(error) bool{
		"notfound": IsNotFound, "throttled": IsThrottled, "conflict": IsConflict, "precondition": IsPreconditionFailed, "unauthorized": IsUnauthorized,
	}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&Error{Status: 404}, "notfound"},
		{fmt.Errorf("pool p1: %w", &Error{Status: 404}), "notfound"},
		{&Error{Status: 429, Code: "Throttled"}, "throttled"},
		{&Error{Status: 429, Code: "RetryableErrorDueToAnotherOperation"}, "conflict"},
		{&Error{Status: 429, Code: "RetryableError", Details: []Error{{Code: "ReferencedResourceNotProvisioned"}}}, "conflict"},
		{&Error{Status: 409, Code: "OperationNotAllowed"}, "conflict"},
		{&Error{Status: 412}, "precondition"},
		{&Error{Status: 401}, "unauthorized"},
		{&Error{Status: 400}, ""},
		{errors.New("404"), ""},
		{nil, ""},
	} {
		for name, is := range all {
			if got := is(tc.err); got != (name == tc.want) {
				t.Errorf("%s(%v) = %v", name, tc.err, got)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tc := range []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "17", 17 * time.Second},
		{"Retry-After", "Fri, 02 Jan 2026 03:05:05 GMT", time.Minute},
		{"Retry-After", "Fri, 02 Jan 2026 03:03:05 GMT", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "soon", 0},
		{"retry-after-ms", "1500", 1500 * time.Millisecond},
		{"x-ms-retry-after-ms", "250", 250 * time.Millisecond},
	} {
		h := http.Header{}
		h.Set(tc.name, tc.value)
		if got := RetryAfter(h, now); got != tc.want {
			t.Errorf("%s: %s = %s, want %s", tc.name, tc.value, got, tc.want)
		}
	}
}

func TestDecodeObject(t *testing.T) {
	got := decodeObject([]byte(`{"i":9007199254740993,"f":0.5,"n":null,"l":[1,{"x":2}],"s":"1"}`))
	want := map[string]any{"i": int64(9007199254740993), "f": 0.5, "n": nil, "l": []any{int64(1), map[string]any{"x": int64(2)}}, "s": "1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, not := range []string{"", "[]", "null", "<html>", `{"a":`} {
		if got := decodeObject([]byte(not)); got != nil {
			t.Errorf("decodeObject(%q) = %v, want nil", not, got)
		}
	}
}

func FuzzParseError(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":"A","message":"b","details":[{"code":"C","message":"d"}]}}`,
		`{"code":5,"message":"{\"error\":{\"code\":\"X\"}}","details":null}`,
		`{"error":"text"}`, `{"details":{"message":"see details"}}`, "<html>", "",
	} {
		f.Add(429, seed)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		e := ParseError(status, http.Header{}, []byte(body))
		if e.Code == "" || e.Message == "" || len(e.Message) > maxMessage+200 {
			t.Errorf("code %q, message of %d bytes", e.Code, len(e.Message))
		}
		if line := e.Error(); strings.ContainsAny(line, "\r\n\t") || !utf8.ValidString(line) {
			t.Errorf("not one clean line: %q", line)
		}
		if again := ParseError(status, http.Header{}, []byte(body)); again.Error() != e.Error() {
			t.Errorf("%q, then %q", e.Error(), again.Error())
		}
	})
}
