package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/featuregate"
	logsv1 "k8s.io/component-base/logs/api/v1"

	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
)

// Feature gates. The first two are on unless switched off.
const (
	// GateAKS: the controllers and webhooks for AKS clusters run.
	GateAKS featuregate.Feature = "AKS"
	// GateMachinePool: they depend on Cluster API's MachinePool, so they need this one too.
	GateMachinePool featuregate.Feature = "MachinePool"
	// GateAKSResourceHealth: control planes have the condition AzureResourceAvailable, from one more list per subscription.
	GateAKSResourceHealth featuregate.Feature = "AKSResourceHealth"
)

type options struct {
	leaderElection          bool
	leaderElectionNamespace string
	leaseDuration           time.Duration
	renewDeadline           time.Duration
	retryPeriod             time.Duration
	namespace               string
	watchFilter             string
	syncPeriod              time.Duration
	fleetInterval           time.Duration
	concurrency             int
	healthAddress           string
	webhookPort             int
	webhookHost             string
	webhookCertDir          string
	throttleFactor          float64
	diagnosticsAddress      string
	insecureDiagnostics     bool
	tlsMinVersion           string
	tlsCipherSuites         []string
	logs                    *logsv1.LoggingConfiguration
	gates                   featuregate.MutableFeatureGate
}

func newOptions() *options {
	gates := featuregate.NewFeatureGate()
	err := gates.Add(map[featuregate.Feature]featuregate.FeatureSpec{
		GateAKS:         {Default: true, PreRelease: featuregate.GA},
		GateMachinePool: {Default: true, PreRelease: featuregate.GA},

		GateAKSResourceHealth: {Default: false, PreRelease: featuregate.Alpha},
	})
	if err != nil {
		panic(fmt.Sprintf("feature gates: %v", err))
	}
	return &options{logs: logsv1.NewLoggingConfiguration(), gates: gates}
}

func (o *options) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.leaderElection, "leader-elect", false, "Let only one of several managers work at a time.")
	fs.StringVar(&o.leaderElectionNamespace, "leader-election-namespace", "", "Namespace of the leader election lease; the manager's own when empty.")
	fs.DurationVar(&o.leaseDuration, "leader-elect-lease-duration", 15*time.Second, "How long others wait before they take over from a silent leader.")
	fs.DurationVar(&o.renewDeadline, "leader-elect-renew-deadline", 10*time.Second, "How long the leader tries to renew before it gives up.")
	fs.DurationVar(&o.retryPeriod, "leader-elect-retry-period", 2*time.Second, "Time between two tries to get or renew the lease.")
	fs.StringVar(&o.namespace, "namespace", "", "Namespace to watch; all when empty.")
	fs.StringVar(&o.watchFilter, "watch-filter", "", "Only control planes with this value of the label cluster.x-k8s.io/watch-filter are reconciled; all when empty.")
	fs.DurationVar(&o.syncPeriod, "sync-period", engine.DefaultResync, "After how long resource groups and networks are read again although nothing happened.")
	fs.DurationVar(&o.fleetInterval, "fleet-interval", fleet.DefaultInterval, "Time between two lists of all AKS clusters of a subscription, by which changes made in Azure are noticed.")
	fs.IntVar(&o.concurrency, "concurrency", 10, "Number of AKS clusters that are reconciled at the same time.")
	// Manifests of earlier installations pass these two; one worker now handles a cluster with all its pools.
	fs.IntVar(&o.concurrency, "azurecluster-concurrency", 10, "Same as --concurrency.")
	fs.Int("azuremachinepool-concurrency", 10, "No effect: pools are reconciled with their cluster.")
	_ = fs.MarkDeprecated("azurecluster-concurrency", "use --concurrency")
	_ = fs.MarkDeprecated("azuremachinepool-concurrency", "pools are reconciled with their cluster")
	fs.StringVar(&o.healthAddress, "health-addr", ":9440", "Address of /healthz and /readyz.")
	fs.IntVar(&o.webhookPort, "webhook-port", 9443, "Port of the webhooks.")
	fs.StringVar(&o.webhookHost, "webhook-host", "", "Address of the webhooks; all when empty.")
	fs.StringVar(&o.webhookCertDir, "webhook-cert-dir", "/tmp/k8s-webhook-server/serving-certs/", "Directory with tls.crt and tls.key of the webhooks.")
	fs.Float64Var(&o.throttleFactor, "throttle-factor", 1, "Multiplies the request rates the manager grants itself; they are Azure's published limits for one region.")
	fs.StringVar(&o.diagnosticsAddress, "diagnostics-address", ":8443", "Address of /metrics, /debug/pprof/ and /debug/flags/v (the log level). They are served over TLS to those whom the API server allows to get them, unless --insecure-diagnostics is set.")
	fs.BoolVar(&o.insecureDiagnostics, "insecure-diagnostics", false, "Serve /metrics, and nothing else, without TLS and to everybody.")
	fs.StringVar(&o.tlsMinVersion, "tls-min-version", "VersionTLS12", "Lowest TLS version of webhooks and metrics: "+strings.Join(cliflag.TLSPossibleVersions(), ", ")+".")
	fs.StringSliceVar(&o.tlsCipherSuites, "tls-cipher-suites", nil, "Cipher suites of webhooks and metrics, comma-separated; Go's own choice when empty.")
	logsv1.AddFlags(o.logs, fs)
	o.gates.AddFlag(fs)
}
