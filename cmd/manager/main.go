// Command manager runs the controllers and webhooks. It only wires: every decision is elsewhere.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/component-base/logs"
	logsv1 "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/controller"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/identity"
	"github.com/capaks/capaks/internal/webhook"
)

// version is set at link time.
var version = "dev"

// leaderElectionID names the lease.
const leaderElectionID = "controller-leader-election-capaks"

func main() {
	o := newOptions()
	o.addFlags(pflag.CommandLine)
	// controller-runtime registers --kubeconfig with the standard flag package.
	pflag.CommandLine.AddGoFlagSet(flag.CommandLine)
	pflag.Parse()
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		fmt.Fprintln(os.Stderr, "manager:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	if err := logsv1.ValidateAndApply(o.logs, nil); err != nil {
		return err
	}
	defer logs.FlushLogs()
	ctrl.SetLogger(klog.Background())
	if os.Getenv("GOGC") == "" {
		// A manager is idle nearly always: a smaller heap is worth more than fewer collections.
		debug.SetGCPercent(50)
	}
	mgr, err := newManager(o)
	if err != nil {
		return err
	}
	if o.gates.Enabled(GateAKS) && o.gates.Enabled(GateMachinePool) {
		if err := setup(mgr, o); err != nil {
			return err
		}
	} else {
		mgr.GetLogger().Info("feature gates AKS and MachinePool must both be on: no controller and no webhook runs")
	}
	mgr.GetLogger().Info("starting", "version", version)
	return mgr.Start(ctx)
}

func newManager(o *options) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, clusterv1.AddToScheme, v1beta1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	tlsOptions, err := o.tlsOptions()
	if err != nil {
		return nil, err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	config.UserAgent = "capaks-manager/" + version
	config.QPS, config.Burst = 100, 200
	config.WarningHandlerWithContext = rest.NoWarnings{} // deprecation warnings are for those who write manifests
	cacheOptions := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	if o.namespace != "" {
		cacheOptions.DefaultNamespaces = map[string]cache.Config{o.namespace: {}}
	}
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Metrics: o.metricsOptions(tlsOptions), Cache: cacheOptions,
		// Secrets and ConfigMaps are read one by one when they are needed: the manager neither caches nor may list them.
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}, &corev1.ConfigMap{}}}},
		LeaderElection:                o.leaderElection,
		LeaderElectionID:              leaderElectionID,
		LeaderElectionNamespace:       o.leaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &o.leaseDuration,
		RenewDeadline:                 &o.renewDeadline,
		RetryPeriod:                   &o.retryPeriod,
		HealthProbeBindAddress:        o.healthAddress,
		WebhookServer:                 ctrlwebhook.NewServer(ctrlwebhook.Options{Host: o.webhookHost, Port: o.webhookPort, CertDir: o.webhookCertDir, TLSOpts: tlsOptions}),
	})
	if err != nil {
		return nil, err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return nil, err
	}
	return mgr, mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker())
}

// newsBuffer holds what the fleet reports while the controller is busy; more than a fleet's clusters in one listing.
const newsBuffer = 4096

func setup(mgr ctrl.Manager, o *options) error {
	news := make(chan event.TypedGenericEvent[client.ObjectKey], newsBuffer)
	wake := func(key client.ObjectKey) {
		select {
		case news <- event.TypedGenericEvent[client.ObjectKey]{Object: key}:
		default: // the next listing, or the next look at the credentials, tells again
		}
	}
	clusters := fleet.New(fleet.Options{Interval: o.fleetInterval, Health: o.gates.Enabled(GateAKSResourceHealth), Notify: func(owner string) {
		if key, err := controller.ParseOwner(owner); err == nil {
			wake(key)
		}
	}})
	budget := arm.NewBudget(arm.BudgetOptions{Factor: o.throttleFactor})
	if err := controller.Expose(budget, clusters); err != nil {
		return err
	}
	reloads := &controller.Reloads{Reader: mgr.GetAPIReader()}
	for _, run := range []manager.RunnableFunc{clusters.Run, reloads.Run} {
		if err := mgr.Add(run); err != nil {
			return err
		}
	}
	traces, err := tracesFromEnv(mgr)
	if err != nil {
		return err
	}
	reconciler := &controller.Reconciler{
		Client: mgr.GetClient(), Reader: mgr.GetAPIReader(), Recorder: mgr.GetEventRecorder("capaks"),
		Engine: engine.New(engine.Options{Fleet: clusters, Resync: o.syncPeriod}),
		Azure: &controller.Azure{
			Endpoints: arm.CloudEnvFrom(os.Getenv), Identities: identity.NewCache(identity.Options{}),
			Transport: arm.DefaultTransport(), DefaultSubscription: os.Getenv("AZURE_SUBSCRIPTION_ID"),
			Clients: arm.NewPool(arm.Config{
				Transport: arm.DefaultTransport(), UserAgent: "capaks/" + version, Observe: controller.ObserveCall,
				Budget: budget, Tracing: traces,
			}, 0),
		},
		WatchFilter: o.watchFilter, SyncPeriod: o.syncPeriod, Reloads: reloads, Wake: wake, Tracer: traces.NewTracer("capaks/controller", version),
	}
	if err := (&controller.IdentityReconciler{Reconciler: reconciler}).SetupWithManager(mgr); err != nil {
		return err
	}
	if err := reconciler.SetupWithManager(mgr, o.concurrency, news); err != nil {
		return err
	}
	return webhook.SetupWithManager(mgr, webhook.Options{DefaultSubscription: os.Getenv("AZURE_SUBSCRIPTION_ID")})
}
