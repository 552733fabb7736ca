package graph

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/capaks/capaks/azuresim/arm"
)

// row is one record with its columns in order.
type row []cell

type cell struct {
	name  string
	value any
}

func (r row) object() arm.Object {
	out := make(arm.Object, len(r))
	for _, c := range r {
		out[c.name] = resolve(c.value)
	}
	return out
}

// lazy is a value that is looked up when a query first touches it: most rows are filtered out by type before.
type lazy func() any

func resolve(v any) any {
	if l, ok := v.(lazy); ok {
		return l()
	}
	return v
}

// with sets a column, keeping its place.
func (r row) with(name string, v any) row {
	out := slices.Clone(r)
	if i := slices.IndexFunc(out, func(c cell) bool { return c.name == name }); i >= 0 {
		out[i].value = v
		return out
	}
	return append(out, cell{name, v})
}

// dig follows a path into a dynamic value; names compare exactly, what is missing is null.
func dig(v any, keys []any) any {
	for _, k := range keys {
		switch k := k.(type) {
		case string:
			o, _ := v.(map[string]any)
			v = o[k]
		case int:
			l, _ := v.([]any)
			if k >= len(l) {
				return nil
			}
			v = l[k]
		}
	}
	return v
}

func truth(v any) bool { b, _ := v.(bool); return b }

// text is what tostring gives: nothing for null, JSON for what has structure.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case map[string]any, []any:
		raw, _ := json.Marshal(v)
		return string(raw)
	}
	if f, ok := number(v); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	}
	return 0, false
}

// integer shows whole numbers as such.
func integer(f float64) any {
	if f == math.Trunc(f) {
		return int64(f)
	}
	return f
}

func equal(a, b any) bool {
	x, isNumber := number(a)
	y, bothNumbers := number(b)
	if isNumber && bothNumbers {
		return x == y
	}
	return a != nil && b != nil && text(a) == text(b)
}

func less(a, b any) bool {
	x, isNumber := number(a)
	y, bothNumbers := number(b)
	if isNumber && bothNumbers {
		return x < y
	}
	return text(a) < text(b)
}

// hasWord is Kusto's has: the text contains the other one as whole words.
func hasWord(s, word string) bool {
	s, word = strings.ToLower(s), strings.ToLower(word)
	for from := 0; word != ""; {
		at := strings.Index(s[from:], word)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(word)
		inside := func(i int) bool {
			return i >= 0 && i < len(s) && (unicode.IsLetter(rune(s[i])) || unicode.IsDigit(rune(s[i])))
		}
		if !inside(at-1) && !inside(end) {
			return true
		}
		from = at + 1
	}
	return true
}

// comparisons between two values; a leading ! turns each of them round.
var comparisons = map[string]func(a, b any) bool{
	"==": equal, "in": equal,
	"!=":         func(a, b any) bool { return !equal(a, b) },
	"=~":         func(a, b any) bool { return strings.EqualFold(text(a), text(b)) },
	"in~":        func(a, b any) bool { return strings.EqualFold(text(a), text(b)) },
	"!~":         func(a, b any) bool { return !strings.EqualFold(text(a), text(b)) },
	"<":          less,
	">":          func(a, b any) bool { return less(b, a) },
	"<=":         func(a, b any) bool { return !less(b, a) },
	">=":         func(a, b any) bool { return !less(a, b) },
	"contains":   func(a, b any) bool { return strings.Contains(strings.ToLower(text(a)), strings.ToLower(text(b))) },
	"startswith": func(a, b any) bool { return strings.HasPrefix(strings.ToLower(text(a)), strings.ToLower(text(b))) },
	"endswith":   func(a, b any) bool { return strings.HasSuffix(strings.ToLower(text(a)), strings.ToLower(text(b))) },
	"has":        func(a, b any) bool { return hasWord(text(a), text(b)) },
}

type function struct {
	args  int // -1: any number
	apply func([]any) any
}

func truthOf(f func(any) bool) function {
	return function{1, func(a []any) any { return f(a[0]) }}
}

func isEmpty(v any) bool { return text(v) == "" }

var functions = map[string]function{
	"tostring": {1, func(a []any) any { return text(a[0]) }}, "tolower": {1, func(a []any) any { return strings.ToLower(text(a[0])) }}, "toupper": {1, func(a []any) any { return strings.ToUpper(text(a[0])) }},
	"toint": {1, toNumber}, "tolong": {1, toNumber}, "todouble": {1, toNumber}, "strlen": {1, func(a []any) any { return int64(len(text(a[0]))) }},
	"not": truthOf(func(v any) bool { return !truth(v) }), "isempty": truthOf(isEmpty), "isnotempty": truthOf(func(v any) bool { return !isEmpty(v) }),
	"isnull": truthOf(func(v any) bool { return v == nil }), "isnotnull": truthOf(func(v any) bool { return v != nil }),
	"array_length": {1, func(a []any) any {
		if l, ok := a[0].([]any); ok {
			return int64(len(l))
		}
		return nil
	}},
	"coalesce": {-1, func(a []any) any {
		for _, v := range a {
			if !isEmpty(v) {
				return v
			}
		}
		return nil
	}},
	"strcat": {-1, func(a []any) any {
		var b strings.Builder
		for _, v := range a {
			b.WriteString(text(v))
		}
		return b.String()
	}},
	"iff": {3, func(a []any) any {
		if truth(a[0]) {
			return a[1]
		}
		return a[2]
	}},
}

func toNumber(a []any) any {
	if f, ok := number(a[0]); ok {
		return integer(f)
	}
	f, err := strconv.ParseFloat(text(a[0]), 64)
	if err != nil {
		return nil
	}
	return integer(f)
}
