package observability

import (
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/capaks/capaks/internal/sandbox/sandboxtest"
)

var update = flag.Bool("update", false, "write the table of metrics into docs/observability.md")

const (
	document   = "../../docs/observability.md"
	tableBegin = "<!-- metrics: written by go test ./test/observability -update -->\n"
	tableEnd   = "<!-- end of metrics -->\n"
)

// documented compares the metrics the manager serves with the table in the documentation: names, types, labels, meaning.
func documented(t *testing.T, p *sandboxtest.Plane) {
	url := strings.Replace(p.Box.ManagerMetricsURL(), "http://", "https://", 1)
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // its certificate is made when it starts
	get := func(token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close() //nolint:errcheck // read only
		raw, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(raw)
	}
	if status, _ := get(""); status != http.StatusUnauthorized {
		t.Errorf("without a token the answer is %d", status)
	}
	p.Kubectl(t, "apply", "-f", diagnosticsRoles)
	_, exposition := get(account(t, p, "reader", metricsReader))
	got := tableBegin + table(exposition) + tableEnd
	content := string(read(t, document))
	begin, end := strings.Index(content, tableBegin), strings.Index(content, tableEnd)
	if begin < 0 || end < begin {
		t.Fatalf("%s has no table of metrics", document)
	}
	end += len(tableEnd)
	if *update {
		if err := os.WriteFile(document, []byte(content[:begin]+got+content[end:]), 0o644); err != nil { //nolint:gosec // documentation
			t.Fatal(err)
		}
		return
	}
	if content[begin:end] != got {
		t.Errorf("%s differs from what the manager serves; run go test ./test/observability -update and look at the difference:\n%s", document, got)
	}
}

var (
	labelled = regexp.MustCompile(`^(capaks_[a-z_]+?)(?:_bucket|_sum|_count)?\{(.*)\} `)
	label    = regexp.MustCompile(`([a-z_]+)="(?:[^"\\]|\\.)*"`)
)

// table are our metrics as Markdown.
func table(exposition string) string {
	types, helps, labels := map[string]string{}, map[string]string{}, map[string]map[string]bool{}
	for line := range strings.Lines(exposition) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "# HELP capaks_"); ok {
			name, help, _ := strings.Cut(rest, " ")
			helps["capaks_"+name] = help
		} else if rest, ok := strings.CutPrefix(line, "# TYPE capaks_"); ok {
			name, kind, _ := strings.Cut(rest, " ")
			types["capaks_"+name] = kind
		} else if m := labelled.FindStringSubmatch(line); m != nil {
			if labels[m[1]] == nil {
				labels[m[1]] = map[string]bool{}
			}
			for _, found := range label.FindAllStringSubmatch(m[2], -1) {
				if found[1] != "le" {
					labels[m[1]][found[1]] = true
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("| metric | type | labels | meaning |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, types[name], strings.Join(slices.Sorted(maps.Keys(labels[name])), ", "), helps[name])
	}
	return b.String()
}
