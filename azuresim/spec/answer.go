package spec

import (
	"fmt"
	"slices"
	"strings"
)

// KindWriteOnly is a secret in an answer.
const KindWriteOnly = "writeOnly"

// ValidateAnswer compares what a service answered with the description and returns what it finds, sorted by path.
// Properties only the service sets belong in an answer; what a request has to contain need not be in it, because a
// property without a value is left out. A list is checked item by item. kind is a resource type or what an operation
// answers: "Microsoft.ContainerService/managedClusters/upgradeProfiles". It returns nil for a kind without a table.
func ValidateAnswer(kind, apiVersion string, body map[string]any) []string {
	t := lookup(kind, apiVersion)
	if t == nil {
		return nil
	}
	c := &checker{table: t, answer: true}
	items, isList := body["value"].([]any)
	if _, own := t.properties["value"]; isList && !own {
		for i, item := range items {
			at := fmt.Sprintf("value[%d]", i)
			if o, ok := item.(map[string]any); ok {
				c.object("", at, o)
			} else {
				c.report(KindType, at, "%s instead of object", jsonType(item))
			}
		}
	} else {
		c.object("", "", body)
	}
	slices.SortStableFunc(c.findings, func(a, b finding) int { return strings.Compare(a.at, b.at) })
	var out []string
	for _, f := range c.findings {
		out = append(out, f.kind+": "+f.at+": "+f.text)
	}
	return out
}
