package aks

import (
	"fmt"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// ReasonPassthrough is the reason of a plan that is blocked because spec.passthrough says something that cannot be merged into the body.
const ReasonPassthrough = "PassthroughRefused"

// PassthroughProblem is a raw property that must not be there.
type PassthroughProblem struct {
	// Path is the property in the body.
	Path fieldset.Path
	// Value is what was written.
	Value any
	// Text says why it is refused, and the way out.
	Text string
}

// String is the problem for a condition.
func (p PassthroughProblem) String() string {
	return fmt.Sprintf("spec.passthrough.body.%s: %s %s", p.Path, shown(p.Value), p.Text)
}

// reserved are properties that are part of what a resource is, or that are decided elsewhere, with the place where.
var reserved = map[string]map[string]string{
	"managedClusters": {
		"id": "is part of the address of the cluster", "name": "is part of the address of the cluster", "type": "is part of the address of the cluster",
		"etag": "is set by Azure only", "systemData": "is set by Azure only", "properties.provisioningState": "is set by Azure only",
		"location":                            "cannot change for a resource, and is given by spec.location",
		"properties.agentPoolProfiles":        "are the pools: each is an AzureManagedMachinePool with a passthrough of its own",
		"properties.powerState":               "is changed by requests of its own: use spec.powerState",
		"properties.kubernetesVersion":        "is raised step by step: use spec.version",
		"properties.currentKubernetesVersion": "is set by Azure only",
		"properties.nodeResourceGroup":        "is given by spec.nodeResourceGroupName",
		"properties.servicePrincipalProfile":  "is of clusters without a managed identity: use spec.identity",
	},
	"agentPools": {
		"id": "is part of the address of the pool", "name": "is part of the address of the pool", "type": "is part of the address of the pool",
		"etag": "is set by Azure only", "properties.etag": "is set by Azure only", "properties.provisioningState": "is set by Azure only",
		"properties.count":                      "is given by spec.replicas of the MachinePool",
		"properties.orchestratorVersion":        "is given by spec.template.spec.version of the MachinePool",
		"properties.currentOrchestratorVersion": "is set by Azure only",
		"properties.enableAutoScaling":          "is given by spec.scaling",
		"properties.minCount":                   "is given by spec.scaling",
		"properties.maxCount":                   "is given by spec.scaling",
		"properties.type":                       "is always VirtualMachineScaleSets",
	},
}

// computed are properties of a body that are no field of the spec, with where they come from.
var computed = map[string]string{
	"tags":                                   "the provider, which finds its resources by it",
	"sku.name":                               "the provider, which sends it with spec.sku",
	"identity.type":                          "spec.identity",
	"properties.enableRBAC":                  "the provider, which always sends it",
	"properties.linuxProfile":                "spec.sshPublicKey",
	"properties.dnsPrefix":                   "spec.dnsPrefix",
	"properties.networkProfile.serviceCidr":  "spec.clusterNetwork.services of the Cluster",
	"properties.networkProfile.serviceCidrs": "spec.clusterNetwork.services of the Cluster",
	"properties.networkProfile.podCidr":      "spec.clusterNetwork.pods of the Cluster",
	"properties.networkProfile.podCidrs":     "spec.clusterNetwork.pods of the Cluster",
	"properties.networkProfile.dnsServiceIP": "spec.dnsServiceIP",
	"properties.vnetSubnetID":                "spec.subnetName or spec.vnetSubnetID",
}

// raw is the body of a passthrough; nil when there is none. One that is no object cannot get past the CRD.
func raw(p *v1beta1.Passthrough) fieldset.Object {
	if p == nil || p.Body == nil || len(p.Body.Raw) == 0 {
		return nil
	}
	var body fieldset.Object
	if utiljson.Unmarshal(p.Body.Raw, &body) != nil {
		return nil
	}
	return body
}

// given tells where the value at a path of a body made from a spec comes from.
func given(spec any, patches string, p fieldset.Path) string {
	for _, field := range armfield.Table(spec) {
		if field.ARMPath == "" || !overlap(field.Path(), p) {
			continue
		}
		if _, ok := field.Get(spec); ok {
			return "spec." + field.JSONPath
		}
	}
	for i := len(p); i > 0; i-- {
		if source, ok := computed[p[:i].String()]; ok {
			return source
		}
	}
	if patches != "" {
		return "spec." + patches
	}
	return "the provider"
}

// passedThrough is a body with the raw properties laid over it, and what speaks against that: a property has one place
// where it is given, or nobody could tell which value holds.
func passedThrough(kind string, body, over fieldset.Object, source func(fieldset.Path) string) (fieldset.Object, []PassthroughProblem) {
	var problems []PassthroughProblem
	typed := fieldset.Leaves(body).Paths()
	fieldset.Leaves(over).Each(func(p fieldset.Path) {
		value, _ := fieldset.Get(over, p)
		if text := refusedPath(kind, p); text != "" {
			problems = append(problems, PassthroughProblem{p, value, text})
			return
		}
		if m, ok := value.(fieldset.Object); ok && len(m) == 0 {
			return // {} asks for nothing in particular
		}
		at := slices.IndexFunc(typed, func(q fieldset.Path) bool { return overlap(p, q) })
		if at < 0 {
			return
		}
		other, _ := fieldset.Get(body, typed[at])
		problems = append(problems, PassthroughProblem{p, value,
			fmt.Sprintf("is also given by %s, as %s: keep one of them", source(typed[at]), shown(other))})
	})
	if len(problems) > 0 || over == nil {
		return body, problems
	}
	return fieldset.Overlay(body, over), nil
}

func refusedPath(kind string, p fieldset.Path) string {
	if len(p) == 1 && strings.EqualFold(p[0], "properties") {
		return "must be an object"
	}
	for path, text := range reserved[kind] {
		if overlap(p, fieldset.ParsePath(path)) {
			return text
		}
	}
	return ""
}

// overlap tells whether one path leads to the other. Azure reads the names of properties without case.
func overlap(p, q fieldset.Path) bool {
	for i := range min(len(p), len(q)) {
		if !strings.EqualFold(p[i], q[i]) {
			return false
		}
	}
	return true
}

// desiredCluster is the desired managed cluster without its pools, and what is wrong with its passthrough.
func desiredCluster(in Inputs, n Names, obs Observation) (fieldset.Object, []PassthroughProblem) {
	spec := &in.ControlPlane.Spec
	return passedThrough("managedClusters", clusterBody(in, n, obs), raw(spec.Passthrough), func(p fieldset.Path) string {
		patches := ""
		if len(spec.ASOManagedClusterPatches) > 0 {
			patches = "asoManagedClusterPatches"
		}
		return given(spec, patches, p)
	})
}

// desiredPool is the desired agent pool, and what is wrong with its passthrough.
func desiredPool(in Inputs, n Names, pool Pool, observed, cluster fieldset.Object) (fieldset.Object, []PassthroughProblem) {
	spec := &pool.Object.Spec
	return passedThrough("agentPools", poolBody(in, n, pool, observed, cluster), raw(spec.Passthrough), func(p fieldset.Path) string {
		patches := ""
		if len(spec.ASOManagedClustersAgentPoolPatches) > 0 {
			patches = "asoManagedClustersAgentPoolPatches"
		}
		return given(spec, patches, p)
	})
}

// ControlPlanePassthrough is what is wrong with the passthrough of a control plane, as far as it tells by itself.
func ControlPlanePassthrough(cp *v1beta1.AzureManagedControlPlane, clusterName string) []PassthroughProblem {
	if raw(cp.Spec.Passthrough) == nil {
		return nil
	}
	in := Inputs{ControlPlane: cp, Cluster: Cluster{Name: clusterName}}
	_, problems := desiredCluster(in, NamesOf(in), Observation{})
	return problems
}

// PoolPassthrough is what is wrong with the passthrough of a pool.
func PoolPassthrough(pool *v1beta1.AzureManagedMachinePool) []PassthroughProblem {
	if raw(pool.Spec.Passthrough) == nil {
		return nil
	}
	_, problems := desiredPool(Inputs{ControlPlane: &v1beta1.AzureManagedControlPlane{}}, Names{}, Pool{Object: pool}, nil, nil)
	return problems
}

// PassthroughWarnings compare raw properties with the official description, where there is one. Azure has the last word:
// descriptions are late and have mistakes, and so what they say is no reason to refuse anything.
func PassthroughWarnings(kind string, p *v1beta1.Passthrough, apiVersion string) []string {
	body := raw(p)
	if len(body) == 0 {
		return nil
	}
	table := armfield.Schema(kind, apiVersion)
	if table == nil {
		return []string{fmt.Sprintf("spec.passthrough.body is not checked: there is no description of api-version %s of %s here", apiVersion, kind)}
	}
	var warnings []string
	for _, message := range table.ValidatePart(body) {
		warnings = append(warnings, fmt.Sprintf("spec.passthrough.body.%s (%s %s); Azure may refuse it", message, kind, apiVersion))
	}
	return warnings
}

// rulesFor are the rules for a body in an api-version, with rules for raw properties that are no field.
func rulesFor(base plan.Rules, kind, apiVersion string, over fieldset.Object) plan.Rules {
	rules := base
	table := armfield.Schema(kind, apiVersion)
	if apiVersion != ContainerServiceAPIVersion {
		rules.Strip = described(kind, apiVersion).Strip
	}
	if table != nil {
		rules.Unseen = func(p fieldset.Path) bool {
			_, known := table.Lookup(p.String())
			return !known
		}
	}
	if over == nil {
		return rules
	}
	rules.Fields = make(map[string]plan.Rule, len(base.Fields))
	for path, rule := range base.Fields {
		rules.Fields[path] = rule
	}
	fieldset.Leaves(over).Each(func(p fieldset.Path) {
		if _, known := rules.Fields[p.String()]; known || mapKey(base, p) {
			return
		}
		rules.Fields[p.String()] = rawRule(described(kind, apiVersion), p)
	})
	return rules
}

// mapKey tells whether a path leads into a map whose keys have rules of their own.
func mapKey(rules plan.Rules, p fieldset.Path) bool {
	for i := range p {
		if _, ok := rules.Fields[p[:i].String()+"{}"]; ok {
			return true
		}
	}
	return false
}

// rawRule compares a raw property as its kind of value asks for: Azure spells ids and words of its own as it likes.
func rawRule(table *armfield.SchemaTable, p fieldset.Path) plan.Rule {
	property, _ := table.Lookup(p.String())
	rule := plan.Rule{WriteOnly: property.WriteOnly}
	switch last := strings.ToLower(p[len(p)-1]); {
	case len(property.Enum) > 0:
		rule.Compare = "fold"
	case strings.HasSuffix(last, "id"):
		rule.Compare = "id"
	case strings.HasSuffix(last, "ids"):
		rule.Compare = "set,id"
	}
	return rule
}

// described is the description of an api-version, or the nearest there is.
func described(kind, apiVersion string) *armfield.SchemaTable {
	for _, version := range []string{apiVersion, ContainerServicePreviewAPIVersion} {
		if table := armfield.Schema(kind, version); table != nil && apiVersion >= ContainerServiceAPIVersion {
			return table
		}
	}
	return armfield.Schema(kind, ContainerServiceAPIVersion)
}

// refusal joins problems for a message.
func refusal(problems []PassthroughProblem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.String()
	}
	return strings.Join(texts, "; ")
}
