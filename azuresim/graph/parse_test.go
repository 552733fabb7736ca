package graph

import (
	"errors"
	"strings"
	"testing"
)

var queries = []string{
	"Resources | where type =~ 'a' and (name != \"b\" or not(isempty(tags['x y'].z))) | project id, n = properties.list[0].count, tolower(name) | order by n asc, id desc | limit 3",
	"summarize total = sum(toint(sku.capacity)), count(), m = max(location) by type, l = strcat(location, '-', kind) | top 2 by total | extend x = -1.5 | project-away m",
	"resourcecontainers | where name in~ ('a', 'b') and kind !contains 'c' | mv-expand z = zones | distinct z, type // the end",
}

// Whatever a query breaks off at, it is refused or understood, and a refusal names a place in it.
func TestTruncatedQueries(t *testing.T) {
	for _, q := range queries {
		if _, err := parse(q); err != nil {
			t.Errorf("%s: %v", q, err)
		}
		for i := range q {
			_, err := parse(q[:i])
			var refused *syntaxError
			if err != nil && (!errors.As(err, &refused) || refused.at > i) {
				t.Errorf("%q: %v", q[:i], err)
			}
		}
	}
}

// A value survives every step; the probe finds columns that no row reaches.
func TestSteps(t *testing.T) {
	rows := []row{rowOf(map[string]any{"name": "b", "type": "t", "properties": map[string]any{"n": int64(2)}}), rowOf(map[string]any{"name": "a", "type": "t", "properties": map[string]any{"n": int64(3)}})}
	for query, want := range map[string]string{
		"order by name asc | project name":                                                     "a b",
		"order by properties.n | project name":                                                 "a b",
		"summarize s=sum(properties.n) by type | project s":                                    "5",
		"where properties.n between (1)":                                                       "error",
		"where type == 'u' | project gone":                                                     "error",
		"where properties.n >= 3 | project iff(1<2,name,'')":                                   "a",
		"where name has 'b' | project properties_n=coalesce(properties.missing, properties.n)": "2",
		"summarize dcount(name), min(name) | project min_name":                                 "a",
		"count | project Count":                                                                "2",
	} {
		got := "error"
		if q, err := parse(query); err == nil {
			if out, err := q.run(rows); err == nil {
				var cells []string
				for _, r := range out {
					cells = append(cells, text(resolve(r[len(r)-1].value)))
				}
				got = strings.Join(cells, " ")
			}
		}
		if got != want {
			t.Errorf("%s gives %q, want %q", query, got, want)
		}
	}
}
