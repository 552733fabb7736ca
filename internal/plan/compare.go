package plan

import (
	"strings"

	"github.com/blang/semver/v4"
)

// equal says whether the observed value satisfies the wanted one. It is not symmetrical: a wanted "1.33" is
// satisfied by 1.33.4, and of objects inside lists only what is wanted is looked at, because Azure adds to them.
func (r Rule) equal(want, have any) bool {
	if empty(want) && empty(have) {
		return true
	}
	switch want := want.(type) {
	case map[string]any:
		// An empty wanted map asks for nothing in particular; a filled one is met only inside lists.
		h, ok := have.(map[string]any)
		return (ok || len(want) == 0 && have == nil) && r.covers(want, h)
	case []any:
		h, ok := have.([]any)
		return ok && r.equalLists(want, h)
	case string:
		h, ok := have.(string)
		return ok && r.equalText(want, h)
	case bool:
		h, ok := have.(bool)
		return ok && want == h
	default:
		w, ok := number(want)
		h, also := number(have)
		return ok && also && w == h
	}
}

func (r Rule) covers(want, have map[string]any) bool {
	for key, w := range want {
		h, there := have[key]
		if !there && zero(w) {
			continue
		}
		if !r.equal(w, h) {
			return false
		}
	}
	return true
}

func (r Rule) equalLists(want, have []any) bool {
	if r.Compare.has("set") {
		return r.includes(want, have) && r.included(want, have)
	}
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !r.equal(want[i], have[i]) {
			return false
		}
	}
	return true
}

// includes: every wanted item is there; included: every item that is there is wanted.
func (r Rule) includes(want, have []any) bool {
	for _, w := range want {
		if !r.anyEqual([]any{w}, have) {
			return false
		}
	}
	return true
}

func (r Rule) included(want, have []any) bool {
	for _, h := range have {
		if !r.anyEqual(want, []any{h}) {
			return false
		}
	}
	return true
}

func (r Rule) anyEqual(want, have []any) bool {
	for _, w := range want {
		for _, h := range have {
			if r.equal(w, h) {
				return true
			}
		}
	}
	return false
}

func (r Rule) equalText(want, have string) bool {
	for _, word := range r.Compare.words() {
		switch word {
		case "fold":
			want, have = fold(want), fold(have)
		case "id":
			want, have = strings.TrimRight(fold(want), "/"), strings.TrimRight(fold(have), "/")
		case "location":
			want, have = strings.ReplaceAll(fold(want), " ", ""), strings.ReplaceAll(fold(have), " ", "")
		case "cidr":
			want, have = network(fold(want)), network(fold(have))
		case "version":
			want, have = bareVersion(want), bareVersion(have)
			if minorAlias(want) && strings.HasPrefix(have, want+".") {
				return true
			}
		}
	}
	return want == have || r.Mutability == Up && newer(have, want)
}

func fold(s string) string { return strings.ToLower(s) }

func bareVersion(s string) string { return strings.TrimPrefix(fold(s), "v") }

func minorAlias(s string) bool { return strings.Count(s, ".") == 1 }

// newer says whether a is above b; of two texts that are not versions none is.
func newer(a, b string) bool {
	va, errA := semver.ParseTolerant(a)
	vb, errB := semver.ParseTolerant(b)
	return errA == nil && errB == nil && va.GT(vb)
}

func network(s string) string {
	switch {
	case strings.Contains(s, "/"):
		return s
	case strings.Contains(s, ":"):
		return s + "/128"
	default:
		return s + "/32"
	}
}

// number compares what JSON does not distinguish: 1 and 1.0.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int32:
		return float64(v), true
	default:
		return 0, false
	}
}

// zero: what Azure may leave out of an answer because it says nothing.
func zero(v any) bool { return v == false || v == "" || v == int64(0) || v == float64(0) || empty(v) }

// empty: AKS drops empty lists at once and empty maps in the next GET, so they are the same as absence.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	default:
		return false
	}
}
