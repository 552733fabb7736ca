package replay

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

//go:embed accepted.tsv
var accepted string

// Accepted is a list of differences that are known and explained, one per line, with tabs between the columns: method,
// resource type or path, api-version, what, reason. The first four are patterns in which * stands for anything; letters
// compare without case. What is status/503 (the recorded status), header/Retry-After or body/properties.sku.tier.
type Accepted struct {
	rules []*rule
}

type rule struct {
	line    int
	text    string
	columns [4]*regexp.Regexp
	reason  string
	used    bool
}

// DefaultAccepted is the list that belongs to the emulator.
func DefaultAccepted() (*Accepted, error) { return parseAccepted("accepted.tsv", accepted) }

// ReadAccepted loads a list from a file.
func ReadAccepted(file string) (*Accepted, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parseAccepted(filepath.Base(file), string(raw))
}

func parseAccepted(name, list string) (*Accepted, error) {
	a := &Accepted{}
	number := 0
	for line := range strings.Lines(list) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 5 || strings.TrimSpace(columns[4]) == "" {
			return nil, fmt.Errorf("%s:%d: a line needs five columns with tabs between them: method, type, api-version, what, reason", name, number)
		}
		r := &rule{line: number, text: line, reason: columns[4]}
		for i := range r.columns {
			pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(columns[i])), `\*`, ".*")
			r.columns[i] = regexp.MustCompile("(?is)^" + pattern + "$")
		}
		a.rules = append(a.rules, r)
	}
	return a, nil
}

// reasonFor finds the first line that covers a difference.
func (a *Accepted) reasonFor(e *Exchange, d *Difference) string {
	what := d.What + "/" + d.Path
	if d.What == "status" {
		what = "status/" + strconv.Itoa(e.Status)
	}
	for _, r := range a.rules {
		matches := r.columns[1].MatchString(kind(e.URL)) || r.columns[1].MatchString(path(e.URL))
		for i, value := range []string{0: e.Method, 2: e.apiVersion(), 3: what} {
			matches = matches && (i == 1 || r.columns[i].MatchString(value))
		}
		if matches {
			r.used = true
			return r.reason
		}
	}
	return ""
}

// Unused lists the lines that covered nothing, which should go.
func (a *Accepted) Unused() []string {
	var out []string
	for _, r := range a.rules {
		if !r.used {
			out = append(out, fmt.Sprintf("line %d: %s", r.line, r.text))
		}
	}
	return out
}
