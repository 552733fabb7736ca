package docs

import (
	"regexp"
	"strings"
	"testing"
)

// TestManagerFlags: the page of the manager's flags names flags and gates that exist, and every gate.
func TestManagerFlags(t *testing.T) {
	source, page := contents(t, "cmd/manager/flags.go"), contents(t, "docs/topics/flags.md")
	for _, m := range regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(page, -1) {
		if m[1] != "help" && m[1] != "feature-gates" && !strings.Contains(source, `"`+m[1]+`"`) {
			t.Errorf("the manager has no flag --%s", m[1])
		}
	}
	gates := regexp.MustCompile(`featuregate\.Feature = "(\w+)"`).FindAllStringSubmatch(source, -1)
	if len(gates) < 3 {
		t.Fatalf("gates: %v", gates)
	}
	for _, m := range gates {
		if !strings.Contains(page, "| `"+m[1]+"` |") {
			t.Errorf("feature gate %s has no row", m[1])
		}
	}
}
