package convert

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text is a YAML stream in which places are found by the line and column of a parsed node.
type text struct {
	raw   []byte
	lines []int // offset of the first byte of each line
}

// edit replaces raw[start:end].
type edit struct {
	start, end int
	with       string
}

func newText(raw []byte) *text {
	t := &text{raw: raw, lines: []int{0}}
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRune(raw[i:])
		i += size
		switch r {
		case '\r':
			if i < len(raw) && raw[i] == '\n' {
				i++
			}
		case '\n', '\u0085', '\u2028', '\u2029': // what YAML 1.1 takes for the end of a line
		default:
			continue
		}
		t.lines = append(t.lines, i)
	}
	return t
}

// offset is the place of a node. Columns count characters, not bytes.
func (t *text) offset(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(t.lines) {
		return len(t.raw)
	}
	at := t.lines[n.Line-1]
	if n.Line == 1 {
		at += len(t.raw) - len(bytes.TrimPrefix(t.raw, []byte("\ufeff")))
	}
	for i := 1; i < n.Column && at < len(t.raw); i++ {
		_, size := utf8.DecodeRune(t.raw[at:])
		at += size
	}
	return at
}

var errForm = errors.New("it is written in a form that cannot be edited safely; change it by hand")

// scalar is the extent of a scalar as it is written, quotes included.
func (t *text) scalar(n *yaml.Node) (start, end int, err error) {
	start = t.offset(n)
	switch n.Style &^ yaml.TaggedStyle {
	case 0:
		end = start + len(n.Value)
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		end = t.quoted(start)
	default:
		return 0, 0, errForm
	}
	// Tags, anchors and values over several lines show here: what is written is not what was read.
	if end > len(t.raw) || n.Style == 0 && string(t.raw[start:end]) != n.Value {
		return 0, 0, errForm
	}
	if n.Style != 0 && !strings.ContainsRune(`"'`, rune(t.raw[start])) {
		return 0, 0, errForm
	}
	return start, end, nil
}

// quoted is the end of the quoted text that starts at start.
func (t *text) quoted(start int) int {
	if start >= len(t.raw) {
		return start
	}
	quote := t.raw[start]
	for i := start + 1; i < len(t.raw); i++ {
		switch {
		case t.raw[i] == '\\' && quote == '"':
			i++
		case t.raw[i] == quote && quote == '\'' && i+1 < len(t.raw) && t.raw[i+1] == '\'':
			i++
		case t.raw[i] == quote:
			return i + 1
		}
	}
	return len(t.raw)
}

// colon is the place after the colon of a key.
func (t *text) colon(key *yaml.Node) (int, error) {
	_, end, err := t.scalar(key)
	if err != nil {
		return 0, err
	}
	rest := bytes.TrimLeft(t.raw[end:], " \t")
	if !bytes.HasPrefix(rest, []byte(":")) {
		return 0, errForm
	}
	return len(t.raw) - len(rest) + 1, nil
}

// flowEnd is the end of the value that starts at start: a quoted text, a list or mapping in brackets, or a plain value inside one.
func (t *text) flowEnd(start int) int {
	depth := 0
	for i := start; i < len(t.raw); i++ {
		switch b := t.raw[i]; {
		case (b == '"' || b == '\'') && (i == start || strings.IndexByte(" \t\n\r,:[{", t.raw[i-1]) >= 0):
			end := t.quoted(i)
			if i == start {
				return end
			}
			i = end - 1
		case b == '#' && i > start && strings.IndexByte(" \t\n\r", t.raw[i-1]) >= 0:
			if line := bytes.IndexByte(t.raw[i:], '\n'); line >= 0 {
				i += line
			}
		case b == '[' || b == '{':
			depth++
		case depth == 0 && (b == ',' || b == ']' || b == '}'):
			return start + len(bytes.TrimRight(t.raw[start:i], " \t\r\n"))
		case b == ']' || b == '}':
			if depth--; depth == 0 && (t.raw[start] == '[' || t.raw[start] == '{') {
				return i + 1
			}
		}
	}
	return len(t.raw)
}

// entryEnd is the offset at which the lines of an entry of a block mapping end.
func (t *text) entryEnd(key, value *yaml.Node) (int, error) {
	quoted := value.Kind == yaml.ScalarNode && value.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
	if !quoted && !isFlow(value) {
		return t.lineStart(t.blockEnd(key, value)), nil
	}
	// Brackets and quotes end where they end, however their lines are indented.
	start := t.offset(value)
	if start >= len(t.raw) || strings.IndexByte(`"'[{`, t.raw[start]) < 0 {
		return 0, errForm
	}
	end := t.flowEnd(start)
	line, _ := slices.BinarySearch(t.lines, end)
	next := t.lineStart(line)
	if rest := bytes.TrimSpace(t.raw[end:next]); len(rest) > 0 && rest[0] != '#' {
		return 0, errForm
	}
	return next, nil
}

// blockEnd is the number (from 0) of the first line that no longer belongs to a key of a block mapping. Comments and empty lines
// at the end belong to what follows.
func (t *text) blockEnd(key, value *yaml.Node) int {
	indent, end := key.Column-1, key.Line
	for i := key.Line; i < len(t.lines); i++ {
		line := t.line(i)
		content := bytes.TrimLeft(line, " ")
		switch trimmed := bytes.TrimSpace(content); {
		case len(trimmed) == 0 || trimmed[0] == '#':
			continue
		case len(line)-len(content) > indent:
		case len(line)-len(content) == indent && value.Kind == yaml.SequenceNode && trimmed[0] == '-':
		default:
			return end
		}
		end = i + 1
	}
	return end
}

func (t *text) line(i int) []byte {
	if i+1 < len(t.lines) {
		return t.raw[t.lines[i]:t.lines[i+1]]
	}
	return t.raw[t.lines[i]:]
}

// lineStart is the offset of a line that may be one after the last.
func (t *text) lineStart(i int) int {
	if i < len(t.lines) {
		return t.lines[i]
	}
	return len(t.raw)
}

// newline is how this text ends its lines.
func (t *text) newline() string {
	if bytes.Contains(t.raw, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}

// apply makes all edits. The same edit twice (an anchor that two objects use) counts once.
func (t *text) apply(edits []edit) ([]byte, error) {
	slices.SortStableFunc(edits, func(a, b edit) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	edits = slices.Compact(edits)
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.start < at {
			return nil, fmt.Errorf("two changes meet in %q: convert one object at a time", t.raw[e.start:min(e.end, len(t.raw))])
		}
		out.Write(t.raw[at:e.start])
		out.WriteString(e.with)
		at = e.end
	}
	out.Write(t.raw[at:])
	return out.Bytes(), nil
}
