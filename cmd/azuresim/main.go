// Command azuresim serves an emulated Azure. It only reads flags and files and wires them together; what it
// emulates is in the packages below azuresim/.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "azuresim:", strings.TrimPrefix(err.Error(), "azuresim: "))
		os.Exit(exitCode(err))
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := rootCommand().ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:          "azuresim",
		Short:        "An emulator of Azure Resource Manager, Entra ID and the Azure Kubernetes Service",
		Example:      "  azuresim serve --data-dir .azuresim --env-file azure.env\n  azuresim serve --speed 60 --durations managedCluster=5m --throttle-scale 0",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), replayCommand(), versionCommand())
	return root
}
