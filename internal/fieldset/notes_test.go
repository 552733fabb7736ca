package fieldset

import (
	"encoding/json"
	"testing"
)

func TestNotes(t *testing.T) {
	s := NewSet(ParsePath("a.b"), ParsePath(`tags["x.y"]`), ParsePath("c"))
	s.Note(ParsePath("a.b"), "Xy")
	s.Note(ParsePath(`tags["x.y"]`), "_-")
	s.Note(ParsePath("c"), "too long")
	text, err := json.Marshal(s)
	if want := `{"f:a":{"f:b":{}},"f:c":{},"f:tags":{"f:x.y":{}},"=":"Xy--_-"}`; err != nil || string(text) != want {
		t.Fatalf("%s, error %v; want %s", text, err, want)
	}
	read := NewSet()
	if err := json.Unmarshal(text, read); err != nil || !read.Equal(s) {
		t.Fatalf("read as %v, error %v", read.Paths(), err)
	}
	for path, want := range map[string]string{"a.b": "Xy", `tags["x.y"]`: "_-", "c": "", "nowhere": ""} {
		if got := read.Noted(ParsePath(path)); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	for name, text := range map[string]string{
		"a stored set without notes":        `{"f:a":{"f:b":{}},"f:c":{}}`,
		"notes that do not fit the members": `{"f:a":{"f:b":{}},"f:c":{},"=":"Xy"}`,
		"notes that were there before":      `{"f:c":{},"f:a":{"f:b":{}},"=":""}`,
	} {
		again := NewSet(ParsePath("c"))
		again.Note(ParsePath("c"), "zz")
		if err := json.Unmarshal([]byte(text), again); err != nil || again.Len() != 2 || again.Noted(ParsePath("c")) != "" {
			t.Errorf("%s: %v, error %v, noted %q", name, again.Paths(), err, again.Noted(ParsePath("c")))
		}
	}
	if note := (*Set)(nil).Noted(ParsePath("a")); note != "" {
		t.Error(note)
	}
	if err := json.Unmarshal([]byte(`{"f:a":{},"=":7}`), NewSet()); err == nil {
		t.Error("what is no note is accepted")
	}
}
