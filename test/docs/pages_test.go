package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// page is one Markdown file, by lines, of which those of code blocks are marked.
type page struct {
	path  string // from the root of the repository
	lines []line
}

type line struct {
	text string
	code bool
	// lang is what a fence says; an indented block has none.
	lang string
}

// pages are all Markdown files people read.
func pages(t *testing.T) []page {
	t.Helper()
	files := []string{"README.md", "CONTRIBUTING.md"}
	for _, dir := range []string{"docs", "examples"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
				relative, _ := filepath.Rel(root, path)
				files = append(files, relative)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var out []page
	for _, file := range files {
		out = append(out, page{file, split(contents(t, file))})
	}
	if len(out) < 20 {
		t.Fatalf("only %d pages", len(out))
	}
	return out
}

func contents(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

var (
	fence    = regexp.MustCompile("^ *(```+|~~~+)(.*)$")
	listItem = regexp.MustCompile(`^( *)([-*]|\d+\.) +`)
)

// split finds code blocks: fenced ones, and those indented by four more than the text they stand in.
func split(text string) (out []line) {
	fenced, lang, base, blank := "", "", 0, true
	for _, raw := range strings.Split(text, "\n") {
		if m := fence.FindStringSubmatch(raw); m != nil && (fenced == "" || strings.HasPrefix(m[1], fenced)) {
			if fenced == "" {
				fenced, lang = m[1], strings.TrimSpace(m[2])
			} else {
				fenced = ""
			}
			out, blank = append(out, line{}), false
			continue
		}
		if fenced != "" {
			out = append(out, line{raw, true, lang})
			continue
		}
		trimmed := strings.TrimLeft(raw, " ")
		indent := len(raw) - len(trimmed)
		switch {
		case trimmed == "":
			out = append(out, line{})
			blank = true
			continue
		case indent >= base+4 && (blank || len(out) > 0 && out[len(out)-1].code):
			out = append(out, line{raw[base+4:], true, ""})
			continue
		case listItem.MatchString(raw):
			base = len(listItem.FindString(raw))
		case indent < base:
			base = 0
		}
		out, blank = append(out, line{text: raw}), false
	}
	return out
}

var (
	link     = regexp.MustCompile(`\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)`)
	codeSpan = regexp.MustCompile("`[^`]*`")
	heading  = regexp.MustCompile(`^#{1,6} +(.+?) *#*$`)
	htmlID   = regexp.MustCompile(`(?:id|name)="([^"]+)"`)
	notSlug  = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// anchors are the fragments of a page, as GitHub and the book make them of headings.
func (p page) anchors() map[string]bool {
	out, times := map[string]bool{}, map[string]int{}
	for _, l := range p.lines {
		for _, m := range htmlID.FindAllStringSubmatch(l.text, -1) {
			out[m[1]] = true
		}
		m := heading.FindStringSubmatch(l.text)
		if l.code || m == nil {
			continue
		}
		text := link.ReplaceAllString(strings.ReplaceAll(m[1], "[", ""), "")
		slug := strings.ReplaceAll(notSlug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		if n := times[slug]; n > 0 {
			out[slug+"-"+string(rune('0'+n))] = true
		}
		times[slug]++
		out[slug] = true
	}
	return out
}

// TestLinks: whatever a page refers to in this repository is there, headings included.
func TestLinks(t *testing.T) {
	all := pages(t)
	for _, p := range all {
		for i, l := range p.lines {
			if l.code {
				continue
			}
			for _, m := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(l.text, "``"), -1) {
				if problem := broken(t, all, p, m[1]); problem != "" {
					t.Errorf("%s:%d: %s", p.path, i+1, problem)
				}
			}
		}
	}
}

func broken(t *testing.T, all []page, from page, target string) string {
	t.Helper()
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return ""
	}
	path, fragment, _ := strings.Cut(target, "#")
	file := from.path
	if path != "" {
		file = filepath.Join(filepath.Dir(from.path), path)
		if strings.HasPrefix(file, "..") {
			return target + " leads out of the repository"
		}
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			return target + " does not exist"
		}
	}
	if fragment == "" || !strings.HasSuffix(file, ".md") {
		return ""
	}
	i := slices.IndexFunc(all, func(p page) bool { return p.path == file })
	if i < 0 || !all[i].anchors()[fragment] {
		return target + ": there is no such heading"
	}
	return ""
}

// TestContents: the book's first page, from which its sidebar is made, names every page, and every page has a title.
func TestContents(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range link.FindAllStringSubmatch(contents(t, "docs/README.md"), -1) {
		path, _, _ := strings.Cut(m[1], "#")
		listed[filepath.Join("docs", path)] = true
	}
	for _, p := range pages(t) {
		if len(p.lines) == 0 || !strings.HasPrefix(p.lines[0].text, "# ") {
			t.Errorf("%s does not begin with a title", p.path)
		}
		if !strings.HasPrefix(p.path, "docs/") || p.path == "docs/README.md" || strings.HasPrefix(p.path, "docs/decisions/") {
			continue
		}
		if !listed[p.path] {
			t.Errorf("%s is not in docs/README.md", p.path)
		}
	}
	if !listed["docs/decisions"] {
		t.Error("docs/README.md does not name the decisions")
	}
}
