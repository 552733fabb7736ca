package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rules are all there are.
func rules() (ids []string) {
	for prefix, n := range map[string]int{"A": 8, "CP": 16, "IC": 8, "MP": 18} {
		for i := range n {
			ids = append(ids, fmt.Sprintf("%s%d", prefix, i+1))
		}
	}
	return append(ids, "KC", "P", "W", "M", "V")
}

var (
	rowPattern  = regexp.MustCompile(`(?m)^\| ([A-Z]+[0-9]*) \| (.+) \| (.+) \|$`)
	codePattern = regexp.MustCompile("`([a-z]+)/([^`]+)`")
	rulePattern = regexp.MustCompile(`rule\(t, "([A-Z]+[0-9]*)", "((?:[^"\\]|\\.)*)"`)
)

// TestChecklist compares docs/reference/contract.md with the tests it names.
func TestChecklist(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "contract.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows, named := map[string]string{}, map[string]bool{}
	sources := map[string]string{}
	for _, row := range rowPattern.FindAllStringSubmatch(string(page), -1) {
		id, asks, shown := row[1], row[2], row[3]
		rows[id] = shown
		references := codePattern.FindAllStringSubmatch(shown, -1)
		if len(references) == 0 && !strings.Contains(asks, "not applicable") && !strings.Contains(asks, "not the provider") && !strings.HasPrefix(shown, "see ") {
			t.Errorf("%s names no test and does not say why", id)
		}
		for _, reference := range references {
			folder, test := reference[1], reference[2]
			if folder == "contract" {
				named[test] = true
				if test = strings.TrimPrefix(test, id+" "); !strings.Contains(source(t, sources, folder), `"`+test+`"`) || test == reference[2] {
					t.Errorf("%s: there is no test %q", id, reference[2])
				}
			} else if !strings.Contains(source(t, sources, folder), "func "+test+"(t *testing.T)") {
				t.Errorf("%s: there is no test %s in %s", id, test, folder)
			}
		}
	}
	for _, id := range rules() {
		if rows[id] == "" {
			t.Errorf("rule %s has no row", id)
		}
	}
	for _, test := range rulePattern.FindAllStringSubmatch(source(t, sources, "contract"), -1) {
		if !named[test[1]+" "+test[2]] {
			t.Errorf("the page does not name %s %s", test[1], test[2])
		}
	}
}

// source is the text of the tests in a folder of test/ or internal/.
func source(t *testing.T, known map[string]string, folder string) string {
	t.Helper()
	if known[folder] != "" {
		return known[folder]
	}
	for _, parent := range []string{"test", "internal"} {
		files, err := filepath.Glob(filepath.Join("..", "..", parent, folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "contract/checklist_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			known[folder] += string(text)
		}
	}
	if known[folder] == "" {
		t.Errorf("there are no tests in %s", folder)
	}
	return known[folder]
}
