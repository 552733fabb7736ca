package replay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/capaks/capaks/azuresim/replay"
)

func testdata(name string) string { return filepath.Join("testdata", name+".json") }

func accepted(t *testing.T) *replay.Accepted {
	t.Helper()
	known, err := replay.DefaultAccepted()
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// What Azure answers is what the emulator answers, with operations that end when the recording shows it, polling
// addresses and generated ids that are the emulator's own, and a group that was there before.
func TestEqual(t *testing.T) {
	for _, name := range []string{"group", "network", "identity", "before"} {
		t.Run(name, func(t *testing.T) {
			report, err := replay.Files(t.Context(), accepted(t), []string{testdata(name)})
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			if err := report.Text(&text); err != nil {
				t.Fatal(err)
			}
			if report.Total == 0 || report.Equal != report.Total {
				t.Error(text.String())
			}
		})
	}
}

// Differences are told one by one, and those on the list are told with their reason.
func TestDifferent(t *testing.T) {
	report, err := replay.Files(t.Context(), accepted(t), []string{testdata("different")})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := report.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Total, Equal, Accepted int
		Differences            []struct {
			Exchange     int
			What, Path   string
			Recorded     any
			Emulated     any
			Accepted     string
			File, Method string
		}
	}
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range doc.Differences {
		emulated := fmt.Sprint(d.Emulated)
		if len(emulated) > 3 && d.What == "status" {
			emulated = emulated[:3]
		}
		got = append(got, fmt.Sprintf("%d %s %s %v/%s %v", d.Exchange, d.What, d.Path, d.Recorded, emulated, d.Accepted != ""))
	}
	want := []string{
		"0 body tags.a other/b false",
		"1 body managedBy somebody/(absent) false",
		"2 header Retry-After 7/(absent) false",
		"3 status  201/200 false",
		"4 status  202/404 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if doc.Total != 6 || doc.Equal != 1 || doc.Accepted != 1 {
		t.Errorf("total %d, equal %d, accepted %d", doc.Total, doc.Equal, doc.Accepted)
	}
}

// Whatever is changed in a recorded answer is found, except where Azure itself would have written something else the
// next time: a time, an etag, an id or an address.
func TestEveryChangeIsFound(t *testing.T) {
	generated := map[string]bool{"etag": true, "Etag": true, "createdOn": true, "updatedOn": true, "made": true}
	for _, name := range []string{"group", "network", "identity"} {
		raw, err := os.ReadFile(testdata(name))
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var files, changes []string
		for n := 0; ; n++ {
			var doc map[string]any
			if err := json.Unmarshal(raw, &doc); err != nil {
				t.Fatal(err)
			}
			left := n
			where := change(doc["exchanges"], "", generated, &left)
			if where == "" {
				break
			}
			altered, err := json.Marshal(doc)
			if err != nil {
				t.Fatal(err)
			}
			files, changes = append(files, filepath.Join(dir, fmt.Sprintf("%d.json", n))), append(changes, where)
			if err := os.WriteFile(files[n], altered, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		report, err := replay.Files(t.Context(), accepted(t), files)
		if err != nil || len(files) < 10 {
			t.Fatalf("%s: %d changes, %v", name, len(files), err)
		}
		for i, f := range report.Files {
			if f.Different == 0 {
				t.Errorf("%s: a change at %s is not found", name, changes[i])
			}
		}
	}
}

// change alters one leaf of the recorded answers, the one with number *left, and says where it is.
func change(v any, at string, skip map[string]bool, left *int) string {
	alter := func(set func(any), value any) bool {
		if *left > 0 {
			*left--
			return false
		}
		switch x := value.(type) {
		case string:
			set("x" + x)
		case float64:
			set(x + 1)
		case bool:
			set(!x)
		case nil:
			set("something")
		default:
			set(nil)
		}
		return true
	}
	visit := func(key string, value any, set func(any)) string {
		here := at + "/" + key
		if skip[key] {
			return ""
		}
		switch x := value.(type) {
		case map[string]any:
			if len(x) > 0 {
				return change(x, here, skip, left)
			}
		case []any:
			if len(x) > 0 {
				return change(x, here, skip, left)
			}
		}
		if alter(set, value) {
			return here
		}
		return ""
	}
	switch x := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(x) {
			if at != "" && strings.Count(at, "/") == 1 && key != "status" && key != "response" && key != "headers" {
				continue // the request stays as it is
			}
			if where := visit(key, x[key], func(n any) { x[key] = n }); where != "" {
				return where
			}
		}
	case []any:
		for i := range x {
			if where := visit(fmt.Sprint(i), x[i], func(n any) { x[i] = n }); where != "" {
				return where
			}
		}
	}
	return ""
}

func TestUnreadable(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nojson": "{", "empty": `{"exchanges": []}`, "nourl": `{"exchanges": [{"method": "GET", "status": 200}]}`,
		"nostatus": `{"exchanges": [{"method": "GET", "url": "/x"}]}`, "missing": "",
	} {
		file := filepath.Join(dir, name+".json")
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := replay.Files(t.Context(), accepted(t), []string{file}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The list takes no line without a reason and knows the lines that cover nothing.
func TestAcceptedList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "list.tsv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{"GET\t*\t*\t*\n", "GET\t*\t*\t*\t \n", "GET * * * reason\n"} {
		write(text)
		if _, err := replay.ReadAccepted(file); err == nil {
			t.Errorf("%q is taken for a list", text)
		}
	}
	write("# a comment\n*\tmicrosoft.resources/resourceGroups\t2020-*\tbody/tags.*\ttags are ours\n" +
		"GET\tMicrosoft.Resources/resourceGroups\t*\theader/Retry-After\tpatience\nPUT\tMicrosoft.Resources/resourceGroups\t*\tstatus/201\tit was there\nGET\tMicrosoft.Nothing/*\t*\t*\tnever met\n")
	known, err := replay.ReadAccepted(file)
	if err != nil {
		t.Fatal(err)
	}
	report, err := replay.Files(t.Context(), known, []string{testdata("different")})
	if err != nil {
		t.Fatal(err)
	}
	if report.Accepted != 3 || report.Different != 2 {
		t.Errorf("%d accepted, %d different", report.Accepted, report.Different)
	}
	unused := known.Unused()
	if len(unused) != 1 || !strings.Contains(unused[0], "Microsoft.Nothing") {
		t.Errorf("unused: %q", unused)
	}
}

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }
