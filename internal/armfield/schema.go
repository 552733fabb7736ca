package armfield

import (
	"bufio"
	"embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed schema/*.tsv
var schemaFiles embed.FS

// Property is what Microsoft's API description says about one property of an ARM resource body.
//
// Path uses "." between object keys, "[]" for the elements of a list and "{}" for the values of a map:
// "properties.agentPoolProfiles[].tags{}".
type Property struct {
	Path      string
	Type      string // string, integer, number, boolean, array, object or any
	Enum      []string
	Required  bool // within its parent, when the parent is present
	ReadOnly  bool // by its own flag; SchemaTable.ReadOnly also looks at the parents
	WriteOnly bool // never returned by Azure
	Min, Max  *float64
	// MinLength and MaxLength count characters of a string or elements of a list.
	MinLength, MaxLength *int
	Pattern              string
}

// SchemaTable is the property table of one resource kind in one api-version. It is immutable and safe for
// concurrent use. All enum lists are open: Azure adds values without a new api-version.
type SchemaTable struct {
	kind, apiVersion string
	root             *schemaNode
}

type schemaNode struct {
	Property
	children map[string]*schemaNode
	element  *schemaNode // "[]"
	value    *schemaNode // "{}"
	same     *schemaNode // a recursive model: continue there
}

var schemaCache sync.Map // "kind-apiVersion" -> func() *SchemaTable

// Schema returns the property table of a kind ("managedClusters", "agentPools", "virtualNetworks", "subnets",
// "resourceGroups") in an api-version, or nil when there is none.
func Schema(kind, apiVersion string) *SchemaTable {
	key := kind + "-" + apiVersion
	load, _ := schemaCache.LoadOrStore(key, sync.OnceValue(func() *SchemaTable {
		text, err := schemaFiles.ReadFile("schema/" + key + ".tsv")
		if err != nil {
			return nil
		}
		table, err := parseSchema(kind, apiVersion, string(text))
		if err != nil {
			panic(err) // the embedded file is part of this program; a test parses all of them
		}
		return table
	}))
	return load.(func() *SchemaTable)()
}

func parseSchema(kind, apiVersion, text string) (*SchemaTable, error) {
	t := &SchemaTable{kind: kind, apiVersion: apiVersion, root: &schemaNode{Property: Property{Type: "object"}}}
	recursive := map[*schemaNode]string{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		p, err := parseProperty(lines.Text())
		if err != nil {
			return nil, fmt.Errorf("schema %s %s: %w", kind, apiVersion, err)
		}
		n := t.root.grow(schemaSteps(p.Path))
		n.Property = p
		if start, ok := strings.CutPrefix(p.Type, "@"); ok {
			n.Type = "object"
			recursive[n] = start
		}
	}
	for n, start := range recursive {
		n.same = t.root.grow(schemaSteps(start))
	}
	return t, lines.Err()
}

// parseProperty reads one line: path, type, flags, enum, min, max, minLength, maxLength, pattern; empty cells
// at the end are left out.
func parseProperty(line string) (Property, error) {
	cells := append(strings.Split(line, "\t"), make([]string, 8)...)
	p := Property{Path: cells[0], Type: cells[1], Pattern: cells[8]}
	if p.Path == "" || p.Type == "" {
		return p, fmt.Errorf("line %q has no path or no type", line)
	}
	for flag := range strings.SplitSeq(cells[2], ",") {
		switch flag {
		case "":
		case "required":
			p.Required = true
		case "readOnly":
			p.ReadOnly = true
		case "writeOnly":
			p.WriteOnly = true
		default:
			return p, fmt.Errorf("%s: unknown flag %q", p.Path, flag)
		}
	}
	if cells[3] != "" {
		p.Enum = strings.Split(cells[3], "|")
	}
	for i, bound := range []**float64{&p.Min, &p.Max} {
		if cell := cells[4+i]; cell != "" {
			f, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return p, fmt.Errorf("%s: %w", p.Path, err)
			}
			*bound = &f
		}
	}
	for i, length := range []**int{&p.MinLength, &p.MaxLength} {
		if cell := cells[6+i]; cell != "" {
			n, err := strconv.Atoi(cell)
			if err != nil {
				return p, fmt.Errorf("%s: %w", p.Path, err)
			}
			*length = &n
		}
	}
	return p, nil
}

// schemaSteps splits "a.b[].tags{}" or `tags["a.b/c"].x` into a, b, [], tags, {} and a quoted key.
func schemaSteps(path string) []string {
	var steps []string
	for path != "" {
		switch {
		case strings.HasPrefix(path, "[]"), strings.HasPrefix(path, "{}"):
			steps, path = append(steps, path[:2]), path[2:]
		case strings.HasPrefix(path, `["`):
			key, rest, closed := strings.Cut(path[2:], `"]`)
			if !closed {
				return append(steps, path)
			}
			steps, path = append(steps, key), rest
		case path[0] == '.':
			path = path[1:]
		default:
			end := len(path)
			for _, stop := range []string{".", "[]", "{}", `["`} {
				if i := strings.Index(path, stop); i >= 0 && i < end {
					end = i
				}
			}
			steps, path = append(steps, path[:end]), path[end:]
		}
	}
	return steps
}

// grow returns the node at steps and creates what is missing on the way.
func (n *schemaNode) grow(steps []string) *schemaNode {
	for _, step := range steps {
		var next *schemaNode
		switch step {
		case "[]":
			if n.element == nil {
				n.element = &schemaNode{}
			}
			next = n.element
		case "{}":
			if n.value == nil {
				n.value = &schemaNode{}
			}
			next = n.value
		default:
			if n.children == nil {
				n.children = map[string]*schemaNode{}
			}
			if n.children[step] == nil {
				n.children[step] = &schemaNode{}
			}
			next = n.children[step]
		}
		n = next
	}
	return n
}

// open reports that the description says nothing about what is inside.
func (n *schemaNode) open() bool {
	return n.children == nil && n.element == nil && n.value == nil
}

// child is the property of an object, declared by name or as any key of a map; nil when there is none.
func (n *schemaNode) child(key string) *schemaNode {
	if n.same != nil {
		n = n.same
	}
	if c := n.children[key]; c != nil {
		return c
	}
	return n.value
}

// walk visits the nodes from below the root to path; visit returns false to stop early.
func (t *SchemaTable) walk(path string, visit func(*schemaNode)) bool {
	n := t.root
	steps := schemaSteps(path)
	for i, step := range steps {
		if n.same != nil {
			n = n.same
		}
		var next *schemaNode
		switch step {
		case "[]":
			next = n.element
		case "{}":
			next = n.value
		default:
			next = n.child(step)
		}
		if next == nil {
			return false
		}
		visit(next)
		if next == n.value && next.open() && next.same == nil && i < len(steps)-1 {
			return next.Type == "string" // an unquoted map key with dots: tags.example.com/team
		}
		n = next
	}
	return len(steps) > 0
}

// Lookup finds a property by its path. Concrete keys match maps: "tags.team" finds tags{}.
func (t *SchemaTable) Lookup(path string) (Property, bool) {
	var last Property
	ok := t.walk(path, func(n *schemaNode) { last = n.Property })
	if !ok {
		return Property{}, false
	}
	return last, true
}

// ReadOnly reports whether only Azure sets the property at path, because it or one of its parents is read-only.
func (t *SchemaTable) ReadOnly(path string) bool {
	readOnly := false
	t.walk(path, func(n *schemaNode) { readOnly = readOnly || n.ReadOnly })
	return readOnly
}

// Paths lists the paths of all properties in sorted order, as they are in the table.
func (t *SchemaTable) Paths() []string {
	var out []string
	var visit func(n *schemaNode)
	visit = func(n *schemaNode) {
		if n.Path != "" {
			out = append(out, n.Path)
		}
		for _, key := range slices.Sorted(maps.Keys(n.children)) {
			visit(n.children[key])
		}
		for _, below := range []*schemaNode{n.element, n.value} {
			if below != nil {
				visit(below)
			}
		}
	}
	visit(t.root)
	slices.Sort(out)
	return out
}
