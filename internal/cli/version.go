package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build with -ldflags; otherwise the module version that `go install` recorded is shown.
var version string

func newVersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of capaks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			printf(cmd.OutOrStdout(), "capaks %s\n", versionText())
			return nil
		},
	}
}

func versionText() string {
	text, revision := version, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if text == "" {
			text = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	if text == "" {
		text = "(devel)"
	}
	return fmt.Sprintf("%s%s %s %s/%s", text, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
