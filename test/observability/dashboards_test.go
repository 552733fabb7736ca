package observability

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

type dashboard struct {
	UID, Title string
	Panels     []struct {
		ID          int
		Type, Title string
		GridPos     struct{ X, Y, W, H int }
		Targets     []struct{ Expr string }
	}
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

// query is one of a dashboard's.
type query struct{ dashboard, panel, expr string }

func (q query) String() string { return q.dashboard + " / " + q.panel + ": " + q.expr }

func dashboards(t *testing.T) (all []dashboard) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "grafana", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal("no dashboards", err)
	}
	for _, file := range files {
		var d dashboard
		if err := json.Unmarshal(read(t, file), &d); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if filepath.Base(file) != d.UID+".json" {
			t.Errorf("%s has the uid %q", file, d.UID)
		}
		all = append(all, d)
	}
	return all
}

func queries(t *testing.T) (all []query) {
	t.Helper()
	for _, d := range dashboards(t) {
		for _, p := range d.Panels {
			for _, target := range p.Targets {
				all = append(all, query{d.Title, p.Title, target.Expr})
			}
		}
	}
	return all
}

// TestDashboardsAreWellFormed checks what Grafana would only show as an odd picture: ids, places, panels that ask nothing, variables that
// nobody defines.
func TestDashboardsAreWellFormed(t *testing.T) {
	for _, d := range dashboards(t) {
		taken, ids, defined := map[[2]int]string{}, map[int]bool{}, map[string]bool{"__rate_interval": true}
		for _, v := range d.Templating.List {
			defined[v.Name] = true
		}
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: two panels have the id %d", d.Title, p.ID)
			}
			ids[p.ID] = true
			if (p.Type == "row") != (len(p.Targets) == 0) {
				t.Errorf("%s: panel %q (%s) has %d queries", d.Title, p.Title, p.Type, len(p.Targets))
			}
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
						t.Fatalf("%s: panel %q lies over %q, or outside", d.Title, p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
			for _, target := range p.Targets {
				for _, part := range strings.Split(target.Expr, "$")[1:] {
					name := part[:strings.IndexFunc(part+" ", func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') })]
					if !defined[name] {
						t.Errorf("%s: panel %q uses $%s, which is no variable", d.Title, p.Title, name)
					}
				}
			}
		}
	}
}
