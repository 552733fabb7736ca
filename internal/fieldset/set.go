// Package fieldset works on JSON documents as data: paths, sets of paths, reading, writing and merging by path.
//
// It must not know what a path means: no Azure names, no schemas, no rules of comparison. It does no I/O and
// changes only the documents it is told to change (Put and Remove); everything it returns is a copy.
package fieldset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Set is a set of leaf paths. It is stored in an annotation in the form Kubernetes uses for managedFields, which is
// compact because common prefixes are written once: {"f:sku":{"f:tier":{}},"f:tags":{"f:env":{}}}.
// A nil *Set can be read like an empty one; whoever gives nil a meaning of its own ("nothing is known") compares with nil.
type Set struct {
	fields fieldpath.Set
	// notes are two characters about members, by their paths; sets made out of others have none.
	notes map[string]string
}

// NewSet is a set of the given paths.
func NewSet(paths ...Path) *Set {
	s := &Set{}
	for _, p := range paths {
		s.Insert(p)
	}
	return s
}

// Leaves are the paths of everything a document says: scalars, nulls, lists and empty maps. A map with keys is
// not a leaf; its values are.
func Leaves(o Object) *Set {
	s := &Set{}
	walk(nil, o, func(p Path, _ any) { s.Insert(p) })
	return s
}

func walk(at Path, o Object, leaf func(Path, any)) {
	for key, value := range o {
		p := at.Child(key)
		if m, ok := value.(Object); ok && len(m) > 0 {
			walk(p, m, leaf)
			continue
		}
		leaf(p, value)
	}
}

// Insert adds a path. The root (an empty path) cannot be a member.
func (s *Set) Insert(p Path) { s.fields.Insert(elements(p)) }

// Has says whether exactly p is a member; a path above or below a member is none.
func (s *Set) Has(p Path) bool { return s != nil && s.fields.Has(elements(p)) }

// Len is the number of members.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return s.fields.Size()
}

// Empty says whether there are no members.
func (s *Set) Empty() bool { return s == nil || s.fields.Empty() }

// Equal says whether both sets have the same members.
func (s *Set) Equal(other *Set) bool { return s.read().Equals(other.read()) }

// With is the set with some more members; it keeps its notes.
func (s *Set) With(paths ...Path) *Set {
	out := s.Union(NewSet(paths...))
	if s != nil {
		out.notes = s.notes
	}
	return out
}

// Union has the members of both sets.
func (s *Set) Union(other *Set) *Set { return &Set{fields: *s.read().Union(other.read())} }

// Difference has the members of s that are not members of other.
func (s *Set) Difference(other *Set) *Set { return &Set{fields: *s.read().Difference(other.read())} }

// Intersection has the members that both sets have.
func (s *Set) Intersection(other *Set) *Set {
	return &Set{fields: *s.read().Intersection(other.read())}
}

// Each calls visit with every member, in sorted order.
func (s *Set) Each(visit func(Path)) {
	for _, p := range s.Paths() {
		visit(p)
	}
}

// Paths are the members, sorted.
func (s *Set) Paths() []Path {
	var all []Path
	s.read().Iterate(func(e fieldpath.Path) {
		p := make(Path, 0, len(e))
		for _, element := range e {
			p = append(p, *element.FieldName)
		}
		all = append(all, p)
	})
	slices.SortFunc(all, slices.Compare[Path])
	return all
}

// MarshalJSON writes the managedFields form; a nil set is written like an empty one. Notes follow in one string, in the
// order of the members: {"f:sku":{"f:tier":{}},"=":"Xy"}.
func (s *Set) MarshalJSON() ([]byte, error) {
	data, err := s.read().ToJSON()
	if err != nil || s == nil || len(s.notes) == 0 || s.Empty() {
		return data, err
	}
	var notes strings.Builder
	s.Each(func(p Path) {
		if note := s.Noted(p); note != "" {
			notes.WriteString(note)
		} else {
			notes.WriteString(noNote)
		}
	})
	return fmt.Appendf(bytes.TrimSuffix(data, []byte("}")), `,%q:%q}`, notesKey, notes.String()), nil
}

// UnmarshalJSON reads the managedFields form. Only field names ("f:") are accepted: lists are atomic here, so keys,
// values and indices of list items cannot be members.
func (s *Set) UnmarshalJSON(data []byte) error {
	data, notes := splitNotes(data)
	var in fieldpath.Set
	if err := in.FromJSON(bytes.NewReader(data)); err != nil {
		return fmt.Errorf("set of field paths %.80q is not in managedFields form: %w", data, err)
	}
	var bad string
	in.Iterate(func(p fieldpath.Path) {
		for _, element := range p {
			if element.FieldName == nil && bad == "" {
				bad = p.String()
			}
		}
	})
	if bad != "" {
		return fmt.Errorf("set of field paths holds %s, which leads into a list; only field names are allowed", bad)
	}
	s.fields, s.notes = in, nil
	if len(notes) == s.Len()*len(noNote) {
		for i, p := range s.Paths() {
			s.Note(p, notes[i*len(noNote):(i+1)*len(noNote)])
		}
	}
	return nil
}

const (
	notesKey = "="
	noNote   = "--"
)

// splitNotes takes the notes out of a stored set. What is no set comes back as it was, for the error message.
func splitNotes(data []byte) (fields []byte, notes string) {
	all := map[string]json.RawMessage{}
	if json.Unmarshal(data, &all) != nil || all[notesKey] == nil || json.Unmarshal(all[notesKey], &notes) != nil {
		return data, ""
	}
	delete(all, notesKey)
	fields, err := json.Marshal(all)
	if err != nil {
		return data, ""
	}
	return fields, notes
}

// Note keeps two characters about a member; they are stored with the set and take no part in comparisons. Another length
// is ignored.
func (s *Set) Note(p Path, note string) {
	if len(note) != len(noNote) || note == noNote {
		return
	}
	if s.notes == nil {
		s.notes = map[string]string{}
	}
	s.notes[p.String()] = note
}

// Noted is what Note kept, or nothing.
func (s *Set) Noted(p Path) string {
	if s == nil {
		return ""
	}
	return s.notes[p.String()]
}

func (s *Set) read() *fieldpath.Set {
	if s == nil {
		return &fieldpath.Set{}
	}
	return &s.fields
}

func elements(p Path) fieldpath.Path {
	e := make(fieldpath.Path, 0, len(p))
	for _, key := range p {
		e = append(e, fieldpath.FieldNameElement(key))
	}
	return e
}
