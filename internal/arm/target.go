package arm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Kind is the class ARM counts a request in.
type Kind string

// The three classes of ARM's limits.
const (
	Read   Kind = "read"
	Write  Kind = "write"
	Delete Kind = "delete"
)

// target is what a method and a path say about a request.
type target struct {
	kind         Kind
	subscription string   // lower-case
	group        string   // lower-case
	provider     string   // lower-case namespace, "" for ARM's own resources
	rest         []string // lower-case segments after the provider
	path         string   // lower-case
	// operation is the name for metrics, "GET managedClusters/agentPools": types only, so that it does not grow with the fleet.
	operation string
}

func targetOf(method, path string) target {
	t := target{kind: kindOf(method), path: strings.ToLower(strings.Trim(path, "/"))}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	// The endpoint of a private cloud may have a path of its own in front.
	if i := slices.IndexFunc(segments, isRoot); i > 0 {
		segments = segments[i:]
	}
	names := []string{}
	for i := 0; i < len(segments); i += 2 {
		value := ""
		if i+1 < len(segments) {
			value = strings.ToLower(segments[i+1])
		}
		switch strings.ToLower(segments[i]) {
		case "subscriptions":
			t.subscription, names = value, []string{"subscriptions"}
		case "resourcegroups":
			t.group, names = value, []string{"resourceGroups"}
		case "providers":
			// An extension of a cluster has two of these in its path; the last provider is the one that answers.
			t.provider, t.rest, names = value, nil, []string{}
		default:
			names = append(names, segments[i])
			t.rest = append(t.rest, strings.ToLower(segments[i]))
			if value != "" {
				t.rest = append(t.rest, value)
			}
		}
	}
	if len(names) == 0 {
		names = []string{"providers"}
	}
	verb := method
	if method == http.MethodGet && len(segments)%2 == 1 {
		verb = "LIST"
	}
	t.operation = verb + " " + strings.Join(names, "/")
	return t
}

func isRoot(segment string) bool {
	return strings.EqualFold(segment, "subscriptions") || strings.EqualFold(segment, "providers")
}

func kindOf(method string) Kind {
	switch method {
	case http.MethodGet, http.MethodHead:
		return Read
	case http.MethodDelete:
		return Delete
	}
	return Write
}

// checkID refuses ids that a missing value has made wrong, such as /subscriptions//resourceGroups/x: Azure would answer with a 404 that
// reads like "gone".
func checkID(id string) error {
	if !strings.HasPrefix(id, "/") {
		return fmt.Errorf("resource id %q does not start with a slash: use the full id, /subscriptions/...", id)
	}
	for segment := range strings.SplitSeq(id[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("resource id %q has an empty or relative segment: a name it is built from is missing", id)
		}
	}
	return nil
}
