package main

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// What a script sees: 0 when all is equal, 1 when something differs, 2 when nothing could be compared.
func TestReplayExitCodes(t *testing.T) {
	data := func(name string) string { return filepath.Join("..", "..", "azuresim", "replay", "testdata", name) }
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{data("group.json")}, 0, "all 1"},
		{[]string{"-o", "json", data("group.json"), data("network.json")}, 0, `"differences": []`},
		{[]string{"--types", data("different.json")}, 1, "Microsoft.Storage/storageAccounts"},
		{[]string{data("group.json"), data("nothing.json")}, 2, ""},
		{[]string{"--accept", data("nothing.tsv"), data("group.json")}, 2, ""},
		{[]string{"-o", "yaml", data("group.json")}, 2, ""},
		{[]string{"--unknown"}, 2, ""},
		{nil, 2, ""},
	} {
		cmd := replayCommand()
		var out bytes.Buffer
		cmd.SetOut(&out)
		cmd.SetErr(&bytes.Buffer{})
		cmd.SetArgs(c.args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		err := cmd.ExecuteContext(t.Context())
		code := 0
		if err != nil {
			code = exitCode(err)
		}
		if code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%q: code %d, want %d: %v\n%s", c.args, code, c.code, err, &out)
		}
		if code == 1 && !errors.Is(err, errDifferent) {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}
