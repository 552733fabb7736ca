package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

// Main runs capaks and returns its exit code.
func Main() int {
	// client-go's own lines about connections that end are not for people; what fails is returned as an error.
	klog.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := NewRootCommand().ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 130 // ended by a signal, as a shell reports it
	}
	var code exitCode
	if errors.As(err, &code) {
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "capaks:", err)
	return 1
}

// exitCode ends the program with a code that says something; everything there is to say was printed.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// NewRootCommand is the capaks command with all its subcommands.
func NewRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "capaks",
		Short: "AKS clusters through Cluster API",
		Long: `capaks is the command line of the Cluster API provider for Azure Kubernetes Service.

It starts a complete management plane on this machine (capaks sandbox) and answers questions about
manifests and clusters without one.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(
		newSandboxCommand(),
		newConvertCommand(),
		newImportCommand(),
		newPlanCommand(),
		newTakeoverCommand(),
		newVersionCommand(),
	)
	return root
}

// printf writes to a command's output; a closed pipe is the reader's business.
func printf(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
