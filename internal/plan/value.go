package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capaks/capaks/internal/fieldset"
)

// maxValue bounds one value of a line in runes.
const maxValue = 96

// Details are the changes as a person looks for them: a list of named items in which items differ is told item by item,
// as subnets[nodes].serviceEndpoints. Such paths are for people; a list is sent as a whole.
func (a Action) Details() []Change {
	var all []Change
	for _, c := range a.Changes {
		from, listFrom := c.From.([]any)
		to, listTo := c.To.([]any)
		details, named := itemChanges(c, from, to)
		if !listFrom || !listTo || !named || len(details) == 0 {
			details = []Change{c}
		}
		all = append(all, details...)
	}
	return all
}

// itemChanges compares two lists by the names of their items; named is false where an item has none. Of an item that is in
// both, only what is wanted is looked at, since Azure adds to it.
func itemChanges(c Change, from, to []any) (details []Change, named bool) {
	before, okFrom := itemsByName(from)
	after, okTo := itemsByName(to)
	if !okFrom || !okTo {
		return nil, false
	}
	one := func(name, below string, from, to any) {
		path := fmt.Sprintf("%s[%s]%s", c.Path, name, below)
		details = append(details, Change{Path: path, From: from, To: to, Why: c.Why, Impact: c.Impact})
	}
	for _, name := range sortedKeys(after) {
		wanted, _ := after[name].(fieldset.Object)
		old, there := before[name].(fieldset.Object)
		if !there {
			one(name, "", nil, wanted)
			continue
		}
		fieldset.Leaves(wanted).Each(func(p fieldset.Path) {
			a, _ := fieldset.Get(old, p)
			b, _ := fieldset.Get(wanted, p)
			if !(Rule{}).equal(b, a) {
				one(name, "."+short(p.String()), a, b)
			}
		})
	}
	for _, name := range sortedKeys(before) {
		if _, stays := after[name]; !stays {
			one(name, "", before[name], nil)
		}
	}
	return details, true
}

func itemsByName(list []any) (fieldset.Object, bool) {
	items := fieldset.Object{}
	for _, item := range list {
		m, _ := item.(fieldset.Object)
		name, ok := m["name"].(string)
		if !ok || items[name] != nil {
			return nil, false
		}
		items[name] = m
	}
	return items, true
}

// show is a value for people, bounded: strings quoted, named items of a list by their names, the rest as JSON.
func show(v any) string { return cut(text(v), maxValue) }

// showBoth bounds two values so that what differs between them is seen: ids differ at their ends, certificates somewhere.
func showBoth(from, to any) (was, is string) {
	a, b := []rune(text(from)), []rune(text(to))
	if len(a) <= maxValue && len(b) <= maxValue {
		return string(a), string(b)
	}
	same := 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	const lead = 16 // runes before the difference, to recognise its place
	if skip := same - lead; skip > 3 {
		a, b = append([]rune("..."), a[skip:]...), append([]rune("..."), b[skip:]...)
	}
	return cut(string(a), maxValue), cut(string(b), maxValue)
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return "(none)"
	case []any:
		if names, ok := itemNames(v); ok {
			return "[" + strings.Join(names, " ") + "]"
		}
	case string:
		if v == Hidden {
			return Hidden
		}
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "(unprintable)"
	}
	return strings.TrimSpace(b.String())
}

func itemNames(list []any) ([]string, bool) {
	var names []string
	for _, item := range list {
		m, _ := item.(fieldset.Object)
		name, ok := m["name"].(string)
		if !ok {
			return nil, false
		}
		names = append(names, name)
	}
	return names, len(names) > 0
}

// cut bounds s to n runes.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(0, n-3)]) + "..."
}
