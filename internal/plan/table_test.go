package plan_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// row is one row of the ownership table on small documents.
type row struct {
	desired, observed, owned string
	specChanged              bool
	yield                    string // one path
	verb                     plan.Verb
	changes                  []plan.Change
	body                     string // of an Update
	ownedAfter               string // managedFields form; empty: the leaves of desired
}

func rowRules() plan.Rules {
	r := aksRules()
	r.Fields["null"] = plan.Rule{Release: plan.Null}
	r.Fields["reset"] = plan.Rule{Release: plan.Value("default")}
	r.Fields["password"] = plan.Rule{WriteOnly: true}
	r.Fields["onceOnly"] = plan.Rule{WriteOnly: true, Mutability: plan.Immutable}
	r.Fields["kept"] = plan.Rule{NotReturned: true, Mutability: plan.Immutable}
	r.Fields["zones{}"], r.Fields["zones{}.ttl"], r.Fields["zones{}.log"] = plan.Rule{}, plan.Rule{}, plan.Rule{}
	r.Fields["addons{}"], r.Fields["addons{}.on"], r.Fields["addons{}.config{}"] = plan.Rule{FoldKey: true, KeepsKeys: true}, plan.Rule{}, plan.Rule{}
	r.Unseen = func(p fieldset.Path) bool { return p[0] == "preview" }
	return r
}

var rows = map[string]row{
	"desired, owned, equal": {
		desired: `{"x":1}`, observed: `{"x":1}`, owned: `{"f:x":{}}`, verb: plan.None,
	},
	"not returned: no difference, sent along, and no secret": {
		desired: `{"x":1,"kept":"a"}`, observed: `{"x":2}`, owned: `{"f:x":{},"f:kept":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}}, body: `{"x":1,"kept":"a"}`,
	},
	"not returned, and another value after all": {
		desired: `{"kept":"a"}`, observed: `{"kept":"b"}`, owned: `{"f:kept":{}}`, verb: plan.Blocked,
		changes: []plan.Change{{Path: "kept", From: "b", To: "a", Why: plan.WhyDrift}},
	},
	"desired, not owned, equal: owned silently": {
		desired: `{"x":1}`, observed: `{"x":1}`, owned: `{}`, verb: plan.None,
	},
	"desired, owned, differs, same spec: drift": {
		desired: `{"x":1}`, observed: `{"x":2,"y":3}`, owned: `{"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}}, body: `{"x":1,"y":3}`,
	},
	"desired, owned, differs, new spec: change": {
		desired: `{"x":1}`, observed: `{"x":2}`, owned: `{"f:x":{}}`, specChanged: true, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyChange}}, body: `{"x":1}`,
	},
	"desired, not owned, differs: takeover": {
		desired: `{"x":1}`, observed: `{"x":2}`, owned: `{}`, specChanged: true, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyTakeover}}, body: `{"x":1}`,
	},
	"desired, not owned, absent: takeover from nothing": {
		desired: `{"a":{"b":"c"}}`, observed: `{}`, owned: `{}`, verb: plan.Update,
		changes: []plan.Change{{Path: "a.b", To: "c", Why: plan.WhyTakeover}}, body: `{"a":{"b":"c"}}`,
	},
	"an explicit null is sent once": {
		desired: `{"x":null}`, observed: `{"x":1}`, owned: `{"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 1.0, Why: plan.WhyDrift}}, body: `{"x":null}`, ownedAfter: `{"f:x":{"f:(null)":{}}}`,
	},
	"and what Azure fills in then is its own": {
		desired: `{"x":null}`, observed: `{"x":1}`, owned: `{"f:x":{"f:(null)":{}}}`, verb: plan.None, ownedAfter: `{"f:x":{"f:(null)":{}}}`,
	},
	"a null that is dropped leaves nothing behind": {
		desired: `{}`, observed: `{"x":1}`, owned: `{"f:x":{"f:(null)":{}},"f:preview":{"f:x":{"f:(null)":{}}}}`, verb: plan.None,
	},
	"contested: shown, not sent": {
		desired: `{"x":1,"y":2}`, observed: `{"x":9,"y":2}`, owned: `{"f:x":{},"f:y":{}}`, yield: "x", verb: plan.None,
		changes: []plan.Change{{Path: "x", From: 9.0, To: 1.0, Why: plan.WhyContested}},
	},
	"contested: not sent with other changes either": {
		desired: `{"x":1,"y":2}`, observed: `{"y":3,"z":4}`, owned: `{"f:x":{},"f:y":{}}`, yield: "x", verb: plan.Update,
		changes: []plan.Change{{Path: "x", To: 1.0, Why: plan.WhyContested}, {Path: "y", From: 3.0, To: 2.0, Why: plan.WhyDrift}}, body: `{"y":2,"z":4}`,
	},
	"what this api-version does not know is released by a word": {
		desired: `{}`, observed: `{}`, owned: `{"f:preview":{"f:x":{}}}`, verb: plan.None,
		changes: []plan.Change{{Path: "preview.x", Why: plan.WhyReleased, Impact: plan.ImpactUnseen}},
	},
	"not desired, not owned: carried along": {
		desired: `{}`, observed: `{"x":1}`, owned: `{}`, verb: plan.None,
	},
	"released by omission: no request": {
		desired: `{}`, observed: `{"x":1}`, owned: `{"f:x":{}}`, verb: plan.None,
		changes: []plan.Change{{Path: "x", From: 1.0, Why: plan.WhyReleased, Impact: plan.ImpactKept}},
	},
	"released by omission beside a change: left out of the body": {
		desired: `{"y":2}`, observed: `{"x":1,"y":1}`, owned: `{"f:x":{},"f:y":{}}`, verb: plan.Update,
		changes: []plan.Change{
			{Path: "x", From: 1.0, Why: plan.WhyReleased, Impact: plan.ImpactKept},
			{Path: "y", From: 1.0, To: 2.0, Why: plan.WhyDrift},
		}, body: `{"y":2}`,
	},
	"released by null": {
		desired: `{}`, observed: `{"null":"x"}`, owned: `{"f:null":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "null", From: "x", Why: plan.WhyReleased}}, body: `{"null":null}`,
	},
	"released by value": {
		desired: `{}`, observed: `{"reset":"x"}`, owned: `{"f:reset":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "reset", From: "x", To: "default", Why: plan.WhyReleased}}, body: `{"reset":"default"}`,
	},
	"released by value that it has already": {
		desired: `{}`, observed: `{"reset":"default"}`, owned: `{"f:reset":{}}`, verb: plan.None,
	},
	"released, but gone already": {
		desired: `{}`, observed: `{"null":null,"x":[]}`, owned: `{"f:null":{},"f:reset":{},"f:x":{},"f:tags":{"f:a":{}}}`, verb: plan.None,
	},
	"released key of a map: a request that keeps the others": {
		desired: `{"tags":{"a":"1"}}`, observed: `{"tags":{"a":"1","b":"2","foreign":"3"}}`,
		owned: `{"f:tags":{"f:a":{},"f:b":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "tags.b", From: "2", Why: plan.WhyReleased}}, body: `{"tags":{"a":"1","foreign":"3"}}`,
	},
	"released last key of a map: an empty map is sent": {
		desired: `{}`, observed: `{"tags":{"b":"2"}}`, owned: `{"f:tags":{"f:b":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "tags.b", From: "2", Why: plan.WhyReleased}}, body: `{"tags":{}}`,
	},
	"released object in a map: it goes as a whole, with what Azure filled in": {
		desired: `{"zones":{"a":{"ttl":1}}}`, observed: `{"zones":{"a":{"ttl":1,"log":"off"},"b.c":{"ttl":2,"log":"off"},"foreign":{"ttl":3}}}`,
		owned: `{"f:zones":{"f:a":{"f:ttl":{}},"f:b.c":{"f:ttl":{}}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: `zones["b.c"]`, From: object{"ttl": 2.0, "log": "off"}, Why: plan.WhyReleased}},
		body:    `{"zones":{"a":{"ttl":1,"log":"off"},"foreign":{"ttl":3}}}`,
	},
	"released last object in a map: an empty map is sent": {
		desired: `{}`, observed: `{"zones":{"a":{"ttl":1}}}`, owned: `{"f:zones":{"f:a":{"f:ttl":{}}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "zones.a", From: object{"ttl": 1.0}, Why: plan.WhyReleased}}, body: `{"zones":{}}`,
	},
	"released setting of an object in a map": {
		desired: `{"zones":{"a":{"ttl":1}}}`, observed: `{"zones":{"a":{"ttl":1,"log":"on"}}}`, owned: `{"f:zones":{"f:a":{"f:ttl":{},"f:log":{}}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "zones.a.log", From: "on", Why: plan.WhyReleased}}, body: `{"zones":{"a":{"ttl":1}}}`,
	},
	"an object without settings counts by being there": {
		desired: `{"zones":{"a":{}}}`, observed: `{"zones":{"b":{"ttl":1}}}`, owned: `{}`, verb: plan.Update,
		changes: []plan.Change{{Path: "zones.a", To: object{}, Why: plan.WhyTakeover}}, body: `{"zones":{"a":{},"b":{"ttl":1}}}`,
	},
	"released key of a map inside a map": {
		desired: `{"addons":{"A":{"on":true}}}`, observed: `{"addons":{"a":{"on":true,"config":{"x":"1","foreign":"2"}}}}`,
		owned: `{"f:addons":{"f:A":{"f:on":{},"f:config":{"f:x":{}}}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "addons.a.config.x", From: "1", Why: plan.WhyReleased}}, body: `{"addons":{"a":{"on":true,"config":{"foreign":"2"}}}}`,
	},
	"released last key of a map inside a map": {
		desired: `{"addons":{"a":{"on":true}}}`, observed: `{"addons":{"a":{"on":true,"config":{"x":"1"}}}}`,
		owned: `{"f:addons":{"f:a":{"f:on":{},"f:config":{"f:x":{}}}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "addons.a.config.x", From: "1", Why: plan.WhyReleased}}, body: `{"addons":{"a":{"on":true,"config":{}}}}`,
	},
	"released object in a map whose keys Azure keeps: no request": {
		desired: `{}`, observed: `{"addons":{"a":{"on":true,"config":{"x":"1"}}}}`, owned: `{"f:addons":{"f:a":{"f:on":{},"f:config":{"f:x":{}}}}}`, verb: plan.None,
		changes: []plan.Change{
			{Path: "addons.a.config.x", From: "1", Why: plan.WhyReleased, Impact: plan.ImpactKept},
			{Path: "addons.a.on", From: true, Why: plan.WhyReleased, Impact: plan.ImpactKept},
		},
	},
	"a wanted empty map does not keep its former keys": {
		desired: `{"tags":{}}`, observed: `{"tags":{"b":"2","foreign":"3"}}`, owned: `{"f:tags":{"f:b":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "tags.b", From: "2", Why: plan.WhyReleased}}, body: `{"tags":{"foreign":"3"}}`,
	},
	"an owned empty map that others filled is not ours to release": {
		desired: `{}`, observed: `{"a":{"b":1}}`, owned: `{"f:a":{}}`, verb: plan.None,
	},
	"a wanted empty map is met by any map": {
		desired: `{"a":{}}`, observed: `{"a":{"b":1}}`, owned: `{}`, verb: plan.None,
	},
	"a leaf that became a map is replaced, not released": {
		desired: `{"a":{"b":1}}`, observed: `{"a":"text"}`, owned: `{"f:a":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "a.b", To: 1.0, Why: plan.WhyTakeover}}, body: `{"a":{"b":1}}`,
	},
	"a map that became a leaf is replaced, not released": {
		desired: `{"a":[1]}`, observed: `{"a":{"b":1}}`, owned: `{"f:a":{"f:b":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "a", From: object{"b": 1.0}, To: []any{1.0}, Why: plan.WhyTakeover}}, body: `{"a":[1]}`,
	},
	"key of a FoldKey map in another spelling": {
		desired: `{"tags":{"Env":"dev"}}`, observed: `{"tags":{"ENV":"prod"}}`, owned: `{"f:tags":{"f:env":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "tags.ENV", From: "prod", To: "dev", Why: plan.WhyDrift}}, body: `{"tags":{"ENV":"dev"}}`,
	},
	"key of a FoldKey map in two spellings: the exact one is meant": {
		desired: `{"tags":{"b":"2"}}`, observed: `{"tags":{"B":"1","b":"2"}}`, owned: `{"f:tags":{"f:b":{}}}`, verb: plan.None,
	},
	"an id key with no value counts by being there": {
		desired:  `{"identity":{"userAssignedIdentities":{"/ids/new":{}}}}`,
		observed: `{"identity":{"userAssignedIdentities":{"/ids/OLD":{"clientId":"c"},"/ids/kept":{"clientId":"d"}}}}`,
		owned:    `{"f:identity":{"f:userAssignedIdentities":{"f:/ids/old":{}}}}`, verb: plan.Update,
		changes: []plan.Change{
			{Path: `identity.userAssignedIdentities["/ids/OLD"]`, From: object{"clientId": "c"}, Why: plan.WhyReleased},
			{Path: `identity.userAssignedIdentities["/ids/new"]`, To: object{}, Why: plan.WhyTakeover},
		}, body: `{"identity":{"userAssignedIdentities":{"/ids/kept":{},"/ids/new":{}}}}`,
	},
	"a password that is new is sent": {
		desired: `{"password":"p"}`, observed: `{}`, owned: `{}`, verb: plan.Update,
		changes: []plan.Change{{Path: "password", To: plan.Hidden, Why: plan.WhyTakeover}}, body: `{"password":"p"}`,
	},
	"a password that is ours is not missed": {
		desired: `{"password":"p"}`, observed: `{}`, owned: `{"f:password":{}}`, verb: plan.None,
	},
	"a password goes with every update": {
		desired: `{"password":"p","x":1}`, observed: `{}`, owned: `{"f:password":{},"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", To: 1.0, Why: plan.WhyDrift}}, body: `{"password":"p","x":1}`,
	},
	"a fixed password is never a difference": {
		desired: `{"onceOnly":"p"}`, observed: `{}`, owned: `{}`, verb: plan.None,
	},
	"a false that Azure does not return is sent once": {
		desired: `{"x":false}`, observed: `{}`, owned: `{}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", To: false, Why: plan.WhyTakeover}}, body: `{"x":false}`,
	},
	"and not again": {
		desired: `{"x":false}`, observed: `{}`, owned: `{"f:x":{}}`, verb: plan.None,
	},
	"a false that Azure does not return is no change of a fixed field": {
		desired: `{"location":"","properties":{"dnsPrefix":""}}`, observed: `{}`, owned: `{}`, verb: plan.None,
	},
	"an empty tag that somebody removed is restored": {
		desired: `{"tags":{"a":""}}`, observed: `{}`, owned: `{"f:tags":{"f:a":{}}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "tags.a", To: "", Why: plan.WhyDrift}}, body: `{"tags":{"a":""}}`,
	},
	"equal fields keep the spelling that was read": {
		desired:  `{"location":"West Europe","properties":{"kubernetesVersion":"v1.33"},"x":1}`,
		observed: `{"location":"westeurope","properties":{"kubernetesVersion":"1.33.4"},"x":2}`,
		owned:    `{"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}},
		body:    `{"location":"westeurope","properties":{"kubernetesVersion":"1.33.4"},"x":1}`,
	},
	"a list of objects that gained properties keeps them": {
		desired:  `{"subnets":[{"name":"a"}],"x":1}`,
		observed: `{"subnets":[{"name":"a","securityGroup":{"id":"/nsg"}}],"x":2}`, owned: `{"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}},
		body:    `{"subnets":[{"name":"a","securityGroup":{"id":"/nsg"}}],"x":1}`,
	},
	"what is for creation only is neither compared nor owned nor released": {
		desired:  `{"properties":{"agentPoolProfiles":[{"name":"a","count":1}]},"x":1}`,
		observed: `{"properties":{"agentPoolProfiles":[{"name":"b","count":9,"eTag":"e"}]},"x":2}`,
		owned:    `{"f:properties":{"f:agentPoolProfiles":{}},"f:x":{}}`, verb: plan.Update,
		changes:    []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}},
		body:       `{"properties":{"agentPoolProfiles":[{"name":"b","count":9}]},"x":1}`,
		ownedAfter: `{"f:x":{}}`,
	},
	"not to be echoed, unless it is ours": {
		desired:  `{"properties":{"servicePrincipalProfile":{"clientId":"MSI"}},"x":1}`,
		observed: `{"properties":{"servicePrincipalProfile":{"clientId":"MSI","other":1}},"x":2}`,
		owned:    `{"f:x":{}}`, verb: plan.Update,
		changes: []plan.Change{{Path: "x", From: 2.0, To: 1.0, Why: plan.WhyDrift}},
		body:    `{"properties":{"servicePrincipalProfile":{"clientId":"MSI"}},"x":1}`,
	},
	"a version that Azure raised is not lowered": {
		desired: `{"properties":{"kubernetesVersion":"1.33.2"}}`, observed: `{"properties":{"kubernetesVersion":"1.34.0"}}`,
		owned: `{"f:properties":{"f:kubernetesVersion":{}}}`, verb: plan.None,
	},
}

func parse(t *testing.T, text string) object {
	t.Helper()
	var o object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func TestOwnershipTable(t *testing.T) {
	for name, tt := range rows {
		t.Run(name, func(t *testing.T) {
			desired, observed, before := parse(t, tt.desired), parse(t, tt.observed), &fieldset.Set{}
			if err := json.Unmarshal([]byte(tt.owned), before); err != nil {
				t.Fatal(err)
			}
			wantOwned := fieldset.Leaves(desired)
			if tt.ownedAfter != "" {
				wantOwned = &fieldset.Set{}
				if err := json.Unmarshal([]byte(tt.ownedAfter), wantOwned); err != nil {
					t.Fatal(err)
				}
			}
			yield := fieldset.NewSet()
			if tt.yield != "" {
				yield.Insert(fieldset.ParsePath(tt.yield))
			}
			a := plan.Compute(plan.Desired{Body: desired, SpecChanged: tt.specChanged, Yield: yield},
				plan.Observed{Exists: true, Body: observed, ETag: "e1", State: "Succeeded"}, before, rowRules(), noon)
			if a.Verb != tt.verb {
				t.Errorf("verb %s, want %s (%s)", a.Verb, tt.verb, a.Line())
			}
			if d := cmp.Diff(tt.changes, a.Changes); d != "" {
				t.Errorf("changes: %s", d)
			}
			if !a.Owned.Equal(wantOwned) {
				t.Errorf("owned %v, want %v", a.Owned.Paths(), wantOwned.Paths())
			}
			var body object
			ifMatch := ""
			if tt.body != "" {
				body, ifMatch = parse(t, tt.body), "e1"
			}
			if d := cmp.Diff(body, a.Body); d != "" {
				t.Errorf("body: %s", d)
			}
			if a.IfMatch != ifMatch || a.IfNoneMatch != "" {
				t.Errorf("If-Match %q, If-None-Match %q", a.IfMatch, a.IfNoneMatch)
			}
			if d := cmp.Diff(parse(t, tt.desired), desired) + cmp.Diff(parse(t, tt.observed), observed); d != "" {
				t.Errorf("the input was changed: %s", d)
			}
		})
	}
}
