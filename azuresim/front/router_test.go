package front

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/capaks/capaks/azuresim/arm"
)

// manyRoutes is a table of the size and the shapes the emulator has.
func manyRoutes() []arm.Route {
	table := []arm.Route{
		{Method: http.MethodGet, Path: "/subscriptions", Type: "M.Resources/subscriptions"},
		{Method: http.MethodGet, Path: "/subscriptions/{sub}", Type: "M.Resources/subscriptions"},
		{Method: http.MethodGet, Path: "/subscriptions/{sub}/providers/{namespace}", Type: "M.Resources/providers"},
		{Method: http.MethodGet, Path: "/subscriptions/{sub}/resourceGroups/{rg}", Type: "M.Resources/resourceGroups"},
		{Method: http.MethodGet, Path: "{scope*}/providers/M.Ext/notes", Type: "M.Ext/notes"},
		{Method: http.MethodGet, Path: "{scope*}/providers/M.Ext/notes/{note}", Type: "M.Ext/notes"},
		{Method: http.MethodGet, Path: "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P0/t0/{name}/providers/M.Ext/notes/{note}", Type: "M.P0/t0/notes"},
		{Method: http.MethodGet, Path: "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P0/t0/{name}/profiles/default", Type: "M.P0/t0/profiles"},
	}
	for p := range 10 {
		for t := range 8 {
			item := fmt.Sprintf("/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P%d/t%d/{name}", p, t)
			for _, path := range []string{item, item + "/children/{child}", item + "/children"} {
				for _, method := range []string{http.MethodGet, http.MethodPut} {
					table = append(table, arm.Route{Method: method, Path: path, Type: fmt.Sprintf("M.P%d/t%d", p, t)})
				}
			}
		}
	}
	return table
}

func TestMatch(t *testing.T) {
	g := &Gateway{}
	g.Add(manyRoutes()...)
	const group = "/subscriptions/s/resourceGroups/g"
	for path, want := range map[string]string{
		"/subscriptions":                                       "/subscriptions",
		"/SUBSCRIPTIONS/s/":                                    "/subscriptions/{sub}",
		"/subscriptions/s/providers/M.P1":                      "/subscriptions/{sub}/providers/{namespace}",
		group + "/providers/m.p3/T4/n":                         "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P3/t4/{name}",
		group + "/providers/M.P3/t4/providers/children/x":      "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P3/t4/{name}/children/{child}",
		group + "/providers/M.P0/t0/n/profiles/DEFAULT":        "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P0/t0/{name}/profiles/default",
		"/subscriptions/s/providers/M.Ext/notes/x":             "{scope*}/providers/M.Ext/notes/{note}",
		group + "/providers/M.Ext/notes":                       "{scope*}/providers/M.Ext/notes",
		group + "/providers/M.P5/t0/n/providers/M.Ext/notes/x": "{scope*}/providers/M.Ext/notes/{note}",
		group + "/providers/M.P0/t0/n/providers/M.Ext/notes/x": "/subscriptions/{sub}/resourceGroups/{rg}/providers/M.P0/t0/{name}/providers/M.Ext/notes/{note}", // a fixed scope wins
		group + "/providers/M.P3/t4":                           "",
		group + "/providers/M.P3/other/n":                      "",
		"/":                                                    "",
	} {
		match, _ := g.match(http.MethodGet, path)
		got := ""
		if match != nil {
			got = match.Path
		}
		if got != want {
			t.Errorf("%s is served by %q, want %q", path, got, want)
		}
	}
	match, params := g.match(http.MethodPut, group+"/providers/m.p9/t7/N/children/C")
	if match == nil || params["name"] != "N" || params["child"] != "C" || targetID(match, params).String() != group+"/providers/M.P9/t7/N/children/C" {
		t.Errorf("%v %v", match, params)
	}
	if m, _ := g.match(http.MethodDelete, group+"/providers/M.P0/t0/n"); m != nil {
		t.Errorf("nothing deletes, but %s matches", m.Path)
	}
	if types := g.Types(); len(types) != 86 {
		t.Errorf("%d types", len(types))
	}
}

func BenchmarkMatch(b *testing.B) {
	g := &Gateway{}
	g.Add(manyRoutes()...)
	for b.Loop() {
		if m, _ := g.match(http.MethodGet, "/subscriptions/s/resourceGroups/g/providers/M.P9/t7/n"); m == nil {
			b.Fatal("no route")
		}
	}
}
