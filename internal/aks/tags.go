package aks

import (
	"maps"
	"strings"

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

// withOwnership gives a body its ownership tags back, which a patch may have changed, removed, or spelt in another way: tags
// are one to Azure whatever the case of their keys. Without them nobody could tell whose the resource is.
func withOwnership(body fieldset.Object, clusterName, resourceName string) fieldset.Object {
	tags := map[string]any{}
	if patched, ok := body["tags"].(fieldset.Object); ok {
		maps.Copy(tags, patched)
	}
	for key, value := range ownershipTags(clusterName, resourceName, nil) {
		maps.DeleteFunc(tags, func(other string, _ any) bool { return strings.EqualFold(other, key) })
		tags[key] = value
	}
	body["tags"] = tags
	return body
}

// ownedByTag tells whether an observed resource carries the ownership tag of the Cluster.
func ownedByTag(body fieldset.Object, clusterName string) bool {
	value, _ := fieldset.Get(body, fieldset.Path{"tags", OwnerTag(clusterName)})
	return value == v1beta1.OwnedTagValue
}
