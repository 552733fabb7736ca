package aks

import (
	"maps"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// nameTag is the tag existing installations put the resource's name into.
const nameTag = "Name"

// OwnerTag is the tag key by which a resource says that it belongs to a Cluster.
func OwnerTag(clusterName string) string { return v1beta1.OwnerTagPrefix + clusterName }

// ownershipTags are the user's tags plus the ownership tags; ownership wins, or a user's tag could take a
// resource away from its cluster.
func ownershipTags(clusterName, resourceName string, additional map[string]string) map[string]any {
	tags := make(map[string]any, len(additional)+3)
	for key, value := range additional {
		tags[key] = value
	}
	maps.Copy(tags, map[string]any{
		OwnerTag(clusterName): v1beta1.OwnedTagValue,
		v1beta1.RoleTag:       v1beta1.RoleTagCommon,
		nameTag:               resourceName,
	})
	return tags
}

// ownedByTag tells whether an observed resource carries the ownership tag of the Cluster.
func ownedByTag(body fieldset.Object, clusterName string) bool {
	value, _ := fieldset.Get(body, fieldset.Path{"tags", OwnerTag(clusterName)})
	return value == v1beta1.OwnedTagValue
}
