package armfield

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/capaks/capaks/internal/fieldset"
)

// Field is one leaf of a spec: a value that is sent, compared and owned as a whole.
type Field struct {
	// JSONPath is where the field is in the spec: "loadBalancerProfile.outboundIPs".
	JSONPath string
	// ARMPath is the property it stands for, as in the tag; empty when Computed says why there is none.
	ARMPath  string
	Computed string
	// GoType is the type of the struct field.
	GoType     reflect.Type
	Mutability Mutability
	// Compare are the words of plan.Compare: "set,id".
	Compare string
	Release Release
	// Impact is what a change does, in words.
	Impact string

	codec codec
	index [][]int // struct field indices, one list for each struct on the way
}

// Mutability says how a field may change after creation; the zero value is freely.
type Mutability string

// Mutabilities, as in the tag.
const (
	Mutable   Mutability = ""
	Fixed     Mutability = "immutable"
	SetOnce   Mutability = "setonce"
	Precreate Mutability = "precreate"
	Up        Mutability = "up"
	TrueOnly  Mutability = "true-only"
	NoUnset   Mutability = "nounset"
)

// Release says what is sent when a field that was ours is removed from the spec. The zero value leaves it out.
type Release struct {
	// Send is true when the property is to be sent, with Value; a nil Value is an explicit null.
	Send  bool
	Value any
}

var (
	mutabilities = []Mutability{Fixed, SetOnce, Precreate, Up, TrueOnly, NoUnset}
	compareWords = []string{"set", "fold", "id", "location", "version", "cidr"}
	quantityType = reflect.TypeFor[resource.Quantity]()
)

// Path is the value's place in a body, as package fieldset counts: a list is one value, so "x.ips[].id" is at x.ips.
func (f Field) Path() fieldset.Path {
	path, _, _ := strings.Cut(f.ARMPath, "[]")
	return fieldset.ParsePath(path)
}

// RulePath is the key of the field in plan.Rules: its path, with "{}" for a map whose keys are owned one by one.
func (f Field) RulePath() string {
	path := f.Path().String()
	if f.IsMap() {
		path += "{}"
	}
	return path
}

// IsMap reports whether the field is a map of strings.
func (f Field) IsMap() bool { return f.GoType.Kind() == reflect.Map }

var tables sync.Map // reflect.Type -> func() []Field

// Table lists the leaves of a spec in the order of their declaration. The spec is a struct, or a pointer to one; only
// its type matters. A type with a malformed tag is a bug in this program and panics.
func Table(spec any) []Field {
	t := reflect.TypeOf(spec)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	load, _ := tables.LoadOrStore(t, sync.OnceValue(func() []Field {
		var b builder
		b.structure(t, Field{}, tag{})
		return b.fields
	}))
	return load.(func() []Field)()
}

type builder struct{ fields []Field }

// structure adds the leaves of a struct that is found at a field.
func (b *builder) structure(t reflect.Type, at Field, surrounding tag) {
	for i := range t.NumField() {
		sf := t.Field(i)
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "-" || !sf.IsExported() {
			continue
		}
		f := at
		f.index = append(slices.Clone(at.index), sf.Index)
		f.GoType = sf.Type
		if !strings.Contains(options, "inline") {
			f.JSONPath = join(at.JSONPath, name)
		}
		own, err := parseTag(sf.Tag.Get("arm"))
		if err != nil {
			panic(fmt.Sprintf("%s.%s: %v", t, sf.Name, err))
		}
		merged := own.within(surrounding)
		if inner := structType(sf.Type); inner != nil && merged.codec == nil && (merged.computed == "" || tagged(inner)) {
			b.structure(inner, f, merged)
			continue
		}
		if merged.path == "" && merged.computed == "" || own.path == "" && merged.computed == "" {
			panic(fmt.Sprintf("%s.%s: no arm tag; name the Azure property, or \"-\" and a reason", t, sf.Name))
		}
		b.fields = append(b.fields, merged.field(f, t.String()+"."+sf.Name))
	}
}

// structType is the struct behind a field, unless the struct is a scalar in disguise.
func structType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == quantityType {
		return nil
	}
	return t
}

// tagged reports whether fields of a struct have arm tags.
func tagged(t reflect.Type) bool {
	for i := range t.NumField() {
		if _, ok := t.Field(i).Tag.Lookup("arm"); ok {
			return true
		}
		if inner := structType(t.Field(i).Type); inner != nil && inner != t && tagged(inner) {
			return true
		}
	}
	return false
}

func join(parent, child string) string {
	if parent == "" {
		return child
	}
	return parent + "." + child
}
