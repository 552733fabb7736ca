package convert

import (
	"bytes"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// replaceScalar writes another value in place of a scalar, with the quotes it had.
func (t *text) replaceScalar(n *yaml.Node, with string) ([]edit, error) {
	start, end, err := t.scalar(n)
	if err != nil {
		return nil, err
	}
	if n.Style != 0 {
		quote := string(t.raw[start])
		with = quote + with + quote
	}
	return []edit{{start, end, with}}, nil
}

// word is a value that stays one value inside { }.
var word = regexp.MustCompile(`^(["']?)[A-Za-z0-9]+["']?$`)

// wrapScalar turns `key: value` into `key: {inner: value}`. A value that would not survive braces, such as ${VARIABLE}, gets a line of
// its own.
func (t *text) wrapScalar(parent, key, value *yaml.Node, inner, with string) ([]edit, error) {
	start, end, err := t.scalar(value)
	if err != nil {
		return nil, err
	}
	raw := strings.Replace(string(t.raw[start:end]), value.Value, with, 1)
	if isFlow(parent) || word.MatchString(raw) {
		if raw[0] == '"' {
			inner = `"` + inner + `"`
		}
		return []edit{{start, end, "{" + inner + ": " + raw + "}"}}, nil
	}
	colon, err := t.colon(key)
	if err != nil {
		return nil, err
	}
	return []edit{{colon, end, t.newline() + indent(key.Column+1) + inner + ": " + raw}}, nil
}

// wrapList turns a list into `{inner: list}`.
func (t *text) wrapList(key, value *yaml.Node, inner string) ([]edit, error) {
	if isFlow(value) {
		start := t.offset(value)
		if t.raw[start] != '[' {
			return nil, errForm
		}
		return []edit{{start, start, `{"` + inner + `": `}, {t.flowEnd(start), t.flowEnd(start), "}"}}, nil
	}
	colon, err := t.colon(key)
	if err != nil {
		return nil, err
	}
	edits := []edit{{colon, colon, t.newline() + indent(key.Column+1) + inner + ":"}}
	for i := key.Line; i < t.blockEnd(key, value); i++ {
		if len(bytes.TrimSpace(t.line(i))) > 0 {
			edits = append(edits, edit{t.lines[i], t.lines[i], "  "})
		}
	}
	return edits, nil
}

// prepend makes `key: value` the first entry of a mapping; block is the value where it stands in lines of its own.
func (t *text) prepend(m *yaml.Node, key, value string, block ...string) ([]edit, error) {
	at := t.offset(m)
	if isFlow(m) {
		if at >= len(t.raw) || t.raw[at] != '{' {
			return nil, errForm
		}
		text := `"` + key + `": ` + value
		if len(m.Content) > 0 {
			text += ", "
		}
		return []edit{{at + 1, at + 1, text}}, nil
	}
	first := m.Content[0]
	// An anchor before the mapping, or an explicit `? key`, would end up in the wrong place.
	if at = t.offset(first); !bytes.HasPrefix(t.raw[at:], []byte(first.Value)) && first.Style == 0 {
		return nil, errForm
	}
	text := key + ":"
	if len(block) == 0 {
		text += " " + value
	}
	for _, line := range block {
		text += t.newline() + indent(first.Column+1) + line
	}
	return []edit{{at, at, text + t.newline() + indent(first.Column-1)}}, nil
}

// setEmpty gives a value to a key that has none.
func (t *text) setEmpty(key, value *yaml.Node, with string) ([]edit, error) {
	if value.Value != "" {
		start, end, err := t.scalar(value)
		return []edit{{start, end, with}}, err
	}
	colon, err := t.colon(key)
	return []edit{{colon, colon, " " + with}}, err
}

// remove takes an entry out of a mapping.
func (t *text) remove(m, key, value *yaml.Node) ([]edit, error) {
	if len(m.Content) < 4 {
		return nil, errForm // the mapping would be null afterwards
	}
	start := t.offset(key)
	if !isFlow(m) {
		begin := t.lines[key.Line-1]
		if len(bytes.TrimSpace(t.raw[begin:start])) > 0 {
			return nil, errForm
		}
		end, err := t.entryEnd(key, value)
		return []edit{{begin, end, ""}}, err
	}
	for i := 0; i+2 < len(m.Content); i += 2 {
		if m.Content[i] == key {
			return []edit{{start, t.offset(m.Content[i+2]), ""}}, nil
		}
	}
	comma := bytes.LastIndexByte(t.raw[:start], ',')
	if comma < 0 {
		return nil, errForm
	}
	return []edit{{comma, t.flowEnd(t.offset(value)), ""}}, nil
}

func indent(n int) string { return strings.Repeat(" ", n) }
