package aks

import (
	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/armfield"
	"github.com/capaks/capaks/internal/fieldset"
	"github.com/capaks/capaks/internal/plan"
)

// maintenanceKind: AKS stores maintenance configurations at once, whatever else runs on the cluster.
var maintenanceKind = dependentKind{
	kind: KindMaintenance, resourceType: "Microsoft.ContainerService/managedClusters/maintenanceConfigurations",
	apiVersion: ContainerServiceAPIVersion, rules: &maintenanceRules, declared: declaredMaintenance, ours: ofOurCluster, child: true,
	adjust: adjustMaintenance,
}

// adjustMaintenance: what leaves the spec together with another change is left out of a PUT that replaces the whole, and is gone.
func adjustMaintenance(action *plan.Action, _ fieldset.Object) {
	for i, change := range action.Changes {
		if action.Verb == plan.Update && change.Impact == plan.ImpactKept {
			action.Changes[i].Impact = ""
		}
	}
}

// A PUT replaces the whole configuration, and a time that is left out is gone: so it is when it leaves the spec.
var maintenanceRules = plan.Rules{
	Fields: fieldRules(v1beta1.MaintenanceConfiguration{}, map[string]plan.Rule{
		"properties.timeInWeek":                        {Compare: "set,fold", Release: plan.Null},
		"properties.notAllowedTime":                    {Compare: "set", Release: plan.Null},
		"properties.maintenanceWindow.notAllowedDates": {Compare: "set", Release: plan.Null},
	}),
	Strip:  withoutNulls(strip("maintenanceConfigurations", ContainerServiceAPIVersion)),
	NoEcho: envelope,
}

func declaredMaintenance(in Inputs, n Names) []dependent {
	var list []dependent
	for _, config := range in.ControlPlane.Spec.MaintenanceConfigurations {
		list = append(list, dependent{id: MaintenanceConfigurationID(n.ClusterID, config.Name), body: armfield.Encode(config)})
	}
	return list
}

// ofOurCluster: a part of a cluster that is ours belongs to it, whoever made it. That it is taken over shows in the plan.
func ofOurCluster(Inputs, Names, fieldset.Object) bool { return true }
