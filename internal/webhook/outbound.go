package webhook

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/capaks/capaks/api/v1beta1"
)

// portStep is what Azure hands out source ports in. https://learn.microsoft.com/azure/aks/load-balancer-standard
const portStep = 8

// outboundProblems are what AKS refuses of the way out of the cluster and no schema says in words a person can use.
func outboundProblems(spec *v1beta1.AzureManagedControlPlaneClassSpec, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	if lb := spec.LoadBalancerProfile; lb != nil && lb.AllocatedOutboundPorts != nil && *lb.AllocatedOutboundPorts%portStep != 0 {
		ports := *lb.AllocatedOutboundPorts
		problems = append(problems, field.Invalid(path.Child("loadBalancerProfile", "allocatedOutboundPorts"), ports,
			fmt.Sprintf("is not a multiple of %d: write %d or %d", portStep, ports-ports%portStep, ports-ports%portStep+portStep)))
	}
	return problems
}
