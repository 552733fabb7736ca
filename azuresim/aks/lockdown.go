package aks

import (
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// LockedDown names the deny assignment on the node resource group of a cluster with restriction level ReadOnly; "" for
// any other group. The service itself does not pass the gateway and is not affected.
func (p *Provider) LockedDown(group *fabric.Resource) string {
	if group.ManagedBy == "" {
		return ""
	}
	c := p.Fabric.Get(group.ManagedBy)
	if c == nil || !strings.EqualFold(arm.Str(c.Body, "properties.nodeResourceGroupProfile.restrictionLevel"), "ReadOnly") {
		return ""
	}
	return "AKS node resource group lockdown of " + c.Name
}
