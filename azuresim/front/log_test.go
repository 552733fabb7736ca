package front

import (
	"reflect"
	"testing"
	"time"
)

func TestTheLogIsBoundedByTheSizeOfBodies(t *testing.T) {
	l, err := OpenLog("", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		l.add(&Entry{bytes: logBytes / 10})
	}
	var kept int64
	entries := l.Since(0, 0)
	for _, e := range entries {
		kept += e.bytes
	}
	if kept > logBytes+logBytes/5 || kept != l.bytes {
		t.Errorf("%d bytes of bodies are kept, %d counted", kept, l.bytes)
	}
	if last := entries[len(entries)-1].N; last != 100 || len(entries) < 5 {
		t.Errorf("%d entries are kept up to number %d", len(entries), last)
	}
	if l.Clear(); l.bytes != 0 {
		t.Errorf("%d bytes after forgetting everything", l.bytes)
	}
}

func TestSecretsStayOutOfTheLog(t *testing.T) {
	got := redact(map[string]any{"properties": map[string]any{
		"servicePrincipalProfile":        map[string]any{"clientId": "c", "secret": "s"},
		"configurationProtectedSettings": map[string]any{"token": "t"},
		"list":                           []any{map[string]any{"adminPassword": "p"}},
	}})
	want := map[string]any{"properties": map[string]any{
		"servicePrincipalProfile":        map[string]any{"clientId": "c", "secret": hidden},
		"configurationProtectedSettings": map[string]any{"token": hidden},
		"list":                           []any{map[string]any{"adminPassword": hidden}},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
}
