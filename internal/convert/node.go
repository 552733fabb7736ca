package convert

import "go.yaml.in/yaml/v3"

// entry finds a key of a mapping and its value. A value behind an alias is the one the anchor names: that is where it is written.
// Merged mappings (<<) count, since the object has what they have.
func entry(m *yaml.Node, key string) (k, v *yaml.Node) {
	m = resolve(m)
	if m == nil || m.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Value == key {
			return m.Content[i], resolve(m.Content[i+1])
		}
	}
	for i := 0; i+1 < len(m.Content); i += 2 {
		if m.Content[i].Tag == "!!merge" {
			if k, v := entry(m.Content[i+1], key); k != nil {
				return k, v
			}
		}
	}
	return nil, nil
}

// find follows keys from a mapping. The result is nil where one is missing.
func find(m *yaml.Node, path ...string) *yaml.Node {
	for _, key := range path {
		_, m = entry(m, key)
	}
	return resolve(m)
}

// scalar is the text of a value, "" where there is none or it is not a scalar.
func scalar(m *yaml.Node, path ...string) string {
	if n := find(m, path...); n != nil && n.Kind == yaml.ScalarNode {
		return n.Value
	}
	return ""
}

func resolve(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isFlow(n *yaml.Node) bool { return n.Style&yaml.FlowStyle != 0 }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// isSet says whether a value is there and not empty, as the API server would see it.
func isSet(n *yaml.Node) bool {
	switch {
	case n == nil || isNull(n):
		return false
	case n.Kind == yaml.ScalarNode:
		return n.Value != ""
	}
	return len(n.Content) > 0
}
