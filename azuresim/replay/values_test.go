package replay

import "testing"

const (
	guidA = "aaaaaaaa-0000-4000-8000-000000000001"
	guidB = "bbbbbbbb-0000-4000-8000-000000000002"
	guidC = "cccccccc-0000-4000-8000-000000000003"
)

// What Azure makes up may be another value, but the same one whenever it comes again; all else is compared as it is.
func TestValues(t *testing.T) {
	type pair struct {
		key, recorded, emulated string
		want                    bool
	}
	for name, pairs := range map[string][]pair{
		"an id comes again":           {{"principalId", guidA, guidB, true}, {"other", guidA, guidB, true}, {"other", guidA, guidC, false}},
		"an id inside a text":         {{"id", "/x/" + guidA + "/y", "/x/" + guidB + "/y", true}, {"id", guidA, guidC, false}},
		"the text around an id":       {{"id", "/x/" + guidA, "/y/" + guidB, false}},
		"an id without dashes":        {{"message", "Principal aaaaaaaa000040008000000000000001 is", "Principal bbbbbbbb000040008000000000000002 is", true}, {"id", guidA, guidC, false}},
		"an id in base64":             {{"name", "eyJPcGVyYXRpb25JZCI6ImFhYWFhYWFhLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSJ9", "eyJPcGVyYXRpb25JZCI6ImJiYmJiYmJiLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMiJ9", true}, {"id", guidA, guidC, false}},
		"an id upstream has zeroed":   {{"tenantId", zeroGUID, guidA, true}, {"tenantId", zeroGUID, guidB, true}},
		"an id the client sent":       {{"id", guidC, guidA, false}},
		"an id is not a word":         {{"id", guidA, "none", false}},
		"a time":                      {{"endTime", "2001-02-03T04:05:06Z", "2026-08-01T12:00:00.1234567Z", true}, {"endTime", "2001-02-03T04:05:06Z", "soon", false}},
		"a day":                       {{"startDate", "2024-11-06", "2026-08-02", true}, {"startDate", "2024-12-24", "2026-08-02", false}},
		"an etag has a form":          {{"etag", `W/"` + guidA + `"`, `W/"` + guidB + `"`, true}, {"etag", `W/"` + guidA + `"`, guidB, false}},
		"a public address":            {{"ipAddress", "20.1.2.3", "52.0.0.9", true}, {"ipAddress", "20.1.2.3", "52.0.0.10", false}},
		"a private address":           {{"ipAddress", "10.0.0.4", "10.0.0.5", false}},
		"a public prefix":             {{"ipPrefix", "20.1.2.0/28", "52.0.0.16/28", true}, {"ipPrefix", "20.1.3.0/28", "52.0.0.16/29", false}},
		"a DNS suffix":                {{"fqdn", "aso-abcd1234.hcp.westus3.azmk8s.io", "aso-zyxw9876.hcp.westus3.azmk8s.io", true}, {"fqdn", "aso-abcd1234.hcp.westus3.azmk8s.io", "aso-aaaa0000.hcp.westus3.azmk8s.io", false}},
		"a DNS prefix":                {{"fqdn", "aso-abcd1234.hcp.westus3.azmk8s.io", "bso-zyxw9876.hcp.westus3.azmk8s.io", false}},
		"the day of an image":         {{"nodeImageVersion", "AKSUbuntu-2204gen2containerd-202405.27.0", "AKSUbuntu-2204gen2containerd-202610.19.0", true}, {"nodeImageVersion", "AKSUbuntu-1804gen2containerd-2023.01.20", "AKSUbuntu-2204gen2containerd-202610.19.0", false}},
		"a secret upstream took away": {{"value", "{KEY}", "abc", true}, {"id", "/a/b{KEY}=", "/a/bcd=", true}, {"id", "/a/b{KEY}=", "/a/xcd=", false}, {"value", "{KEY}", "", false}},
		"a polling address in a text": {{"message", "see https://management.azure.com/x?api-version=1&t=<t>&c=<c>&s=<s>&h=<h>.", "see https://127.0.0.1:1/x?api-version=1&t=1&c=2&s=3&h=4.", true}, {"message", "see https://management.azure.com/x", "see https://127.0.0.1:2/x", false}},
		"words":                       {{"state", "Succeeded", "Updating", false}, {"state", "Standard", "standard", false}},
	} {
		v := newValues()
		v.base = "https://127.0.0.1:1"
		v.translate(`{"id": "` + guidC + `", "startDate": "2024-12-24"}`)
		for _, p := range pairs {
			if got := v.same(p.key, p.recorded, p.emulated); got != p.want {
				t.Errorf("%s: %s %q and %q: %v", name, p.key, p.recorded, p.emulated, got)
			}
		}
	}
}

// Later requests go to the addresses and name the ids the emulator gave.
func TestTranslate(t *testing.T) {
	v := newValues()
	v.learnAddress("https://management.azure.com/subscriptions/s/operations/"+guidA+"?api-version=1&t=<t>", "https://127.0.0.1:1/subscriptions/s/operations/x?api-version=1&t=9")
	v.same("principalId", guidA, guidB)
	for recorded, want := range map[string]string{
		"/Subscriptions/s/operations/" + guidA + "?api-version=1&t=<t>": "/subscriptions/s/operations/x?api-version=1&t=9",
		"/subscriptions/s/assignments/" + guidA:                         "/subscriptions/s/assignments/" + guidB,
		`{"principalId": "` + guidA + `"}`:                              `{"principalId": "` + guidB + `"}`,
		"/subscriptions/s/assignments/" + guidC:                         "/subscriptions/s/assignments/" + guidC,
	} {
		if got := v.translate(recorded); got != want {
			t.Errorf("%s: %s, want %s", recorded, got, want)
		}
	}
}
