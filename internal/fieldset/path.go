package fieldset

import (
	"slices"
	"strconv"
	"strings"
)

// Path leads from the root of a document to a value, one map key per element. Lists are atomic, so a path
// never leads into one. Two endings have a meaning for those who match paths against rules: an element
// "pools[]" stands for "each item of pools", and "tags{}" for "each key of the map tags".
type Path []string

// ParsePath reads the dotted form: "properties.networkProfile.networkPlugin". A key that is not a plain word is
// quoted, as in tags["a.b/c"]. It never fails: text that is not well formed is kept as a literal key.
func ParsePath(s string) Path {
	var p Path
	for len(s) > 0 {
		if s[0] == '[' {
			if key, rest, ok := quoted(s); ok {
				p = append(p, key)
				s = strings.TrimPrefix(rest, ".")
				continue
			}
		}
		end := wordEnd(s)
		p = append(p, s[:end])
		s = strings.TrimPrefix(s[end:], ".")
	}
	return p
}

// wordEnd is where the unquoted key at the start of s stops: at a dot, or at the bracket of a quoted key.
func wordEnd(s string) int {
	for i := 0; i < len(s); i++ {
		if s[i] == '.' || i > 0 && strings.HasPrefix(s[i:], `["`) {
			return i
		}
	}
	return len(s)
}

// quoted reads ["key"] at the start of s.
func quoted(s string) (key, rest string, ok bool) {
	q, err := strconv.QuotedPrefix(s[1:])
	if err != nil || !strings.HasPrefix(q, `"`) {
		return "", "", false
	}
	rest = s[1+len(q):]
	if !strings.HasPrefix(rest, "]") {
		return "", "", false
	}
	key, err = strconv.Unquote(q)
	return key, rest[1:], err == nil
}

// String is the form ParsePath reads.
func (p Path) String() string {
	var b strings.Builder
	for i, key := range p {
		if !plain(key) {
			b.WriteString("[" + strconv.Quote(key) + "]")
			continue
		}
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(key)
	}
	return b.String()
}

// plain says whether a key can stand in a dotted path as it is.
func plain(key string) bool {
	word := strings.TrimSuffix(strings.TrimSuffix(key, "[]"), "{}")
	if word == "" {
		return false
	}
	for _, r := range word {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && r != '_' && r != '-' && r != '$' {
			return false
		}
	}
	return true
}

// Child is the path of one key below p; it never shares memory with p.
func (p Path) Child(key string) Path {
	return append(slices.Clone(p), key)
}

// Parent is p without its last element; the root's parent is the root.
func (p Path) Parent() Path {
	if len(p) == 0 {
		return p
	}
	return p[:len(p)-1]
}

// HasPrefix says whether p is prefix itself or lies below it.
func (p Path) HasPrefix(prefix Path) bool {
	return len(p) >= len(prefix) && slices.Equal(p[:len(prefix)], prefix)
}
