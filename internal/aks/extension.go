package aks

import (
	"slices"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// extensionKind: an extension is installed through the cluster's API server. AKS takes other requests meanwhile.
var extensionKind = dependentKind{
	kind: KindExtension, resourceType: "Microsoft.KubernetesConfiguration/extensions", apiVersion: KubernetesConfigurationAPIVersion,
	rules: &extensionRules, declared: declaredExtensions, ours: ofOurCluster, child: true,
	adjust: adjustExtension,
}

var extensionRules = plan.Rules{
	Fields: fieldRules(v1beta1.Extension{}, map[string]plan.Rule{
		// Once the extension runs, Azure shows the identity it gave it in aksAssignedIdentity and this one no more.
		"identity.type": {Compare: "fold", Mutability: plan.Immutable, NotReturned: true},
		// Nobody gets a discount later; Azure does not tell the code.
		"plan.promotionCode": {Mutability: plan.Immutable, NotReturned: true},
	}),
	Strip: withoutNulls(strip("extensions", KubernetesConfigurationAPIVersion)),
	// Protected settings are shown with empty values: sent back, they would be emptied.
	NoEcho: append(paths("properties.statuses", protectedSettings), envelope...),
}

// ReasonProtectedSettings says that a change would take an extension's protected settings away.
const ReasonProtectedSettings = "ProtectedSettings"

const protectedSettings = "properties.configurationProtectedSettings"

func declaredExtensions(in Inputs, n Names) []dependent {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultExtensions(spec, in.ControlPlane.Name)
	var list []dependent
	for _, extension := range spec.Extensions {
		list = append(list, dependent{id: ExtensionID(n.ClusterID, extension.Name), body: armfield.Encode(extension)})
	}
	return list
}

// adjustExtension corrects what the properties of an extension mean to each other.
func adjustExtension(action *plan.Action, observed fieldset.Object) {
	if upgrades, _ := fieldset.Get(action.Body, fieldset.ParsePath("properties.autoUpgradeMinorVersion")); upgrades == true {
		// Azure refuses a version beside it, also the one it reported before.
		fieldset.Remove(action.Body, fieldset.ParsePath("properties.version"))
	}
	if action.Verb == plan.Update && hasProtectedSettings(observed) && !patchable(action.Changes) {
		action.Verb, action.Reason, action.Body = plan.Blocked, ReasonProtectedSettings, nil
		action.Message = "extension " + action.Name + " has protected settings, which this change would take away and nobody can read: " +
			"undo the change, or remove the extension and add it again"
	}
}

func hasProtectedSettings(observed fieldset.Object) bool {
	settings, _ := fieldset.Get(observed, fieldset.ParsePath(protectedSettings))
	hidden, _ := settings.(fieldset.Object)
	return len(hidden) > 0
}

// patchable tells whether a PATCH of an extension knows all that changes; it leaves the identity out.
func patchable(changes []plan.Change) bool {
	return !slices.ContainsFunc(changes, func(c plan.Change) bool { return strings.HasPrefix(c.Path, "properties.aksAssignedIdentity") })
}

// Partial is the body of a PATCH where a PUT would do harm; ok is false where the PUT is right. A member's PUT with our
// api-version would lose what a newer one knows (labels), an extension's PUT the protected settings nobody can read.
func Partial(action plan.Action, obs Observation) (body fieldset.Object, ok bool) {
	same := "" // what is sent when the same goal is sent once more and nothing differs
	switch {
	case action.Verb != plan.Update:
		return nil, false
	case action.Kind == KindFleetMember:
		same = "properties.group"
	case action.Kind == KindExtension && hasProtectedSettings(obs.Dependents[strings.ToLower(action.ID)].Body):
		same = "properties.autoUpgradeMinorVersion"
	default:
		return nil, false
	}
	paths := []fieldset.Path{}
	for _, change := range action.Changes {
		paths = append(paths, fieldset.ParsePath(change.Path))
	}
	if len(paths) == 0 {
		paths = append(paths, fieldset.ParsePath(same))
	}
	body = fieldset.Object{}
	for _, path := range paths {
		value, _ := fieldset.Get(action.Body, path) // not change.To, which hides secrets; nil takes a setting away
		fieldset.Put(body, path, value)
	}
	return body, true
}
