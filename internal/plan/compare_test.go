package plan_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/plan"
)

func TestNormalisation(t *testing.T) {
	list := func(items ...any) []any { return items }
	for name, tt := range map[string]struct {
		rule       plan.Rule
		want, have any
		equal      bool
	}{
		"exact text":                {plan.Rule{}, "a", "a", true},
		"exact text, other case":    {plan.Rule{}, "a", "A", false},
		"enum":                      {plan.Rule{Compare: "fold"}, "standard", "Standard", true},
		"enum, other value":         {plan.Rule{Compare: "fold"}, "standard", "basic", false},
		"id":                        {plan.Rule{Compare: "id"}, "/subscriptions/S/resourceGroups/G/", "/subscriptions/s/resourcegroups/g", true},
		"id, other":                 {plan.Rule{Compare: "id"}, "/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/h", false},
		"location":                  {plan.Rule{Compare: "location"}, "West Europe", "westeurope", true},
		"location, other":           {plan.Rule{Compare: "location"}, "West Europe", "northeurope", false},
		"version with v":            {plan.Rule{Compare: "version"}, "v1.33.4", "1.33.4", true},
		"version, observed with v":  {plan.Rule{Compare: "version"}, "1.33.4", "v1.33.4", true},
		"minor alias":               {plan.Rule{Compare: "version"}, "v1.33", "1.33.4", true},
		"minor alias kept by Azure": {plan.Rule{Compare: "version"}, "1.33", "1.33", true},
		"minor alias, other minor":  {plan.Rule{Compare: "version"}, "1.3", "1.33.4", false},
		"patch, not a prefix":       {plan.Rule{Compare: "version"}, "1.33.1", "1.33.12", false},
		"patch wanted, alias there": {plan.Rule{Compare: "version"}, "1.33.4", "1.33", false},
		"major only is no alias":    {plan.Rule{Compare: "version"}, "1", "1.33.4", false},
		"floor, above":              {plan.Rule{Compare: "version", Mutability: plan.Up}, "v1.33.4", "1.34.0", true},
		"floor, above within minor": {plan.Rule{Compare: "version", Mutability: plan.Up}, "v1.33.9", "1.33.10", true},
		"floor, below":              {plan.Rule{Compare: "version", Mutability: plan.Up}, "v1.34.0", "1.33.4", false},
		"floor, alias below":        {plan.Rule{Compare: "version", Mutability: plan.Up}, "v1.34", "1.33.4", false},
		"floor, no version":         {plan.Rule{Compare: "version", Mutability: plan.Up}, "1.33.4", "unknown", false},
		"number, integer and float": {plan.Rule{}, int64(3), 3.0, true},
		"number, other":             {plan.Rule{}, int64(3), 3.5, false},
		"number and text":           {plan.Rule{}, int64(3), "3", false},
		"bool":                      {plan.Rule{}, true, true, true},
		"bool and text":             {plan.Rule{}, true, "true", false},
		"empty list and absence":    {plan.Rule{}, list(), nil, true},
		"empty list and empty map":  {plan.Rule{}, list(), object{}, true},
		"null and empty map":        {plan.Rule{}, nil, object{}, true},
		"null and a value":          {plan.Rule{}, nil, "x", false},
		"empty list and a value":    {plan.Rule{}, list(), list("x"), false},
		"value and an empty list":   {plan.Rule{}, list("x"), list(), false},
		"list, same order":          {plan.Rule{}, list("a", "b"), list("a", "b"), true},
		"list, other order":         {plan.Rule{}, list("a", "b"), list("b", "a"), false},
		"list, longer":              {plan.Rule{}, list("a"), list("a", "b"), false},
		"list and text":             {plan.Rule{}, list("a"), "a", false},
		"set, other order":          {plan.Rule{Compare: "set"}, list("a", "b"), list("b", "a"), true},
		"set, repeated":             {plan.Rule{Compare: "set"}, list("a", "a"), list("a"), true},
		"set, more there":           {plan.Rule{Compare: "set"}, list("a"), list("b", "a"), false},
		"set, fewer there":          {plan.Rule{Compare: "set"}, list("a", "b"), list("a"), false},
		"set, other case":           {plan.Rule{Compare: "set"}, list("a"), list("A"), false},
		"set of ids":                {plan.Rule{Compare: "set,id"}, list("/A/", "/b"), list("/B", "/a"), true},
		"set of objects with ids":   {plan.Rule{Compare: "set,id"}, list(object{"id": "/A"}, object{"id": "/b"}), list(object{"id": "/B", "etag": "x"}, object{"id": "/a"}), true},
		"set of numbers":            {plan.Rule{Compare: "set"}, list(int64(1), int64(2)), list(2.0, 1.0), true},
		"set of networks":           {plan.Rule{Compare: "set,cidr"}, list("1.2.3.4", "fd00::1", "10.0.0.0/8"), list("FD00::1/128", "10.0.0.0/8", "1.2.3.4/32"), true},
		"network, other length":     {plan.Rule{Compare: "cidr"}, "1.2.3.4", "1.2.3.4/31", false},
		"object that gained":        {plan.Rule{}, list(object{"name": "a", "off": false}), list(object{"name": "a", "state": "ok"}), true},
		"object that lost":          {plan.Rule{}, list(object{"name": "a", "on": true}), list(object{"name": "a"}), false},
		"object and text":           {plan.Rule{}, list(object{"name": "a"}), list("a"), false},
	} {
		t.Run(name, func(t *testing.T) {
			rules := plan.Rules{Fields: map[string]plan.Rule{"x": tt.rule}}
			observed := object{}
			if tt.have != nil {
				observed["x"] = tt.have
			}
			a := plan.Compute(plan.Desired{Body: object{"x": tt.want}}, plan.Observed{Exists: true, Body: observed}, owned(), rules, noon)
			if equal := a.Verb == plan.None; equal != tt.equal {
				t.Errorf("%v, %v under %q: equal %v, want %v", tt.want, tt.have, tt.rule.Compare, equal, tt.equal)
			}
		})
	}
}

func TestDiff(t *testing.T) {
	rules := aksRules()
	from := object{
		"location": "westeurope", "gone": "x", "none": nil, "emptied": object{"a": "b"}, "shape": "text",
		"tags":       object{"ENV": "prod", "old": "1", "same": "s"},
		"list":       []any{object{"name": "a", "extra": "b"}},
		"properties": object{"kubernetesVersion": "1.33.4", "dnsPrefix": "one"},
	}
	to := object{
		"location": "West Europe", "new": true, "emptied": object{}, "shape": object{"is": "map"},
		"tags":       object{"env": "dev", "SAME": "s", "added": ""},
		"list":       []any{object{"name": "a"}},
		"properties": object{"kubernetesVersion": "1.33", "dnsPrefix": "two"},
	}
	want := []plan.Change{
		{Path: "emptied.a", From: "b", Why: plan.WhyChange},
		{Path: "gone", From: "x", Why: plan.WhyChange},
		{Path: "list", From: []any{object{"name": "a", "extra": "b"}}, To: []any{object{"name": "a"}}, Why: plan.WhyChange},
		{Path: "new", To: true, Why: plan.WhyChange},
		{Path: "properties.dnsPrefix", From: "one", To: "two", Why: plan.WhyChange},
		{Path: "shape", From: "text", To: object{"is": "map"}, Why: plan.WhyChange},
		{Path: "shape.is", To: "map", Why: plan.WhyChange},
		{Path: "tags.ENV", From: "prod", To: "dev", Why: plan.WhyChange},
		{Path: "tags.added", To: "", Why: plan.WhyChange},
		{Path: "tags.old", From: "1", Why: plan.WhyChange},
	}
	if d := cmp.Diff(want, plan.Diff(from, to, rules)); d != "" {
		t.Error(d)
	}
	if changes := plan.Diff(from, from, rules); len(changes) != 0 {
		t.Errorf("a document differs from itself: %v", changes)
	}
}
