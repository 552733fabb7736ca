package cli

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/controller"
	"github.com/capaks/capaks/internal/identity"
)

// kubeFlags say which management cluster is meant, as kubectl's flags of the same names do.
type kubeFlags struct {
	kubeconfig, context, namespace string
}

func (f *kubeFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig of the management cluster (default: $KUBECONFIG, then ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "context of the kubeconfig")
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace (default: that of the context)")
}

// connect answers a client of the management cluster, and the namespace that is meant.
func (f *kubeFlags) connect() (client.Client, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: f.context}
	overrides.Context.Namespace = f.namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, "", fmt.Errorf("which management cluster: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", err
	}
	config.UserAgent = "capaks/" + version
	config.QPS, config.Burst = 50, 100
	config.WarningHandlerWithContext = rest.NoWarnings{}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, clusterv1.AddToScheme, v1beta1.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, "", err
		}
	}
	kube, err := client.New(config, client.Options{Scheme: scheme})
	return kube, namespace, err
}

// azure is how a command reaches Azure: as the manager does, with the caller's environment.
func azure() *controller.Azure {
	transport := arm.DefaultTransport()
	return &controller.Azure{
		Endpoints: arm.CloudEnvFrom(os.Getenv), Identities: identity.NewCache(identity.Options{}),
		Transport: transport, DefaultSubscription: os.Getenv("AZURE_SUBSCRIPTION_ID"),
		Clients: arm.NewPool(arm.Config{Transport: transport, UserAgent: userAgent, Budget: arm.NewBudget(arm.BudgetOptions{})}, 0),
	}
}

// userAgent tells requests of a person at a command line from those of a manager.
const userAgent = "capaks-cli"
