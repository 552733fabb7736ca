package replay

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
)

// Difference is one thing the emulator answered otherwise than Azure did.
type Difference struct {
	File     string `json:"file"`
	Exchange int    `json:"exchange"`
	Method   string `json:"method"`
	URL      string `json:"url"`
	What     string `json:"what"` // status, header or body
	Path     string `json:"path"` // the header's name, or where in the body
	Recorded any    `json:"recorded"`
	Emulated any    `json:"emulated"`
	Accepted string `json:"accepted,omitempty"` // why it is known and left as it is
}

// absent stands for a value that is not there, which is not the same as null.
const absent = "(absent)"

// compared are the headers a client can depend on. All others are ignored: what is left of request limits, ids for
// Microsoft's support, cookies, versions of web servers and routing.
var compared = []string{"Azure-AsyncOperation", "Location", "Retry-After", "Azure-AsyncNotification", "x-ms-failure-cause", "ETag", "api-supported-versions", "Fleet-Configuration-Version"}

// compare lists the differences between a recorded answer and the emulator's. When the status differs the rest says
// nothing.
func (v *values) compare(e *Exchange, got *answer) []Difference {
	if got.status != e.Status {
		return []Difference{{What: "status", Recorded: outcome(e.Status, e.Response), Emulated: outcome(got.status, got.body)}}
	}
	var out []Difference
	for _, name := range compared {
		recorded, emulated := e.header(name), got.header.Get(name)
		if name == "Retry-After" && e.Status == http.StatusTooManyRequests && recorded != "" && emulated != "" {
			continue // how long something else still takes
		}
		if d := v.compareHeader(name, recorded, emulated); d != nil {
			out = append(out, *d)
		}
	}
	if e.Method != http.MethodHead {
		v.walk("", "", e.Response, got.body, e.Response != nil, got.body != nil, &out)
	}
	for i := range out {
		if s, ok := out[i].Emulated.(string); ok { // the port says nothing and would be another one each time
			out[i].Emulated = strings.ReplaceAll(s, v.base, azure)
		}
	}
	return out
}

// outcome is a status with the error, if any.
func outcome(status int, body any) any {
	code, message := errorCode(body), text(body, "error.message")
	if code == "" {
		return status
	}
	if message == "" {
		message = text(body, "message")
	}
	return fmt.Sprintf("%d %s: %s", status, code, message)
}

func (v *values) compareHeader(name, recorded, emulated string) *Difference {
	d := &Difference{What: "header", Path: name, Recorded: orAbsent(recorded), Emulated: orAbsent(emulated)}
	switch {
	case (recorded == "") != (emulated == ""):
		return d
	case recorded == "":
		return nil
	}
	equal := recorded == emulated
	switch name {
	case "Azure-AsyncOperation", "Location":
		equal = v.samePoll(recorded, emulated)
	case "ETag":
		equal = shapes["etag"](recorded, emulated)
	case "api-supported-versions", "Fleet-Configuration-Version": // what a service supports changes by the day
		equal = true
	}
	if equal {
		return nil
	}
	return d
}

func orAbsent(s string) string {
	if s == "" {
		return absent
	}
	return s
}

// samePoll compares two addresses: both of ARM or both without a host, the same path but for ids Azure makes up, the same
// api-version.
func (v *values) samePoll(recorded, emulated string) bool {
	a, errA := url.Parse(recorded)
	b, errB := url.Parse(strings.Replace(emulated, v.base, azure, 1))
	if errA != nil || errB != nil || a.Scheme != b.Scheme || a.Host != b.Host || askedOf(a) != askedOf(b) {
		return false
	}
	segA, segB := strings.Split(a.Path, "/"), strings.Split(b.Path, "/")
	if len(segA) != len(segB) {
		return false
	}
	for i := range segA {
		if !v.same("", segA[i], segB[i]) && !sameJob(segA[i], segB[i]) && (i == 0 || !opaque(segA[i-1], segA[i])) {
			return false
		}
	}
	return true
}

// askedOf is the api-version of an address; some providers wrote api-Version until 2024.
func askedOf(u *url.URL) string {
	for key, values := range u.Query() {
		if strings.EqualFold(key, "api-version") {
			return values[0]
		}
	}
	return ""
}

// opaque reports whether a segment after another is an operation's id that is no guid, as some providers have.
func opaque(before, segment string) bool {
	before = strings.ToLower(before)
	return strings.Contains(before, "operation") && before != "operationresults" && !guid.MatchString(segment)
}

// sameJob compares the jobs that delete resource groups: base64 of a job's id and of the region ARM runs it in, which
// is not always the group's.
func sameJob(recorded, emulated string) bool {
	id := func(s string) string {
		raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		var job struct{ JobID, JobLocation string }
		if err != nil || json.Unmarshal(raw, &job) != nil {
			return ""
		}
		return strings.TrimSuffix(job.JobID, "-"+strings.ToUpper(job.JobLocation))
	}
	return id(recorded) != "" && id(recorded) == id(emulated)
}

// walk compares two JSON values. has tells a value that is null from one that is not there.
func (v *values) walk(at, key string, recorded, emulated any, hasRecorded, hasEmulated bool, out *[]Difference) {
	if !hasRecorded && !hasEmulated {
		return
	}
	if hasRecorded && hasEmulated {
		switch a := recorded.(type) {
		case map[string]any:
			if b, ok := emulated.(map[string]any); ok {
				v.walkObject(at, a, b, out)
				return
			}
		case []any:
			if b, ok := emulated.([]any); ok {
				for i := range max(len(a), len(b)) {
					v.walk(fmt.Sprintf("%s[%d]", at, i), key, item(a, i), item(b, i), i < len(a), i < len(b), out)
				}
				return
			}
		case string:
			if b, ok := emulated.(string); ok && v.same(key, a, b) {
				return
			}
		default:
			if recorded == emulated {
				return
			}
		}
	}
	*out = append(*out, Difference{What: "body", Path: at, Recorded: shown(recorded, hasRecorded), Emulated: shown(emulated, hasEmulated)})
}

func (v *values) walkObject(at string, a, b map[string]any, out *[]Difference) {
	var names []string
	for k := range a {
		names = append(names, k)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			names = append(names, k)
		}
	}
	sort.Strings(names)
	for _, k := range slices.Compact(names) {
		below := k
		if at != "" {
			below = at + "." + k
		}
		recorded, hasRecorded := a[k]
		emulated, hasEmulated := b[k]
		if name := v.renamed(k); name != k && hasRecorded && !hasEmulated { // keyed by an id Azure made up
			emulated, hasEmulated = b[name]
		}
		if !hasRecorded && slices.ContainsFunc(names, func(other string) bool { return other != k && v.renamed(other) == k }) {
			continue // compared under its recorded name
		}
		v.walk(below, k, recorded, emulated, hasRecorded, hasEmulated, out)
	}
}

func item(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

func shown(value any, has bool) any {
	if !has {
		return absent
	}
	return value
}

// brief is a value on one line.
func brief(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
