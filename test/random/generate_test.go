package random_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/config"
	"github.com/capaks/capaks/internal/armfield"
)

type schema = apiextensionsv1.JSONSchemaProps

// kind is a kind of object whose fields are edited.
type kind struct {
	schema *schema
	// fields are the paths of the leaves that edits are made of, fixed ones those that are only given at creation.
	fields, fixed []string
}

func newKind(plural string, spec any) (*kind, error) {
	text, err := config.CRDs.ReadFile("crd/bases/infrastructure.cluster.x-k8s.io_" + plural + ".yaml")
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(text, crd); err != nil {
		return nil, err
	}
	k := &kind{}
	for _, version := range crd.Spec.Versions {
		if version.Name == "v1beta1" {
			root := version.Schema.OpenAPIV3Schema.Properties["spec"]
			k.schema = &root
		}
	}
	missing := map[string]bool{}
	for _, field := range armfield.Table(spec) {
		path := k.whole(field.JSONPath)
		if without(path) != "" {
			continue
		}
		for n := range uint64(20) { // whatever is chosen inside
			if _, err := k.value(path, rand.New(rand.NewPCG(n, n))); err != nil {
				missing[err.Error()] = true
			}
		}
		if field.Mutability == armfield.Fixed || field.Mutability == armfield.Precreate || created[strings.Split(path, ".")[0]] != "" {
			k.fixed = append(k.fixed, path)
		} else {
			k.fields = append(k.fields, path)
		}
	}
	if len(missing) > 0 {
		return nil, errors.New(strings.Join(slices.Sorted(maps.Keys(missing)), "\n"))
	}
	return k, nil
}

// whole is the path of a field, or of the block around it that the schema takes as a whole only (sku).
func (k *kind) whole(path string) string {
	s := k.schema
	keys := strings.Split(path, ".")
	for i, key := range keys {
		child := s.Properties[key]
		if s = &child; len(s.Enum) > 0 {
			return strings.Join(keys[:i+1], ".")
		}
	}
	return path
}

// without is why a field is not edited, for it or for the block it is in.
func without(path string) string {
	for prefix, why := range left {
		if path == prefix || strings.HasPrefix(path, prefix+".") {
			return why
		}
	}
	return ""
}

func kinds() (cluster, pool *kind, err error) {
	cluster, err = newKind("azuremanagedcontrolplanes", v1beta1.AzureManagedControlPlaneSpec{})
	pool, more := newKind("azuremanagedmachinepools", v1beta1.AzureManagedMachinePoolSpec{})
	return cluster, pool, errors.Join(err, more)
}

// at is the schema of a field.
func (k *kind) at(path string) *schema {
	s := k.schema
	for key := range strings.SplitSeq(path, ".") {
		child := s.Properties[key]
		s = &child
	}
	return s
}

// value is a random value of a field.
func (k *kind) value(path string, r *rand.Rand) (any, error) {
	return value(path, k.at(path), r)
}

func value(path string, s *schema, r *rand.Rand) (any, error) {
	switch {
	case len(words[path]) > 0:
		return pick(r, words[path]), nil
	case len(s.Enum) > 0:
		var v any
		err := utiljson.Unmarshal(pick(r, s.Enum).Raw, &v)
		return v, err
	}
	switch s.Type {
	case "boolean":
		return r.IntN(2) == 0, nil
	case "integer":
		return number(s, r), nil
	case "array":
		return list(path, s, r)
	case "object":
		return block(path, s, r, nil)
	}
	return nil, fmt.Errorf("no word for a text at %s: add some to words, or say in left why it is not edited", path)
}

// number is often one of the limits.
func number(s *schema, r *rand.Rand) int64 {
	low, high := int64(0), int64(100)
	if s.Minimum != nil {
		low = int64(*s.Minimum)
	}
	if high = max(high, low+10); s.Maximum != nil {
		high = int64(*s.Maximum)
	}
	n := low
	switch r.IntN(4) {
	case 0:
	case 1:
		n = high
	default:
		n += r.Int64N(high - low + 1)
	}
	if s.MultipleOf != nil {
		n -= n % int64(*s.MultipleOf)
	}
	return n
}

func list(path string, s *schema, r *rand.Rand) (any, error) {
	least, most := int64(0), int64(3)
	if s.MinItems != nil {
		least = *s.MinItems
	}
	if s.MaxItems != nil {
		most = min(max(most, least), *s.MaxItems)
	}
	out := []any{}
	seen := map[string]bool{}
	for range least + r.Int64N(most-least+1) {
		item, err := value(path+"[]", s.Items.Schema, r)
		if err != nil {
			return nil, err
		}
		key := keyOf(item, s.XListMapKeys)
		if !seen[key] {
			out, seen[key] = append(out, item), true
		}
	}
	if len(s.XListMapKeys) == 0 && least == 0 && len(out) == 0 { // also find out what has no word
		_, err := value(path+"[]", s.Items.Schema, r)
		return out, err
	}
	return out, nil
}

func keyOf(item any, keys []string) string {
	if object, ok := item.(map[string]any); ok && len(keys) > 0 {
		var parts []string
		for _, key := range keys {
			parts = append(parts, fmt.Sprint(object[key]))
		}
		return strings.Join(parts, "/")
	}
	raw, err := json.Marshal(item)
	if err != nil {
		return fmt.Sprint(item)
	}
	return string(raw)
}

// block is an object with what it requires, what is named, and some of the rest.
func block(path string, s *schema, r *rand.Rand, with map[string]any) (any, error) {
	out := map[string]any{}
	if s.AdditionalProperties != nil && len(s.Properties) == 0 {
		for range r.IntN(3) {
			out[fmt.Sprint(pick(r, words["{}"]))] = pick(r, words["{}="])
		}
		return out, nil
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		if v, ok := with[key]; ok {
			out[key] = v
			continue
		}
		if without(path+"."+key) != "" || !slices.Contains(s.Required, key) && r.IntN(3) > 0 {
			continue
		}
		child := s.Properties[key]
		v, err := value(path+"."+key, &child, r)
		if err != nil {
			return nil, err
		}
		out[key] = v
	}
	return out, nil
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// edit changes, adds or drops a field of a spec. Where the block a field is in is not there it is added as a whole, with
// what else it needs.
func (k *kind) edit(name string, spec map[string]any, paths []string, r *rand.Rand) (edit, error) {
	path := pick(r, paths)
	keys := strings.Split(path, ".")
	there := spec
	for i, key := range keys {
		next, ok := there[key]
		at := strings.Join(keys[:i+1], ".")
		if !ok {
			v, err := k.filled(keys, i+1, r)
			return edit{Object: name, Do: "set", Path: at, Value: v}, err
		}
		if i == len(keys)-1 || r.IntN(8) == 0 {
			if r.IntN(3) == 0 {
				return edit{Object: name, Do: "drop", Path: at}, nil
			}
		}
		if i == len(keys)-1 {
			break
		}
		if there, ok = next.(map[string]any); !ok {
			break
		}
	}
	v, err := k.value(path, r)
	return edit{Object: name, Do: "set", Path: path, Value: v}, err
}

// filled is the value at the first n keys of a path, with the rest of the path in it.
func (k *kind) filled(keys []string, n int, r *rand.Rand) (any, error) {
	v, err := k.value(strings.Join(keys, "."), r)
	for i := len(keys) - 1; i >= n && err == nil; i-- {
		path := strings.Join(keys[:i], ".")
		v, err = block(path, k.at(path), r, map[string]any{keys[i]: v})
	}
	return v, err
}
