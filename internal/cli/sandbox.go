package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/capaks/capaks/internal/sandbox"
)

func newSandboxCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Run a whole management plane on this machine",
		Long: `A sandbox is a Kubernetes API server with etcd, Cluster API's core controllers, the AKS provider and an
emulated Azure, as ordinary processes on loopback ports: no containers, no kubelet, no Azure account.

Everything it knows is in one directory (--dir): kubeconfig, azure.env, logs/, state.json. Two sandboxes in two
directories do not meet.`,
		Example: `  # start, apply, watch until the cluster runs; Ctrl-C ends everything
  capaks sandbox up -f examples/quickstart.yaml

  # the same in the background
  capaks sandbox up --detach --wait -f examples/quickstart.yaml
  eval "$(capaks sandbox env)"
  kubectl get cluster-api -o wide
  capaks sandbox down`,
	}
	cmd.PersistentFlags().StringVar(&dir, "dir", sandbox.DefaultDir, "directory of the sandbox")
	cmd.AddCommand(newSandboxUpCommand(&dir), newSandboxDownCommand(&dir), newSandboxStatusCommand(&dir), newSandboxEnvCommand(&dir))
	return cmd
}

type upFlags struct {
	options sandbox.Options
	wait    bool
	timeout time.Duration
	speed   float64
	config  string
}

func newSandboxUpCommand(dir *string) *cobra.Command {
	f := &upFlags{}
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a sandbox",
		Long: `Start a sandbox, apply the given files and show what becomes of them.

Without --detach the sandbox lives as long as the command: Ctrl-C ends it, and so does any component that ends by
itself; its name and the end of its log are printed then.`,
		Example: `  capaks sandbox up -f examples/quickstart.yaml
  capaks sandbox up --detach --wait --timeout 20m -f examples/quickstart.yaml
  capaks sandbox up --dir /tmp/second --speed 60`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.options.Dir = *dir
			return f.up(cmd.Context(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.options.Files, "filename", "f", nil, "file to apply once everything answers; may be repeated")
	flags.BoolVar(&f.options.Detach, "detach", false, "leave the sandbox running and return")
	flags.BoolVar(&f.wait, "wait", false, "return an error unless every applied cluster becomes Available with all its pools Running")
	flags.DurationVar(&f.timeout, "timeout", 30*time.Minute, "how long --wait waits")
	flags.Float64Var(&f.speed, "speed", 0, "how many times faster than real time the emulated Azure works (default: azuresim's own)")
	flags.StringSliceVar(&f.options.Without, "without", nil, "components not to start, of: azuresim, cluster-api, kube-controller-manager, manager")
	flags.StringVar(&f.options.BinDir, "bin-dir", "", "directory of the component binaries (default: that of capaks itself)")
	flags.StringVar(&f.config, "config-dir", "", "directory of the provider's manifests (crd/bases, rbac, webhook), for work on them")
	flags.BoolVar(&f.options.KeepData, "keep", false, "keep all objects when the sandbox ends, for the next one in the same directory")
	return cmd
}

func (f *upFlags) up(ctx context.Context, out io.Writer) error {
	if f.options.BinDir == "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		f.options.BinDir = filepath.Dir(self)
	}
	if f.config != "" {
		f.options.Provider = os.DirFS(f.config)
	}
	if f.speed != 0 {
		f.options.AzureSimArgs = append(f.options.AzureSimArgs, "--speed="+strconv.FormatFloat(f.speed, 'g', -1, 64))
	}
	f.options.Supervised = true
	f.options.Log = func(line string) { printf(out, "%s\n", line) }
	box, err := sandbox.Up(ctx, f.options)
	if err != nil {
		return err
	}
	err = f.follow(ctx, box, out)
	// A detached sandbox stays for inspection whatever became of the clusters in it, but not half dead.
	var crash *sandbox.CrashError
	if f.options.Detach && !errors.As(err, &crash) && ctx.Err() == nil {
		return err
	}
	printf(out, "stopping\n")
	return errors.Join(err, box.Down(context.WithoutCancel(ctx)))
}

// follow shows progress and holds the sandbox until the user ends it.
func (f *upFlags) follow(ctx context.Context, box *sandbox.Sandbox, out io.Writer) error {
	if f.wait || (len(f.options.Files) > 0 && !f.options.Detach) {
		timeout := f.timeout
		if !f.wait {
			timeout = 0
		}
		if err := box.Follow(ctx, sandbox.FollowOptions{Out: out, Timeout: timeout}); err != nil {
			if !f.wait && errors.Is(err, context.Canceled) {
				return nil // seen enough; with --wait it was a question, and the answer is no
			}
			return err
		}
	}
	printNext(out, box)
	if f.options.Detach {
		return nil
	}
	printf(out, "\nPress Ctrl-C to end the sandbox.\n")
	return box.Wait(ctx)
}

func printNext(out io.Writer, box *sandbox.Sandbox) {
	printf(out, "\nNext:\n  export KUBECONFIG=%s\n  kubectl get cluster-api -A -o wide\n", box.Kubeconfig())
	if box.AzureURL() != "" {
		printf(out, "  # %s is the emulated Azure; `capaks sandbox env` prints what its clients need\n", box.AzureURL())
	}
}

func newSandboxDownCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:     "down",
		Short:   "End a sandbox and every process of it",
		Example: "  capaks sandbox down --dir /tmp/second",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			err := sandbox.Down(cmd.Context(), *dir)
			if errors.Is(err, sandbox.ErrNoSandbox) {
				printf(cmd.OutOrStdout(), "no sandbox in %s\n", *dir)
				return nil
			}
			if err == nil {
				printf(cmd.OutOrStdout(), "the sandbox in %s has ended\n", *dir)
			}
			return err
		},
	}
}

func newSandboxEnvCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:     "env",
		Short:   "Print shell commands that point kubectl and Azure clients at a sandbox",
		Example: `  eval "$(capaks sandbox env)"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			variables, err := sandbox.Environment(*dir)
			for _, v := range variables {
				printf(cmd.OutOrStdout(), "%s\n", v.Export())
			}
			return err
		},
	}
}

func newSandboxStatusCommand(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "Show the processes of a sandbox and the memory they use",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			status, err := sandbox.ReadStatus(*dir)
			if err != nil {
				return err
			}
			printf(cmd.OutOrStdout(), "%s", status)
			if dead := status.Dead(); len(dead) > 0 {
				return fmt.Errorf("not running: %v", dead)
			}
			return nil
		},
	}
}
