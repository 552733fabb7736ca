package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/identity"
	"github.com/capaks/capaks/internal/imported"
	"github.com/capaks/capaks/internal/plan"
)

func newImportCommand() *cobra.Command {
	f := &importFlags{}
	cmd := &cobra.Command{
		Use:   "import RESOURCE_ID",
		Short: "Write manifests for an AKS cluster that exists",
		Long: `Write the manifests of an AKS cluster that exists, such that applying them sends nothing to Azure. The cluster may have been made by
anybody. What no field can say is told on standard error. Nothing is written to Azure or to a management cluster.

With --policy observe, the default, the applied objects only report. With manage they are adopted, and from then on every change of
them is made in Azure; no owner tags are put on the cluster.`,
		Example: `  capaks import /subscriptions/$SUBSCRIPTION/resourceGroups/my-group/providers/Microsoft.ContainerService/managedClusters/my-cluster > my-cluster.yaml
  capaks import --subscription $SUBSCRIPTION --resource-group my-group --name my-cluster --policy manage
  capaks plan -f my-cluster.yaml      # nothing would be sent`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.subscription, "subscription", "", "id of the subscription, instead of a resource id")
	flags.StringVar(&f.group, "resource-group", "", "resource group, instead of a resource id")
	flags.StringVar(&f.name, "name", "", "name of the AKS cluster, instead of a resource id")
	flags.StringVarP(&f.options.Namespace, "namespace", "n", "default", "namespace of the objects")
	flags.StringVar(&f.options.Policy, "policy", v1beta1.PolicyObserve, "observe, manage or detach-on-delete")
	flags.StringVar(&f.options.Identity, "identity", "", "AzureClusterIdentity that the control plane is to name")
	flags.StringVar(&f.cloud, "environment", "", "AzurePublicCloud, AzureChinaCloud or AzureUSGovernmentCloud")
	return cmd
}

type importFlags struct {
	subscription, group, name, cloud string
	options                          imported.Options
}

var clusterID = regexp.MustCompile(`(?i)^/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.ContainerService/managedClusters/([^/]+)/?$`)

func (f *importFlags) run(ctx context.Context, args []string, out, log io.Writer) error {
	if !slices.Contains(aks.Policies, f.options.Policy) {
		return fmt.Errorf("--policy %q is unknown: choose observe, manage or detach-on-delete", f.options.Policy)
	}
	if len(args) == 1 {
		parts := clusterID.FindStringSubmatch(args[0])
		if parts == nil {
			return fmt.Errorf("%q is no id of an AKS cluster: write /subscriptions/.../resourceGroups/.../providers/Microsoft.ContainerService/managedClusters/...", args[0])
		}
		f.subscription, f.group, f.name = parts[1], parts[2], parts[3]
	}
	if f.subscription == "" || f.group == "" || f.name == "" {
		return errors.New("which cluster: give its resource id, or --subscription, --resource-group and --name")
	}
	source, err := f.read(ctx)
	if err != nil {
		return err
	}
	f.options.Now = time.Now()
	result, err := imported.Of(source, f.options)
	if err != nil {
		return err
	}
	for i, object := range result.Objects {
		if f.cloud != "" && object["kind"] == "AzureManagedControlPlane" {
			if spec, ok := object["spec"].(map[string]any); ok {
				spec["azureEnvironment"] = f.cloud
			}
		}
		text, err := yaml.Marshal(object)
		if err != nil {
			return err
		}
		if i > 0 {
			printf(out, "---\n")
		}
		printf(out, "%s", text)
	}
	for _, note := range result.Notes {
		printf(log, "note: %s\n", note)
	}
	printf(log, "note: extensions, fleet memberships, maintenance configurations and private endpoints are not looked at; they stay as they are\n")
	return nil
}

// read gets everything from Azure with the caller's own credentials.
func (f *importFlags) read(ctx context.Context) (imported.Source, error) {
	s := imported.Source{Subscription: f.subscription, Group: f.group}
	a := azure()
	cloud, err := arm.CloudFrom(f.cloud, a.Endpoints)
	if err != nil {
		return s, fmt.Errorf("--environment: %w", err)
	}
	credential, err := a.Identities.Credential(identity.Spec{}, cloud, a.Transport)
	if err != nil {
		return s, err
	}
	client, err := a.Clients.Client(credential, cloud)
	if err != nil {
		return s, err
	}
	id := aks.ManagedClusterID(f.subscription, f.group, f.name)
	cluster, err := client.Get(ctx, id, aks.ContainerServiceAPIVersion)
	if err != nil {
		return s, err
	}
	s.Cluster = cluster.Body
	if s.Pools, _, err = client.List(ctx, id+"/agentPools", aks.ContainerServiceAPIVersion); err != nil {
		return s, err
	}
	group, err := client.Get(ctx, aks.ResourceGroupID(f.subscription, f.group), aks.ResourcesAPIVersion)
	if err != nil {
		return s, err
	}
	s.ResourceGroup = aks.ObservedResource(group.Body)
	s.Network, err = networkOf(ctx, client, s)
	return s, err
}

// networkOf reads the network of the nodes, where it is not one that AKS made.
func networkOf(ctx context.Context, client *arm.Client, s imported.Source) (plan.Observed, error) {
	for _, pool := range s.Pools {
		properties, _ := pool["properties"].(map[string]any)
		subnet, _ := properties["vnetSubnetID"].(string)
		if network := imported.SubnetOf(subnet); network != "" {
			response, err := client.Get(ctx, network, aks.NetworkAPIVersion)
			if err != nil {
				return plan.Observed{}, fmt.Errorf("the network of the nodes: %w", err)
			}
			return aks.ObservedResource(response.Body), nil
		}
	}
	return plan.Observed{}, nil
}
