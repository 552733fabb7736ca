package resources

import (
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// test decides whether a resource passes a part of a $filter.
type test func(r *fabric.Resource) bool

// filter is the part of OData that ARM accepts in $filter on resource and group lists: comparisons with eq and ne,
// substringof and startswith, joined by and/or.
type filter struct {
	words   []string // tokens that are left; texts keep their opening quote
	tagName string
	ok      bool
	byTag   bool // ARM leaves the tags out of a list that was filtered by them
}

// fields are what a filter may look at.
var fields = map[string]func(r *fabric.Resource) string{
	"resourcetype":  func(r *fabric.Resource) string { return r.Type },
	"name":          func(r *fabric.Resource) string { return r.Name },
	"resourcegroup": func(r *fabric.Resource) string { return r.ARMID().ResourceGroup },
	"location":      func(r *fabric.Resource) string { return r.Location },
}

// parseFilter reads $filter; without one everything passes.
func parseFilter(rq *arm.Request) (pass test, byTag bool, err error) {
	text := strings.TrimSpace(rq.Query.Get("$filter"))
	if text == "" {
		return func(*fabric.Resource) bool { return true }, false, nil
	}
	f := &filter{words: tokens(text), ok: true}
	pass = f.or()
	if !f.ok || len(f.words) > 0 {
		return nil, false, arm.GatewayError(http.StatusBadRequest, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string.", text)
	}
	return pass, f.byTag, nil
}

func tokens(text string) []string {
	var out []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		n := 1
		switch {
		case text[0] == '\'':
			for n < len(text) && (text[n] != '\'' || strings.HasPrefix(text[n:], "''")) {
				if text[n] == '\'' {
					n++ // a doubled quote stands for one
				}
				n++
			}
			out = append(out, "'"+strings.ReplaceAll(text[1:min(n, len(text))], "''", "'"))
			text = text[min(n+1, len(text)):]
			continue
		case !strings.ContainsRune("(),", rune(text[0])):
			if n = strings.IndexAny(text, " (),'"); n < 0 {
				n = len(text)
			}
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

func (f *filter) next() string {
	if len(f.words) == 0 {
		f.ok = false
		return ""
	}
	w := f.words[0]
	f.words = f.words[1:]
	return w
}

func (f *filter) text() string {
	s, quoted := strings.CutPrefix(f.next(), "'")
	f.ok = f.ok && quoted
	return s
}

func (f *filter) word(w string) bool {
	if len(f.words) > 0 && strings.EqualFold(f.words[0], w) {
		f.words = f.words[1:]
		return true
	}
	return false
}

func (f *filter) expect(w string) { f.ok = f.word(w) && f.ok }

func (f *filter) or() test {
	left := f.and()
	for f.word("or") {
		l, r := left, f.and()
		left = func(x *fabric.Resource) bool { return l(x) || r(x) }
	}
	return left
}

func (f *filter) and() test {
	left := f.term()
	for f.word("and") {
		l, r := left, f.term()
		left = func(x *fabric.Resource) bool { return l(x) && r(x) }
	}
	f.tagName = ""
	return left
}

func (f *filter) term() test {
	name := strings.ToLower(f.next())
	switch name {
	case "(":
		inner := f.or()
		f.expect(")")
		return inner
	case "substringof", "startswith":
		return f.call(name)
	case "tagname", "tagvalue":
		f.expect("eq")
		return f.tag(name, f.text())
	}
	field := fields[name]
	equal := !f.word("ne")
	if equal {
		f.expect("eq")
	}
	value := f.text()
	if field == nil {
		f.ok = false
	}
	return func(r *fabric.Resource) bool { return strings.EqualFold(field(r), value) == equal }
}

// call reads substringof('text', field) and startswith(tagName, 'text').
func (f *filter) call(name string) test {
	f.expect("(")
	var field func(*fabric.Resource) string
	var value string
	if name == "substringof" {
		value = strings.ToLower(f.text())
		f.expect(",")
		field = fields[strings.ToLower(f.next())]
		f.ok = f.ok && field != nil
	} else {
		f.expect("tagName")
		f.expect(",")
		value = strings.ToLower(f.text())
	}
	f.expect(")")
	if name == "substringof" {
		return func(r *fabric.Resource) bool { return strings.Contains(strings.ToLower(field(r)), value) }
	}
	f.byTag = true
	return func(r *fabric.Resource) bool {
		for k := range arm.Map(r.Body, "tags") {
			if strings.HasPrefix(strings.ToLower(k), value) {
				return true
			}
		}
		return false
	}
}

// tag tests for a tag, or for the value of the tag named just before.
func (f *filter) tag(what, value string) test {
	f.byTag = true
	if what == "tagname" {
		f.tagName = value
		return func(r *fabric.Resource) bool { _, ok := tagOf(r, value); return ok }
	}
	name := f.tagName
	f.ok = f.ok && name != ""
	return func(r *fabric.Resource) bool { v, ok := tagOf(r, name); return ok && v == value }
}

// tagOf finds a tag; names compare without case.
func tagOf(r *fabric.Resource, name string) (value string, ok bool) {
	for k, v := range arm.Map(r.Body, "tags") {
		if strings.EqualFold(k, name) {
			value, _ = v.(string)
			return value, true
		}
	}
	return "", false
}
