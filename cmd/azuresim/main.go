// Command azuresim serves an emulated Azure. It only reads flags and files and wires them together; what it
// emulates is in the packages below azuresim/.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "azuresim:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{Use: "azuresim", Short: "An emulator of Azure Resource Manager, Entra ID and the Azure Kubernetes Service", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(serveCommand())
	if err := root.ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
