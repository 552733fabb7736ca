package armfield

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// tag is a parsed arm tag.
type tag struct {
	path       string
	computed   string
	mutability Mutability
	compare    []string
	release    Release
	impact     string
	codec      codec
}

func parseTag(text string) (tag, error) {
	var t tag
	words := strings.Split(text, ",")
	t.path, words = words[0], words[1:]
	if t.path == "-" {
		t.path = ""
		if len(words) == 0 || words[0] == "" {
			return t, fmt.Errorf("arm tag %q: a reason must follow the dash", text)
		}
		t.computed, words = words[0], words[1:]
	}
	for _, word := range words {
		if err := t.option(word); err != nil {
			return t, fmt.Errorf("arm tag %q: %w", text, err)
		}
	}
	return t, nil
}

func (t *tag) option(word string) error {
	key, value, _ := strings.Cut(word, "=")
	switch {
	case slices.Contains(mutabilities, Mutability(word)):
		t.mutability = Mutability(word)
	case slices.Contains(compareWords, word):
		t.compare = append(t.compare, word)
		if word == "version" {
			t.codec = versionCodec{}
		}
	case key == "release":
		t.release.Send = true
		if err := utiljson.Unmarshal([]byte(value), &t.release.Value); err != nil {
			return fmt.Errorf("release %q is not JSON: %w", value, err)
		}
	case key == "impact":
		t.impact = value
	case key == "key":
		t.codec = objectsCodec{key: value}
	case key == "alias":
		from, to, ok := strings.Cut(value, ":")
		if !ok {
			return fmt.Errorf("alias %q: write alias=A:B", value)
		}
		t.codec = aliasCodec{from: from, to: to}
	default:
		c, ok := codecs[word]
		if !ok {
			return fmt.Errorf("unknown option %q", word)
		}
		t.codec = c
	}
	return nil
}

// within adds what a surrounding field says about all fields inside it.
func (t tag) within(outer tag) tag {
	switch {
	case outer.path != "" && t.path != "":
		t.path = outer.path + "." + t.path
	case t.path == "" && t.computed == "":
		t.path, t.computed = outer.path, outer.computed
	}
	if t.mutability == Mutable {
		t.mutability = outer.mutability
	}
	return t
}

// field completes a leaf with what its tag says.
func (t tag) field(f Field, name string) Field {
	f.ARMPath, f.Computed = t.path, t.computed
	f.Mutability, f.Release, f.Impact = t.mutability, t.release, t.impact
	f.Compare = strings.Join(t.compare, ",")
	f.codec = t.codec
	if c, ok := f.codec.(objectsCodec); ok && c.key != "" {
		c.keyOf(reflect.Zero(f.GoType.Elem())) // or panic
	}
	if f.codec == nil && f.ARMPath != "" {
		f.codec = codecFor(f.GoType, f.ARMPath)
		if f.codec == nil {
			panic(fmt.Sprintf("%s: values of type %s cannot be sent; use a pointer, a string, a list or a map of strings, "+
				"or an option that says how", name, f.GoType))
		}
	}
	return f
}
