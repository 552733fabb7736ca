package imported

import (
	"fmt"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/config"
)

// spelled writes the words of a spec as its schema has them, and leaves out those that it does not have: Azure spells words as it
// likes, and has some (networkPolicy none) that stand for nothing given.
func (a *objects) spelled(plural, subject string, spec any) error {
	file, err := config.CRDs.ReadFile("crd/bases/" + v1beta1.GroupVersion.Group + "_" + plural + ".yaml")
	if err != nil {
		return err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(file, crd); err != nil {
		return err
	}
	i := slices.IndexFunc(crd.Spec.Versions, func(v apiextensionsv1.CustomResourceDefinitionVersion) bool { return v.Storage })
	if i < 0 {
		return fmt.Errorf("%s has no stored version", crd.Name)
	}
	schema := crd.Spec.Versions[i].Schema.OpenAPIV3Schema.Properties["spec"]
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
	if err != nil {
		return err
	}
	a.spell(subject, "spec", &schema, content)
	clearSpec(spec)
	return runtime.DefaultUnstructuredConverter.FromUnstructured(content, spec)
}

// spell goes through an object; keys of maps have no schema of their own, and no words.
func (a *objects) spell(subject, path string, schema *apiextensionsv1.JSONSchemaProps, content map[string]any) {
	for key, value := range content {
		property, known := schema.Properties[key]
		if !known {
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			a.spell(subject, path+"."+key, &property, value)
		case string:
			word, ok := wordOf(&property, value)
			if content[key] = word; !ok {
				delete(content, key)
				a.notes = append(a.notes, fmt.Sprintf("%s.%s of %s is left out: it has no value for %q", path, key, subject, value))
			}
		case []any:
			for i := range value {
				item, _ := value[i].(map[string]any)
				if item != nil && property.Items != nil {
					a.spell(subject, fmt.Sprintf("%s.%s[%d]", path, key, i), property.Items.Schema, item)
				}
			}
		}
	}
}

func wordOf(schema *apiextensionsv1.JSONSchemaProps, value string) (string, bool) {
	if len(schema.Enum) == 0 {
		return value, true
	}
	for _, raw := range schema.Enum {
		var word string
		if utiljson.Unmarshal(raw.Raw, &word) == nil && strings.EqualFold(word, value) {
			return word, true
		}
	}
	return "", false
}
