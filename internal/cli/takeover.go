package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/preview"
	"github.com/capaks/capaks/internal/takeover"
)

func newTakeoverCommand() *cobra.Command {
	f := &takeoverFlags{}
	cmd := &cobra.Command{
		Use:   "takeover [CLUSTER...]",
		Short: "Take clusters over from CAPZ, with no request to Azure",
		Long: `Hand AKS clusters that CAPZ (cluster-api-provider-azure) reconciled over to this provider. The Kubernetes objects stay, and
nothing is sent to Azure.

Without --apply it says how far each cluster is and what would be done. With --apply it goes as far as it can: what it does follows
from what it finds, so it may be interrupted anywhere and run again. Where somebody else has to do something first, it ends and says
what. Up to the stage "released" the earlier provider can be started again instead.

Stages: ` + strings.Join(takeover.Stages(), ", ") + `.`,
		Example: `  # what would be done, for all clusters
  capaks takeover -A

  # one cluster, up to the point where nothing is lost yet
  capaks takeover my-cluster --apply --until skipped

  # everything there is
  capaks takeover -A --apply`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), args, cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	f.kube.add(flags)
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "clusters of all namespaces")
	flags.BoolVar(&f.apply, "apply", false, "do it")
	flags.StringVar(&f.until, "until", takeover.Observed, "last stage to go through")
	flags.StringVar(&f.backup, "backup", "capaks-takeover", "directory for objects of Azure Service Operator as they were; none when empty")
	flags.DurationVar(&f.timeout, "timeout", 10*time.Minute, "how long to wait for what others do")
	flags.StringVar(&f.credentials, "credentials", "cluster", "whose credentials read Azure: cluster (spec.identityRef) or own (AZURE_* variables)")
	return cmd
}

type takeoverFlags struct {
	kube                       kubeFlags
	all, apply                 bool
	until, backup, credentials string
	timeout                    time.Duration
}

func (f *takeoverFlags) run(ctx context.Context, names []string, out io.Writer) error {
	switch {
	case !slices.Contains(takeover.Stages(), f.until):
		return fmt.Errorf("--until %q is no stage: choose one of %s", f.until, strings.Join(takeover.Stages(), ", "))
	case f.all && len(names) > 0:
		return errors.New("--all-namespaces and names of clusters: give one of them")
	case f.credentials != "cluster" && f.credentials != "own":
		return fmt.Errorf("--credentials %q is unknown: choose cluster or own", f.credentials)
	}
	kube, namespace, err := f.kube.connect()
	if err != nil {
		return err
	}
	if f.all {
		namespace = ""
	}
	t := &takeover.Takeover{
		Kube: kube, Preview: preview.New(kube, azure(), preview.Options{Namespace: namespace, OwnCredentials: f.credentials == "own"}),
		Now: time.Now, Backup: f.backup, Patience: f.timeout, Log: func(line string) { printf(out, "%s\n", line) },
	}
	keys, err := t.Clusters(ctx, namespace, names)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		printf(out, "no Cluster with an AzureManagedControlPlane\n")
		return nil
	}
	if f.apply {
		return f.takeOver(ctx, t, keys, out)
	}
	return lookAll(ctx, t, keys, out)
}

func lookAll(ctx context.Context, t *takeover.Takeover, keys []client.ObjectKey, out io.Writer) error {
	for i, key := range keys {
		progress, err := t.Look(ctx, key)
		if err != nil {
			return fmt.Errorf("cluster %s: %w", key, err)
		}
		if i > 0 {
			printf(out, "\n")
		}
		printf(out, "%s", progress)
	}
	return nil
}

// takeOver goes on with the other clusters where one is kept: the installation is replaced when all of them are prepared.
func (f *takeoverFlags) takeOver(ctx context.Context, t *takeover.Takeover, keys []client.ObjectKey, out io.Writer) error {
	var keptBack []*takeover.KeptError
	for _, key := range keys {
		err := t.Run(ctx, key, f.until)
		var kept *takeover.KeptError
		if errors.As(err, &kept) && ctx.Err() == nil {
			keptBack = append(keptBack, kept)
			continue
		}
		if err != nil {
			return fmt.Errorf("cluster %s: %w", key, err)
		}
		printf(out, "%s: done up to %s\n", key, f.until)
	}
	if len(keptBack) == 0 {
		return nil
	}
	for _, kept := range keptBack {
		printf(out, "%s: kept before %s: %s\n", kept.Cluster, kept.Stage, strings.ReplaceAll(kept.Why, "\n", "\n  "))
	}
	return fmt.Errorf("%d of %d clusters are not there yet", len(keptBack), len(keys))
}
