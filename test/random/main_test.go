// Package random_test applies random legal edits to the objects of a cluster and carries them out against the emulated
// Azure. What is legal is decided by a real API server with the CRDs and the webhooks, so that every rule that is missing
// there shows up as a request that Azure refuses. It must not know which edits go together.
package random_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/webhook"
)

var (
	scheme = runtime.NewScheme()
	// kube reaches the API server; absent says why there is none.
	kube   client.Client
	absent string
)

func init() {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(clusterv1.AddToScheme(scheme))
	utilruntime.Must(v1beta1.AddToScheme(scheme))
}

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	log.SetLogger(logr.Discard()) // refusals are part of the game
	if testing.Short() {
		absent = "needs an API server: not with -short"
		return m.Run(), nil
	}
	bin := os.Getenv("CAPAKS_BIN")
	if bin == "" {
		bin = filepath.Join("..", "..", "bin")
	}
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, missing := os.Stat(filepath.Join(bin, name)); missing != nil {
			absent = fmt.Sprintf("needs %s in %s: run `make build`, or set CAPAKS_BIN", name, bin)
			return m.Run(), nil
		}
	}
	stop, err := serve(bin)
	if err != nil {
		return 1, err
	}
	code = m.Run()
	return code, stop()
}

// serve starts an API server with the CRDs, and a manager with nothing but the webhooks.
func serve(bin string) (stop func() error, err error) {
	core, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/cluster-api").Output()
	if err != nil {
		return nil, fmt.Errorf("where is Cluster API: %w", err)
	}
	bases := filepath.Join(strings.TrimSpace(string(core)), "core", "config", "crd", "bases")
	env := &envtest.Environment{
		BinaryAssetsDirectory: bin, Scheme: scheme, ErrorIfCRDPathMissing: true,
		CRDDirectoryPaths: []string{filepath.Join("..", "..", "config", "crd", "bases"),
			filepath.Join(bases, "cluster.x-k8s.io_clusters.yaml"), filepath.Join(bases, "cluster.x-k8s.io_machinepools.yaml")},
		WebhookInstallOptions: envtest.WebhookInstallOptions{Paths: []string{filepath.Join("..", "..", "config", "webhook", "manifests.yaml")}},
	}
	config, err := env.Start()
	if err != nil {
		return nil, fmt.Errorf("start of an API server: %w", err)
	}
	config.QPS, config.WarningHandler = -1, rest.NoWarnings{}
	ctx, cancel := context.WithCancel(context.Background())
	stop = func() error { cancel(); return env.Stop() }
	serving := env.WebhookInstallOptions
	mgr, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
		WebhookServer: ctrlwebhook.NewServer(ctrlwebhook.Options{Host: serving.LocalServingHost, Port: serving.LocalServingPort, CertDir: serving.LocalServingCertDir})})
	if err == nil {
		err = webhook.SetupWithManager(mgr, webhook.Options{})
	}
	if err == nil {
		go func() { _ = mgr.Start(ctx) }()
		kube, err = client.New(config, client.Options{Scheme: scheme})
	}
	if err == nil {
		err = untilServed(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

// untilServed waits until the API server, which learns of webhooks a moment after they are stored, asks ours.
func untilServed(ctx context.Context) error {
	probe := &v1beta1.AzureManagedControlPlane{}
	probe.Name, probe.Namespace, probe.Spec.Location, probe.Spec.Version = "probe", "default", "westeurope", "v1.34.1"
	probe.Spec.SSHPublicKey = new("no key")
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		last = kube.Create(ctx, probe.DeepCopy(), client.DryRunAll)
		return apierrors.IsInvalid(last), nil
	})
	if err != nil {
		return fmt.Errorf("the webhooks do not answer: %w (last: %w)", err, last)
	}
	return nil
}
