package aks

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
)

func TestPatchesOfEarlierProviders(t *testing.T) {
	base := fieldset.Object{"location": "westeurope", "tags": fieldset.Object{"a": "b"}, "properties": fieldset.Object{"supportPlan": "KubernetesOfficial"}}
	for name, c := range map[string]struct {
		kind    string
		patches []string
		want    fieldset.Object
	}{
		"a property in JSON": {"managedClusters", []string{`{"spec": {"nodeProvisioningProfile": {"mode": "Auto"}}}`},
			fieldset.Object{"location": "westeurope", "tags": fieldset.Object{"a": "b"},
				"properties": fieldset.Object{"supportPlan": "KubernetesOfficial", "nodeProvisioningProfile": fieldset.Object{"mode": "Auto"}}}},
		"in order, in YAML, and taken back": {"managedClusters", []string{"spec:\n  supportPlan: AKSLongTermSupport\n  dnsPrefix: x\n", "spec: {dnsPrefix: null, tags: {a: null, c: d}}"},
			fieldset.Object{"location": "westeurope", "tags": fieldset.Object{"c": "d"}, "properties": fieldset.Object{"supportPlan": "AKSLongTermSupport"}}},
		"what only the other provider knows": {"managedClusters", []string{`{"metadata": {"annotations": {"x": "y"}}, "spec": {"owner": {"armId": "/x"}, "operatorSpec": null}}`}, base},
		"what is no patch has no effect":     {"managedClusters", []string{`[]`, `{"spec": 1}`, "a: b: c"}, base},
		"references": {"managedClusters", []string{`{"spec": {
			"diskEncryptionSetReference": {"armId": "/d"},
			"identity": {"type": "UserAssigned", "userAssignedIdentities": [{"reference": {"armId": "/i"}}]},
			"identityProfile": {"kubeletidentity": {"resourceReference": {"armId": "/k"}}},
			"networkProfile": {"loadBalancerProfile": {"outboundIPs": {"publicIPs": [{"reference": {"armId": "/p"}}]}}},
			"securityProfile": {"defender": {"logAnalyticsWorkspaceResourceReference": {"armId": "/w"}}},
			"ingressProfile": {"webAppRouting": {"dnsZoneResourceReferences": [{"armId": "/z"}]}},
			"supportPlan": null}}`},
			fieldset.Object{"location": "westeurope", "tags": fieldset.Object{"a": "b"},
				"identity": fieldset.Object{"type": "UserAssigned", "userAssignedIdentities": fieldset.Object{"/i": fieldset.Object{}}},
				"properties": fieldset.Object{
					"diskEncryptionSetID": "/d",
					"identityProfile":     fieldset.Object{"kubeletidentity": fieldset.Object{"resourceId": "/k"}},
					"networkProfile": fieldset.Object{"loadBalancerProfile": fieldset.Object{"outboundIPs": fieldset.Object{
						"publicIPs": []any{fieldset.Object{"id": "/p"}}}}},
					"securityProfile": fieldset.Object{"defender": fieldset.Object{"logAnalyticsWorkspaceResourceId": "/w"}},
					"ingressProfile":  fieldset.Object{"webAppRouting": fieldset.Object{"dnsZoneResourceIds": []any{"/z"}}},
				}}},
		"a pool": {"agentPools", []string{`{"spec": {"tags": {"x": "y"}, "vnetSubnetReference": {"armId": "/s"}, "creationData": {"sourceResourceReference": {"armId": "/c"}},
			"networkProfile": {"applicationSecurityGroupsReferences": [{"armId": "/g"}]}}}`},
			fieldset.Object{"location": "westeurope", "tags": fieldset.Object{"a": "b"}, "properties": fieldset.Object{
				"supportPlan": "KubernetesOfficial", "tags": fieldset.Object{"x": "y"}, "vnetSubnetID": "/s", "creationData": fieldset.Object{"sourceResourceId": "/c"},
				"networkProfile": fieldset.Object{"applicationSecurityGroups": []any{"/g"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			before := fieldset.Copy(base)
			if diff := cmp.Diff(c.want, applyPatches(base, c.kind, c.patches)); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, base); diff != "" {
				t.Errorf("the body that was given changed:\n%s", diff)
			}
		})
	}
}

// A patch is a setting like any other: sent, valid, ours, and left alone when it is there.
func TestPatchedCluster(t *testing.T) {
	in, obs := created(t)
	in.ControlPlane.Spec.ASOManagedClusterPatches = []string{`{"spec": {"supportPlan": "KubernetesOfficial"}}`}
	in.Pools[1].Object.Spec.ASOManagedClustersAgentPoolPatches = []string{"spec: {nodeLabels: {a: b}}"}
	sent := converge(t, &in, &obs)
	wantLines(t, sent, "Update managedCluster my-cluster-control-plane", "Update agentPool agentpool1")
	for _, action := range sent {
		validate(t, action)
	}
}

// Without its ownership tags nobody could tell whose a cluster is, so no patch takes them away.
func TestPatchesLeaveOwnershipTags(t *testing.T) {
	in, obs := created(t)
	name := in.ControlPlane.Name
	ours := ownershipTags(in.Cluster.Name, name, nil)
	for _, patch := range []string{
		`{"spec": {"tags": null}}`,
		`{"spec": {"tags": {"Name": null, "` + OwnerTag(in.Cluster.Name) + `": "shared"}}}`,
		`{"spec": {"tags": {"NAME": "another"}}}`,
	} {
		in.ControlPlane.Spec.ASOManagedClusterPatches = []string{patch}
		if sent := converge(t, &in, &obs); len(sent) > 0 {
			t.Errorf("%s: sent %s, want nothing", patch, sent[0].Line())
		}
		body := clusterBody(in, NamesOf(in), obs)
		if diff := cmp.Diff(ours, body["tags"]); diff != "" {
			t.Errorf("%s: tags (-want +got):\n%s", patch, diff)
		}
	}
	in.ControlPlane.Spec.ASOManagedClusterPatches = []string{`{"spec": {"tags": {"team": "blue", "Name": null}}}`}
	wantLines(t, converge(t, &in, &obs), "Update managedCluster "+name)
	if tags, _ := clusterBody(in, NamesOf(in), obs)["tags"].(map[string]any); tags["team"] != "blue" || tags[nameTag] != name {
		t.Errorf("tags are %v", tags)
	}
}

func FuzzPatches(f *testing.F) {
	f.Add(`{"spec": {"xReference": {"armId": 1}, "identity": {"userAssignedIdentities": [null, {"reference": null}]}, "yReferences": {}}}`)
	f.Add("spec: {a: [[{reference: {armId: x}}]], location: null}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []string{"managedClusters", "agentPools"} {
			if armfield.Schema(kind, ContainerServiceAPIVersion) == nil {
				t.Fatal("no description of " + kind)
			}
			applyPatches(fieldset.Object{}, kind, []string{text}) // must not break
		}
	})
}
