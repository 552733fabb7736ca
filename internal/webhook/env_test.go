package webhook_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/retry"
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

const (
	patience            = 60 * time.Second
	defaultSubscription = "11111111-1111-1111-1111-111111111111"
)

var scheme = runtime.NewScheme()

func init() {
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(clusterv1.AddToScheme(scheme))
	utilruntime.Must(v1beta1.AddToScheme(scheme))
}

// config reaches the API server that all tests but those of Cluster API share; nil says why there is none.
var (
	config *rest.Config
	absent string
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	log.SetLogger(logr.Discard()) // refusals are what is tested; the answers are all in the responses
	if testing.Short() {
		absent = "needs an API server: not with -short"
		return m.Run()
	}
	if absent = missing("etcd", "kube-apiserver"); absent != "" {
		return m.Run()
	}
	crds, err := clusterAPIDefinitions()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	env, err := startPlane(crds)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer env.stop()
	config = env.Config
	return m.Run()
}

// bin is where `make build` puts binaries.
func bin(name string) string {
	if dir := os.Getenv("CAPAKS_BIN"); dir != "" {
		return filepath.Join(dir, name)
	}
	return filepath.Join("..", "..", "bin", name)
}

func missing(names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(bin(name)); err != nil {
			return fmt.Sprintf("needs %s: run `make build`, or set CAPAKS_BIN", bin(name))
		}
	}
	return ""
}

// clusterAPIDefinitions are the CRDs of the very Cluster API this module is built with; they convert nothing.
func clusterAPIDefinitions() ([]string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/cluster-api").Output()
	if err != nil {
		return nil, fmt.Errorf("where is Cluster API: %w", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "core", "config", "crd", "bases")
	return []string{filepath.Join(dir, "cluster.x-k8s.io_clusters.yaml"), filepath.Join(dir, "cluster.x-k8s.io_machinepools.yaml")}, nil
}

// plane is an API server with our CRDs, our webhooks and a manager that serves them.
type plane struct {
	*envtest.Environment
	stop func()
}

func startPlane(coreCRDs []string) (*plane, error) {
	env := &envtest.Environment{
		BinaryAssetsDirectory: bin(""),
		Scheme:                scheme,
		CRDInstallOptions:     envtest.CRDInstallOptions{MaxTime: patience},
		CRDDirectoryPaths:     append([]string{filepath.Join("..", "..", "config", "crd", "bases")}, coreCRDs...),
		ErrorIfCRDPathMissing: true,
		WebhookInstallOptions: webhookOptions(),
	}
	if _, err := env.Start(); err != nil {
		return nil, fmt.Errorf("start an API server: %w", err)
	}
	stop, err := serve(env.Config, env.WebhookInstallOptions)
	if err != nil {
		return nil, errors.Join(err, env.Stop())
	}
	return &plane{env, func() {
		stop()
		if err := env.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}}, nil
}

// serve runs a manager with our webhooks and returns when the API server asks them.
func serve(config *rest.Config, serving envtest.WebhookInstallOptions) (stop func(), err error) {
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		WebhookServer: ctrlwebhook.NewServer(ctrlwebhook.Options{
			Host: serving.LocalServingHost, Port: serving.LocalServingPort, CertDir: serving.LocalServingCertDir,
		}),
	})
	if err != nil {
		return nil, err
	}
	if err := webhook.SetupWithManager(mgr, webhook.Options{DefaultSubscription: defaultSubscription}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	stop = func() {
		cancel()
		if err := <-ended; err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	if err := untilServed(ctx, config); err != nil {
		stop()
		return nil, err
	}
	return stop, nil
}

// untilServed waits until the API server, which learns of webhooks a moment after they are stored, asks ours.
func untilServed(ctx context.Context, config *rest.Config) error {
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	probe := controlPlane("default", "probe", func(cp *v1beta1.AzureManagedControlPlane) { cp.Spec.SSHPublicKey = ptr("no key") })
	var last error
	if err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		last = c.Create(ctx, probe.DeepCopy(), client.DryRunAll)
		return apierrors.IsInvalid(last), nil
	}); err != nil {
		return fmt.Errorf("webhooks do not answer: %w (last: %w)", err, last)
	}
	return nil
}

// warnings are those the API server sent.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, text)
}

// take returns and forgets the warnings so far.
func (w *warnings) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := strings.Join(w.texts, "\n")
	w.texts = nil
	return all
}

// api is a client of the shared API server and a namespace of the test's own.
type api struct {
	client.Client
	warnings  *warnings
	namespace string
}

func live(t *testing.T) *api {
	t.Helper()
	if config == nil {
		if os.Getenv("CAPAKS_REQUIRE_SANDBOX") != "" && !testing.Short() {
			t.Fatal(absent)
		}
		t.Skip(absent)
	}
	return connect(t, config)
}

func connect(t *testing.T, config *rest.Config) *api {
	t.Helper()
	a := &api{warnings: &warnings{}}
	config = rest.CopyConfig(config)
	config.WarningHandlerWithContext = a.warnings
	config.QPS = -1
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	a.Client = c
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "webhook-"}}
	a.create(t, ns)
	a.namespace = ns.Name
	return a
}

func (a *api) create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, object := range objects {
		if err := a.Create(t.Context(), object); err != nil {
			t.Fatalf("create %s: %v", object.GetName(), err)
		}
	}
}

func (a *api) read(t *testing.T, object client.Object) {
	t.Helper()
	if err := a.Get(t.Context(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatalf("get %s: %v", object.GetName(), err)
	}
}

// change updates the stored object, again where somebody else did so in between.
func change[T client.Object](t *testing.T, a *api, object T, mutate func(T)) error {
	t.Helper()
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		a.read(t, object)
		mutate(object)
		return a.Update(t.Context(), object)
	})
}

// refused asserts that a request was refused with a message that has all the parts.
func refused(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("accepted; want a refusal with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the refusal lacks %q: %v", part, err)
		}
	}
}

func accepted(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("refused: %v", err)
	}
}

func ptr[T any](v T) *T { return &v }
