package convert

import (
	"strings"

	"github.com/google/uuid"
	"go.yaml.in/yaml/v3"
)

// controlPlaneNotes names what the API server will refuse or warn about and only the author can settle.
func (c *conversion) controlPlaneNotes(spec *yaml.Node, path string) {
	c.outbound(find(spec, "loadBalancerProfile"), path+".loadBalancerProfile")
	access := find(spec, "apiServerAccessProfile")
	if zone := find(access, "privateDNSZone"); isSet(zone) && !strings.EqualFold(scalar(access, "enablePrivateCluster"), "true") {
		c.note(zone, path+".apiServerAccessProfile.privateDNSZone", zone.Value,
			"only a private cluster has such a zone: accepted with a warning, without effect; remove it or set enablePrivateCluster")
	}
	groups := find(spec, "aadProfile", "adminGroupObjectIDs")
	if groups == nil || groups.Kind != yaml.SequenceNode {
		return
	}
	for _, group := range groups.Content {
		group = resolve(group)
		if !strings.Contains(group.Value, "$") && uuid.Validate(group.Value) != nil {
			c.note(group, path+".aadProfile.adminGroupObjectIDs", group.Value,
				"not the object id of an Entra ID group: accepted with a warning, and nobody will be an administrator through it; write the id of a group")
		}
	}
}

// outbound notes more than one way out. Which one is meant cannot be known.
func (c *conversion) outbound(profile *yaml.Node, path string) {
	var given []string
	for _, name := range []string{"managedOutboundIPs", "outboundIPPrefixes", "outboundIPs"} {
		if isSet(find(profile, name)) {
			given = append(given, name)
		}
	}
	if len(given) > 1 {
		c.note(profile, path, strings.Join(given, ", "), "AKS takes one kind of outbound address: keep one and remove the others")
	}
}

// foreignNamespace notes a reference to another namespace: Cluster API has none.
func (c *conversion) foreignNamespace(root *yaml.Node, path ...string) {
	namespace := find(root, append(path, "namespace")...)
	if !isSet(namespace) || namespace.Value == c.current.namespace {
		return
	}
	c.note(namespace, strings.Join(path, ".")+".namespace", namespace.Value,
		"ignored by Cluster API, which looks in the namespace of the "+c.current.kind+" itself; remove it")
}
