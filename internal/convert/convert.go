package convert

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Remark is one change that was made, or one thing the author has to look at.
type Remark struct {
	Line, Document int // both from 1
	Kind, Name     string
	Field          string
	What, Why      string
}

// String is the remark in one line.
func (r Remark) String() string {
	return fmt.Sprintf("line %d, document %d, %s %s: %s: %s: %s", r.Line, r.Document, r.Kind, r.Name, r.Field, r.What, r.Why)
}

// Result is a converted stream of YAML documents.
type Result struct {
	Output  []byte
	Changes []Remark // what is different in Output
	Notes   []Remark // what was left for the author
}

// Convert rewrites a stream of YAML (or JSON) documents. Converting its output again changes nothing.
func Convert(input []byte) (Result, error) {
	first, err := run(input)
	if err != nil || len(first.Changes) == 0 {
		return first, err
	}
	again, err := run(first.Output)
	if err != nil {
		return Result{}, fmt.Errorf("the converted text cannot be read any more (please report this): %w", err)
	}
	if len(again.Changes) > 0 {
		return Result{}, fmt.Errorf("the conversion did not take (please report this): %s", again.Changes[0])
	}
	return first, nil
}

func run(input []byte) (Result, error) {
	c := &conversion{text: newText(input)}
	decoder := yaml.NewDecoder(bytes.NewReader(input))
	for c.document = 1; ; c.document++ {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Result{}, unreadable(input, err)
		}
		if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
			c.object(root.Content[0])
		}
	}
	for _, remarks := range [][]Remark{c.changes, c.notes} {
		slices.SortStableFunc(remarks, func(a, b Remark) int { return cmp.Compare(a.Line, b.Line) })
	}
	output, err := c.text.apply(c.edits)
	return Result{Output: output, Changes: c.changes, Notes: c.notes}, err
}

func unreadable(input []byte, err error) error {
	if bytes.Contains(input, []byte("${")) {
		return fmt.Errorf("%w (this looks like a template: fill in its variables first, for example with clusterctl generate yaml --from)", err)
	}
	return err
}

// conversion is the state of one run over one stream.
type conversion struct {
	text           *text
	document       int
	current        header
	edits          []edit
	changes, notes []Remark
}

// header is what identifies the object that is being converted.
type header struct{ apiVersion, kind, namespace, name string }

func (c *conversion) remark(at *yaml.Node, field, what, why string) Remark {
	return Remark{
		Line: at.Line, Document: c.document, Kind: c.current.kind, Name: c.current.name, Field: field, What: what, Why: why,
	}
}

// change records an edit, or, where the text is written in a way that cannot be edited safely, a note with the same meaning.
func (c *conversion) change(at *yaml.Node, field, what, why string, edits []edit, err error) {
	if err != nil {
		c.note(at, field, what+" (not changed: "+err.Error()+")", why)
		return
	}
	c.edits = append(c.edits, edits...)
	c.changes = append(c.changes, c.remark(at, field, what, why))
}

func (c *conversion) note(at *yaml.Node, field, what, why string) {
	c.notes = append(c.notes, c.remark(at, field, what, why))
}
