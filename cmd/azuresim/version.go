package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the release build with -ldflags; otherwise the module version that `go install` recorded is shown.
var version string

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version of azuresim",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			recorded := ""
			if info, ok := debug.ReadBuildInfo(); ok {
				recorded = info.Main.Version
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "azuresim %s %s %s/%s\n", cmp.Or(version, recorded, "(devel)"), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
