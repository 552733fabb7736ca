package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/preview"
)

func newPlanCommand() *cobra.Command {
	f := &planFlags{}
	cmd := &cobra.Command{
		Use:   "plan [CLUSTER...]",
		Short: "Show what would be sent to Azure, request by request, and send nothing",
		Long: `Show the requests that the manager would send to Azure for clusters as they are declared in the management cluster, or, with -f,
as files would declare them. The plan is computed by the very functions of the manager, from what Azure has now.

Files are given to the API server as a dry run: its defaults apply, and what it would refuse is shown as refused. Nothing is
written, neither to the management cluster nor to Azure.`,
		Example: `  # one cluster as it is declared now; all clusters of a namespace; all there are
  capaks plan my-cluster
  capaks plan -n team-a
  capaks plan -A

  # what an edited file would cause, for a check in CI: 0 nothing, 2 changes, 1 an error
  capaks plan -f cluster.yaml --detailed-exitcode

  # whole bodies
  capaks plan my-cluster -o json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	f.kube.add(flags)
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "clusters of all namespaces")
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file, directory or - with manifests to plan for as if they were applied; may be repeated")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	flags.BoolVar(&f.detailed, "detailed-exitcode", false, "exit with 2 where something would be sent or is held back")
	flags.StringVar(&f.credentials, "credentials", "cluster", "whose credentials read Azure: cluster (spec.identityRef) or own (AZURE_* variables)")
	flags.StringVar(&f.fieldManager, "field-manager", "", "who applies the files with server-side apply (default: who did before)")
	return cmd
}

type planFlags struct {
	kube                              kubeFlags
	files                             []string
	all, detailed                     bool
	output, credentials, fieldManager string
}

// exitChanges is the exit code of a plan that is not empty, as other planners have it.
const exitChanges = 2

func (f *planFlags) run(ctx context.Context, names []string, in io.Reader, out io.Writer) error {
	if err := f.check(names); err != nil {
		return err
	}
	kube, namespace, err := f.kube.connect()
	if err != nil {
		return err
	}
	p := preview.New(kube, azure(), preview.Options{Namespace: namespace, OwnCredentials: f.credentials == "own", FieldManager: f.fieldManager})
	refused, err := f.declare(ctx, p, in)
	if err != nil {
		return err
	}
	if f.all {
		namespace = ""
	}
	keys, err := f.chosen(ctx, p, namespace, names)
	if err != nil {
		return err
	}
	var clusters []preview.Cluster
	for _, key := range keys {
		c, err := p.Plan(ctx, key)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		clusters = append(clusters, c)
	}
	if err := f.show(out, clusters, refused); err != nil {
		return err
	}
	return f.outcome(clusters, refused)
}

func (f *planFlags) check(names []string) error {
	switch {
	case f.output != "text" && f.output != "json":
		return fmt.Errorf("--output %q is unknown: choose text or json", f.output)
	case f.credentials != "cluster" && f.credentials != "own":
		return fmt.Errorf("--credentials %q is unknown: choose cluster or own", f.credentials)
	case f.all && len(names) > 0:
		return errors.New("--all-namespaces and names of clusters: give one of them")
	case len(f.files) > 0 && (f.all || len(names) > 0):
		return errors.New("--filename plans for the clusters in the files: leave out names and --all-namespaces")
	}
	return nil
}

// declare reads the files and lets the API server say what it would make of them.
func (f *planFlags) declare(ctx context.Context, p *preview.Preview, in io.Reader) ([]preview.Refusal, error) {
	var refused []preview.Refusal
	for _, file := range f.files {
		objects, err := readObjects(file, in)
		if err != nil {
			return nil, err
		}
		for _, object := range objects {
			refusal, err := p.Declare(ctx, object)
			if err != nil {
				return nil, err
			}
			if refusal != nil {
				refused = append(refused, *refusal)
			}
		}
	}
	return refused, nil
}

func readObjects(file string, in io.Reader) ([]*unstructured.Unstructured, error) {
	manifests, err := readManifests(file, in)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, m := range manifests {
		found, err := parseObjects(m.text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.label, err)
		}
		objects = append(objects, found...)
	}
	return objects, nil
}

func (f *planFlags) chosen(ctx context.Context, p *preview.Preview, namespace string, names []string) ([]client.ObjectKey, error) {
	if len(f.files) > 0 {
		return p.Declared(ctx)
	}
	return p.ControlPlanes(ctx, namespace, names)
}

func (f *planFlags) show(out io.Writer, clusters []preview.Cluster, refused []preview.Refusal) error {
	if f.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(preview.Documented(clusters, refused))
	}
	preview.Write(out, clusters, refused)
	if len(clusters) == 0 && len(refused) == 0 {
		printf(out, "no cluster to plan for\n")
	}
	return nil
}

// outcome is the exit code: a plan that could not be made is an error in any case.
func (f *planFlags) outcome(clusters []preview.Cluster, refused []preview.Refusal) error {
	changes := false
	for _, c := range clusters {
		if c.Problem != "" {
			return fmt.Errorf("cluster %s: there is no plan (%s)", c.ObjectKey, c.Reason)
		}
		changes = changes || c.Changes()
	}
	if len(refused) > 0 {
		return fmt.Errorf("%d of the manifests would be refused", len(refused))
	}
	if changes && f.detailed {
		return exitCode(exitChanges)
	}
	return nil
}
