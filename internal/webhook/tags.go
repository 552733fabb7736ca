package webhook

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// reservedInTags are the characters Azure takes in no name of a tag.
// https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources
const reservedInTags = `<>%&\?/`

// tagProblems are those of the names of tags; the schema cannot look at the keys of a map.
func tagProblems(tags map[string]string, path *field.Path) field.ErrorList {
	var problems field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if i := strings.IndexAny(name, reservedInTags); i >= 0 {
			problems = append(problems, field.Invalid(path, name, "has the character "+name[i:i+1]+", which the name of an Azure tag must not have: leave out all of "+reservedInTags))
		}
	}
	return problems
}
