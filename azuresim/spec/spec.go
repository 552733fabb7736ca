// Package spec answers what Microsoft's API description says about request and response bodies: which
// properties an api-version knows, their types, limits and flags. It holds no state, speaks no HTTP and knows
// nothing about the behaviour behind a property; rules such as "the first pool must be a system pool" belong
// to the emulated resource provider. It must not be shared with a client of the emulator: a mistake in a
// shared table reader would be invisible to both.
package spec

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed tables/*.tsv
var files embed.FS

// property is one line of a table.
type property struct {
	typ       string // string, integer, number, boolean, array, object, any
	sameAs    string // of a recursive model: the path where the same properties begin
	required  bool
	readOnly  bool
	writeOnly bool
	enum      []string
	min, max  *float64
	minLength int
	maxLength int // -1: no limit
	pattern   string
}

// table maps paths such as "properties.agentPoolProfiles[].tags{}" to properties. "" is the body itself.
type table struct {
	properties map[string]property
	required   map[string][]string // path of an object -> names that must be there
	inside     map[string]bool     // paths the description says something below
}

type resource struct{ resourceType, apiVersion string } // the type in lower case

// index finds the file of each table by its first line, "# <resource type>@<api-version>".
var index = sync.OnceValue(func() map[resource]func() *table {
	entries, err := files.ReadDir("tables")
	if err != nil {
		panic(err) // the folder is embedded
	}
	found := map[resource]func() *table{}
	for _, entry := range entries {
		raw, err := files.ReadFile("tables/" + entry.Name())
		if err != nil {
			panic(err)
		}
		text := string(raw)
		head, _, _ := strings.Cut(strings.TrimPrefix(text, "# "), "\n")
		resourceType, apiVersion, _ := strings.Cut(head, "@")
		found[resource{strings.ToLower(resourceType), apiVersion}] = sync.OnceValue(func() *table {
			t, err := parse(text)
			if err != nil {
				panic(fmt.Errorf("%s: %w", entry.Name(), err))
			}
			return t
		})
	}
	return found
})

func lookup(resourceType, apiVersion string) *table {
	load := index()[resource{strings.ToLower(resourceType), apiVersion}]
	if load == nil {
		return nil
	}
	return load()
}

// Known reports whether there is a table for a resource type ("Microsoft.ContainerService/managedClusters",
// without regard to case) in an api-version.
func Known(resourceType, apiVersion string) bool {
	return index()[resource{strings.ToLower(resourceType), apiVersion}] != nil
}

// versions lists the api-versions of each type, oldest first; every route asks when the emulator starts.
var versions = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for r := range index() {
		out[r.resourceType] = append(out[r.resourceType], r.apiVersion)
	}
	for _, list := range out {
		slices.Sort(list)
	}
	return out
})

// APIVersions lists the api-versions with a table for a resource type, oldest first.
func APIVersions(resourceType string) []string {
	return slices.Clone(versions()[strings.ToLower(resourceType)])
}

func parse(text string) (*table, error) {
	t := &table{properties: map[string]property{"": {typ: "object", maxLength: -1}}, required: map[string][]string{}, inside: map[string]bool{}}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		path, p, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		t.properties[path] = p
		above, name := split(path)
		t.inside[above] = true
		if p.required {
			t.required[above] = append(t.required[above], name)
		}
	}
	return t, nil
}

func parseLine(line string) (path string, p property, err error) {
	var cells [9]string
	copy(cells[:], strings.Split(line, "\t"))
	p = property{typ: cells[1], maxLength: -1, pattern: cells[8]}
	if at, recursive := strings.CutPrefix(p.typ, "@"); recursive {
		p.typ, p.sameAs = "object", at
	}
	p.required = strings.Contains(cells[2], "required")
	p.readOnly = strings.Contains(cells[2], "readOnly")
	p.writeOnly = strings.Contains(cells[2], "writeOnly")
	if cells[3] != "" {
		p.enum = strings.Split(cells[3], "|")
	}
	if p.min, err = limit(cells[4]); err == nil {
		p.max, err = limit(cells[5])
	}
	if err == nil && cells[6] != "" {
		p.minLength, err = strconv.Atoi(cells[6])
	}
	if err == nil && cells[7] != "" {
		p.maxLength, err = strconv.Atoi(cells[7])
	}
	return cells[0], p, err
}

func limit(cell string) (*float64, error) {
	if cell == "" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(cell, 64)
	return &f, err
}

// split cuts a path into its parent and the last step, which is a name, "[]" or "{}".
func split(path string) (parent, name string) {
	if cut := len(path) - 2; cut >= 0 && (path[cut:] == "[]" || path[cut:] == "{}") {
		return path[:cut], path[cut:]
	}
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// below returns the path and the property of a key inside the object at path.
func (t *table) below(path, key string) (string, property, bool) {
	path = t.canonical(path)
	named := join(path, key)
	if p, ok := t.properties[named]; ok {
		return named, p, true
	}
	p, ok := t.properties[path+"{}"]
	return path + "{}", p, ok
}

// element returns the path and the property of the elements of the list at path.
func (t *table) element(path string) (string, property, bool) {
	p, ok := t.properties[path+"[]"]
	return path + "[]", p, ok
}

// canonical follows a recursive model to where its properties are listed.
func (t *table) canonical(path string) string {
	if p, ok := t.properties[path]; ok && p.sameAs != "" {
		return p.sameAs
	}
	return path
}

// described reports whether the table says anything about what is inside path; if not, anything goes.
func (t *table) described(path string) bool { return t.inside[t.canonical(path)] }

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
