package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Report is the result of replaying files. Total = equal + accepted + different exchanges.
type Report struct {
	Files       []FileReport `json:"files"`
	Total       int          `json:"total"`
	Equal       int          `json:"equal"`
	Accepted    int          `json:"accepted"`
	Different   int          `json:"different"`
	Differences []Difference `json:"differences"`

	types map[string]*tally
}

// FileReport counts the exchanges of one file.
type FileReport struct {
	File      string `json:"file"`
	Total     int    `json:"total"`
	Equal     int    `json:"equal"`
	Accepted  int    `json:"accepted"`
	Different int    `json:"different"`
}

type tally struct {
	name                               string
	total, equal, accepted, unexpected int
}

// Files replays recordings, several at a time; the report keeps their order.
func Files(ctx context.Context, known *Accepted, files []string) (*Report, error) {
	recordings := make([]*Recording, len(files))
	for i, file := range files {
		var err error
		if recordings[i], err = Read(file); err != nil {
			return nil, err
		}
	}
	found := make([][][]Difference, len(files))
	errs := make([]error, len(files))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i := range files {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			found[i], errs[i] = Replay(ctx, recordings[i])
		})
	}
	all.Wait()
	report := &Report{Files: []FileReport{}, Differences: []Difference{}, types: map[string]*tally{}}
	for i, file := range files {
		if errs[i] != nil {
			return nil, fmt.Errorf("%s: %w", file, errs[i])
		}
		report.add(known, file, recordings[i], found[i])
	}
	return report, nil
}

func (r *Report) add(known *Accepted, file string, rec *Recording, found [][]Difference) {
	f := FileReport{File: file, Total: len(rec.Exchanges)}
	for i, differences := range found {
		e := &rec.Exchanges[i]
		unknown := 0
		for _, d := range differences {
			d.File, d.Accepted = file, known.reasonFor(e, &d)
			if d.Accepted == "" {
				unknown++
			}
			r.Differences = append(r.Differences, d)
		}
		t := r.tally(kind(e.URL))
		t.total++
		switch {
		case len(differences) == 0:
			f.Equal++
			t.equal++
		case unknown == 0:
			f.Accepted++
			t.accepted++
		default:
			f.Different++
			t.unexpected++
		}
	}
	r.Files = append(r.Files, f)
	r.Total, r.Equal, r.Accepted, r.Different = r.Total+f.Total, r.Equal+f.Equal, r.Accepted+f.Accepted, r.Different+f.Different
}

func (r *Report) tally(kind string) *tally {
	key := strings.ToLower(kind)
	if r.types[key] == nil {
		r.types[key] = &tally{name: kind}
	}
	return r.types[key]
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// Text writes the report for people: a line per file, then what is different and not accepted.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	row := "%-60s %7v %7v %8v %9v\n"
	fmt.Fprintf(&b, row, "recording", "total", "equal", "accepted", "different")
	for _, f := range r.Files {
		fmt.Fprintf(&b, row, tail(f.File), f.Total, f.Equal, f.Accepted, f.Different)
	}
	fmt.Fprintf(&b, row, fmt.Sprintf("all %d", len(r.Files)), r.Total, r.Equal, r.Accepted, r.Different)
	last := ""
	for _, d := range r.Differences {
		if d.Accepted != "" {
			continue
		}
		if head := fmt.Sprintf("\n%s exchange %d: %s %s\n", tail(d.File), d.Exchange, d.Method, d.URL); head != last {
			b.WriteString(head)
			last = head
		}
		fmt.Fprintf(&b, "  %s\n    - %s\n    + %s\n", strings.TrimSpace(d.What+" "+d.Path), brief(d.Recorded), brief(d.Emulated))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Types writes how many exchanges of each resource type are equal.
func (r *Report) Types(w io.Writer) error {
	var rows []*tally
	for _, t := range r.types {
		rows = append(rows, t)
	}
	slices.SortFunc(rows, func(a, b *tally) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	var b strings.Builder
	for _, t := range rows {
		fmt.Fprintf(&b, "%-82s %5d %5d equal %5d accepted %5d different\n", t.name, t.total, t.equal, t.accepted, t.unexpected)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// tail is the last two elements of a file name, enough to tell recordings apart.
func tail(file string) string {
	parts := strings.Split(file, "/")
	return strings.Join(parts[max(len(parts)-2, 0):], "/")
}
