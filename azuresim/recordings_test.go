package azuresim_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/capaks/capaks/azuresim/replay"
)

// specs finds the recordings; the test is skipped where they are not present.
func specs(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CAPAKS_SPECS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "azure-specs")
	}
	if _, err := os.Stat(filepath.Join(dir, "recordings")); err != nil {
		t.Skip("no recordings of Azure here")
	}
	return dir
}

// Everything recorded of the real Azure is answered in the same way, or the difference is explained in a list that only
// shrinks: a line that covers nothing any more has to go.
func TestRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(specs(t), "recordings", "v*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	known, err := replay.DefaultAccepted()
	if err != nil {
		t.Fatal(err)
	}
	report, err := replay.Files(t.Context(), known, files)
	if err != nil {
		t.Fatal(err)
	}
	var types strings.Builder
	if err := report.Types(&types); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d recordings: %d of %d exchanges are equal, %d differ in ways that are accepted\n%s", len(files), report.Equal, report.Total, report.Accepted, &types)
	if report.Different > 0 {
		var text strings.Builder
		if err := report.Text(&text); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%d exchanges differ:\n%s", report.Different, &text)
	}
	for _, line := range known.Unused() {
		t.Errorf("accepted.tsv covers nothing with %s", line)
	}
}
