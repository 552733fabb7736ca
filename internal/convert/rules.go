package convert

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	coreGroup     = "cluster.x-k8s.io"
	expCoreGroup  = "exp.cluster.x-k8s.io"
	infraGroup    = "infrastructure.cluster.x-k8s.io"
	expInfraGroup = "exp.infrastructure.cluster.x-k8s.io"
	servedVersion = "v1beta1"
)

// kinds are those this provider serves. Other providers share the group; their manifests are not ours to change.
var kinds = []string{
	"AzureManagedControlPlane", "AzureManagedControlPlaneTemplate", "AzureManagedCluster", "AzureManagedClusterTemplate",
	"AzureManagedMachinePool", "AzureManagedMachinePoolTemplate", "AzureClusterIdentity",
}

// object converts one object, or every object of a list.
func (c *conversion) object(root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		return
	}
	if items := find(root, "items"); strings.HasSuffix(scalar(root, "kind"), "List") && items != nil && items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			c.object(resolve(item))
		}
		return
	}
	c.current = header{
		apiVersion: scalar(root, "apiVersion"), kind: scalar(root, "kind"),
		namespace: scalar(root, "metadata", "namespace"), name: scalar(root, "metadata", "name"),
	}
	c.versions(root, "")
	group, version, _ := strings.Cut(c.current.apiVersion, "/")
	switch group {
	case coreGroup, expCoreGroup:
		c.core(root, version)
	case infraGroup, expInfraGroup:
		c.infrastructure(root)
	}
}

// versions rewrites apiVersion and apiGroup wherever they stand: in the object itself, in references, in owner references.
func (c *conversion) versions(n *yaml.Node, path string) {
	switch n.Kind {
	case yaml.SequenceNode:
		for _, item := range n.Content {
			c.versions(item, path)
		}
	case yaml.MappingNode:
		kind := scalar(n, "kind")
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			field := strings.TrimPrefix(path+"."+key.Value, ".")
			switch {
			case value.Kind != yaml.ScalarNode:
				c.versions(value, field)
			case key.Value == "apiVersion":
				group, version, _ := strings.Cut(value.Value, "/")
				c.version(value, field, group, version, kind)
			case key.Value == "apiGroup":
				c.version(value, field, value.Value, "", kind)
			}
		}
	}
}

// version rewrites one apiVersion, or, with an empty version, one apiGroup.
func (c *conversion) version(n *yaml.Node, field, group, version, kind string) {
	ours, old := kind == "" || slices.Contains(kinds, kind), version == "v1alpha3" || version == "v1alpha4"
	var to, why string
	switch {
	case group == expInfraGroup && !ours:
		c.note(n, field, n.Value, kind+" is not a kind of this provider, so it was left as it is; its own provider's documentation names its group")
		return
	case group == expInfraGroup:
		to, why = infraGroup, "nobody serves this group, and one stored Cluster that refers to it makes every list of Clusters fail"
	case group == infraGroup && old && slices.Contains(kinds, kind):
		to, why = infraGroup, version+" is not served any more; v1beta1 has its fields"
		if version == "v1alpha4" {
			why = "v1alpha4 is deprecated; v1beta1 has the same fields"
		}
	case group == coreGroup && old:
		to, why = coreGroup, "Cluster API does not serve "+version+" any more"
	case group == expCoreGroup:
		to, why = coreGroup, "MachinePool moved to this group; Cluster API does not serve the old one any more"
	default:
		return
	}
	if version != "" {
		to += "/" + servedVersion
	}
	edits, err := c.text.replaceScalar(n, to)
	c.change(n, field, n.Value+" -> "+to, why, edits, err)
}

// core converts Cluster API's own kinds.
func (c *conversion) core(root *yaml.Node, version string) {
	switch c.current.kind {
	case "Cluster":
		c.foreignNamespace(root, "spec", "controlPlaneRef")
		c.foreignNamespace(root, "spec", "infrastructureRef")
	case "MachinePool":
		if version == "v1alpha3" {
			c.drop(find(root, "spec"), "spec", "strategy", "a MachinePool has no strategy since v1alpha4")
		}
		c.bootstrap(root)
		c.foreignNamespace(root, "spec", "template", "spec", "infrastructureRef")
	}
}

// bootstrap gives a MachinePool of AKS nodes the empty bootstrap data Cluster API's webhook insists on: AKS boots its nodes itself.
func (c *conversion) bootstrap(root *yaml.Node) {
	const why = "Cluster API refuses a MachinePool without bootstrap; AKS needs none"
	spec := find(root, "spec", "template", "spec")
	if scalar(spec, "infrastructureRef", "kind") != "AzureManagedMachinePool" {
		return
	}
	const field = "spec.template.spec.bootstrap"
	key, value := entry(spec, "bootstrap")
	switch {
	case key == nil:
		edits, err := c.text.prepend(spec, "bootstrap", `{"dataSecretName": ""}`, `dataSecretName: ""`)
		c.change(spec, field, `added {dataSecretName: ""}`, why, edits, err)
	case isNull(value):
		edits, err := c.text.setEmpty(key, value, `{"dataSecretName": ""}`)
		c.change(key, field, `set to {dataSecretName: ""}`, why, edits, err)
	case value.Kind != yaml.MappingNode || find(value, "configRef") != nil:
		return
	default:
		if k, v := entry(value, "dataSecretName"); k == nil {
			edits, err := c.text.prepend(value, "dataSecretName", `""`)
			c.change(key, field+".dataSecretName", `added ""`, why, edits, err)
		} else if isNull(v) {
			edits, err := c.text.setEmpty(k, v, `""`)
			c.change(key, field+".dataSecretName", `set to ""`, why, edits, err)
		}
	}
}

// infrastructure converts this provider's kinds.
func (c *conversion) infrastructure(root *yaml.Node) {
	spec, path := find(root, "spec"), "spec"
	switch c.current.kind {
	case "AzureClusterIdentity":
		c.allowedNamespaces(spec)
		return
	case "AzureManagedControlPlane":
	case "AzureManagedControlPlaneTemplate":
		spec, path = find(root, "spec", "template", "spec"), "spec.template.spec"
	default:
		return
	}
	if spec == nil || spec.Kind != yaml.MappingNode {
		return
	}
	c.drop(spec, path, "defaultPoolRef", "the system pool is the AzureManagedMachinePool with mode System")
	c.sku(spec, path+".sku")
	c.controlPlaneNotes(spec, path)
}

func (c *conversion) drop(spec *yaml.Node, path, field, why string) {
	if key, value := entry(spec, field); key != nil {
		edits, err := c.text.remove(spec, key, value)
		c.change(key, path+"."+field, "removed", why, edits, err)
	}
}

// sku writes the bare string of the old documentation as the object every release has read.
func (c *conversion) sku(spec *yaml.Node, field string) {
	key, value := entry(spec, "sku")
	if key == nil || value.Kind != yaml.ScalarNode || !isSet(value) {
		return
	}
	tier := value.Value
	if strings.EqualFold(tier, "Paid") {
		tier = "Standard"
	}
	edits, err := c.text.wrapScalar(spec, key, value, "tier", tier)
	c.change(key, field, value.Value+" -> {tier: "+tier+"}", "sku is an object; Paid is the old name of Standard", edits, err)
}

// allowedNamespaces was a list in v1alpha3.
func (c *conversion) allowedNamespaces(spec *yaml.Node) {
	const field = "spec.allowedNamespaces"
	key, value := entry(spec, "allowedNamespaces")
	if key == nil || value.Kind != yaml.SequenceNode {
		return
	}
	edits, err := c.text.wrapList(key, value, "list")
	c.change(key, field, "list -> {list: ...}", "namespaces are named by list or chosen by selector since v1alpha4", edits, err)
	if len(value.Content) == 0 {
		c.note(key, field, "the list is empty", "that meant every namespace in v1alpha3 and means none now: write {} for every namespace")
	}
}
