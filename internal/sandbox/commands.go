package sandbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// serviceAccountIssuer is the usual issuer of in-cluster tokens; nothing outside the sandbox ever verifies one.
const serviceAccountIssuer = "https://kubernetes.default.svc"

// etcdCommand starts a single member that does not wait for the disk: a sandbox that loses power has nothing to lose.
func (s *Sandbox) etcdCommand() command {
	certs := s.layout.certDir(Etcd)
	url := "https://" + loopback(s.state.Ports[portEtcd])
	peer := "https://" + loopback(s.state.Ports[portEtcdPeer])
	tlsFlags := func(prefix string) []string {
		return []string{
			"--" + prefix + "cert-file=" + filepath.Join(certs, "tls.crt"), "--" + prefix + "key-file=" + filepath.Join(certs, "tls.key"),
			"--" + prefix + "client-cert-auth=true", "--" + prefix + "trusted-ca-file=" + filepath.Join(s.layout.pki(), "ca.crt"),
		}
	}
	args := []string{
		"--data-dir=" + filepath.Join(s.layout.data(), "etcd"), "--unsafe-no-fsync=true", "--log-level=warn",
		"--listen-client-urls=" + url, "--advertise-client-urls=" + url,
		"--listen-peer-urls=" + peer, "--initial-advertise-peer-urls=" + peer, "--initial-cluster=default=" + peer,
		// A watch per kind and a revision per write need no history beyond what the API server itself asks for.
		"--snapshot-count=10000", "--quota-backend-bytes=" + strconv.Itoa(2<<30),
	}
	args = append(append(args, tlsFlags("")...), tlsFlags("peer-")...)
	return command{name: Etcd, args: args, url: url, ready: s.answers(url+"/health", certs)}
}

func (s *Sandbox) apiServerCommand() command {
	pki, certs := s.layout.pki(), s.layout.certDir(APIServer)
	url := "https://" + loopback(s.state.Ports[portAPIServer])
	args := []string{
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(s.state.Ports[portAPIServer]),
		"--etcd-servers=https://" + loopback(s.state.Ports[portEtcd]), "--etcd-cafile=" + filepath.Join(pki, "ca.crt"),
		"--etcd-certfile=" + filepath.Join(certs, "tls.crt"), "--etcd-keyfile=" + filepath.Join(certs, "tls.key"),
		"--tls-cert-file=" + filepath.Join(certs, "tls.crt"), "--tls-private-key-file=" + filepath.Join(certs, "tls.key"),
		"--client-ca-file=" + filepath.Join(pki, "ca.crt"), "--authorization-mode=RBAC",
		"--service-account-issuer=" + serviceAccountIssuer, "--service-account-key-file=" + filepath.Join(pki, "sa.key"),
		"--service-account-signing-key-file=" + filepath.Join(pki, "sa.key"),
		"--service-cluster-ip-range=10.0.0.0/24",
		// Nothing runs in a sandbox, so what guards pods and volumes is only start-up time. What guards objects stays on, and
		// blockOwnerDeletion needs its right here as in any hardened cluster.
		"--disable-admission-plugins=" + strings.Join([]string{
			"ServiceAccount", "TaintNodesByCondition", "Priority", "DefaultStorageClass", "StorageObjectInUseProtection",
			"PersistentVolumeClaimResize", "RuntimeClass", "DefaultIngressClass", "DefaultTolerationSeconds",
		}, ","),
		"--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
		"--endpoint-reconciler-type=none", // a loopback address is no valid endpoint
		"--cert-dir=" + filepath.Join(s.layout.data(), "apiserver-certs"),
		"--shutdown-delay-duration=0s",
	}
	if s.options.Audit {
		args = append(args, "--audit-policy-file="+s.layout.auditPolicy(), "--audit-log-path="+s.layout.auditLog(), "--audit-log-mode=blocking")
	}
	// Left alone the API server keeps some 400 MiB shortly after starting, much of it garbage. The collector is to work earlier.
	// A limit (GOMEMLIMIT) would do the same for a few clusters, and with many keep it collecting and doing nothing else.
	env := append([]string{"GOGC=50"}, baseEnv()...)
	return command{name: APIServer, args: args, env: env, url: url, ready: s.answers(url+"/readyz", s.layout.certDir("admin"))}
}

// controllerManagerCommand runs only what nothing can be deleted without: owner references, namespaces, service accounts.
func (s *Sandbox) controllerManagerCommand() command {
	certs := s.layout.certDir(ControllerManager)
	port := s.state.Ports[portControllerManager]
	url := "https://" + loopback(port)
	args := []string{
		"--controllers=garbage-collector-controller,namespace-controller,serviceaccount-controller",
		"--kubeconfig=" + s.layout.userKubeconfig(ControllerManager), "--leader-elect=false",
		"--bind-address=127.0.0.1", "--secure-port=" + strconv.Itoa(port),
		"--tls-cert-file=" + filepath.Join(certs, "tls.crt"), "--tls-private-key-file=" + filepath.Join(certs, "tls.key"),
		"--authentication-skip-lookup=true", "--kube-api-qps=200", "--kube-api-burst=400",
	}
	return command{name: ControllerManager, args: args, url: url, ready: s.answers(url+"/healthz", s.layout.certDir("admin"))}
}

func (s *Sandbox) clusterAPICommand() command {
	health := loopback(s.state.Ports[portClusterAPIHealth])
	args := append([]string{
		"--kubeconfig=" + s.layout.userKubeconfig(ClusterAPI), "--leader-elect=false",
		"--webhook-port=" + strconv.Itoa(s.state.Ports[portClusterAPIWebhook]), "--webhook-cert-dir=" + s.layout.certDir(ClusterAPI),
		"--health-addr=" + health, "--diagnostics-address=" + loopback(s.state.Ports[portClusterAPIMetrics]), "--insecure-diagnostics",
		"--feature-gates=ClusterTopology=true",
	}, s.options.ClusterAPIArgs...)
	// RuntimeSDK is off, but Cluster API names its own namespace and pod in what it writes.
	env := append(baseEnv(), "POD_NAMESPACE=capi-system", "POD_NAME=capi-controller-manager")
	return command{name: ClusterAPI, args: args, env: env, url: s.clusterAPIEndpoint().url, ready: s.answers("http://"+health+"/readyz", "")}
}

func (s *Sandbox) azureSimCommand() command {
	address := loopback(s.state.Ports[portAzureSim])
	args := append([]string{
		"serve", "--addr=" + address, "--data-dir=" + filepath.Join(s.layout.data(), "azuresim"),
		"--env-file=" + s.layout.azureEnv(), "--ready-file=" + s.layout.azureReady(),
	}, s.options.AzureSimArgs...)
	return command{
		name: AzureSim, readyFile: s.layout.azureReady(), args: args, env: append(baseEnv(), s.options.Env...), url: "https://" + address,
		ready: func(context.Context) error {
			if _, err := os.Stat(s.layout.azureReady()); err != nil {
				return errors.New("has not said that it is ready")
			}
			return nil
		},
	}
}

// managerCommand runs this project's manager. Its Azure is the emulator's, or, without one, whatever the caller's environment says.
func (s *Sandbox) managerCommand() (command, error) {
	health := loopback(s.state.Ports[portManagerHealth])
	args := append([]string{
		"--kubeconfig=" + s.layout.userKubeconfig(Manager), "--leader-elect=false",
		"--webhook-host=127.0.0.1", "--webhook-port=" + strconv.Itoa(s.state.Ports[portManagerWebhook]),
		"--webhook-cert-dir=" + s.layout.certDir(Manager),
		"--health-addr=" + health, "--diagnostics-address=" + loopback(s.state.Ports[portManagerMetrics]), "--insecure-diagnostics",
	}, s.options.ManagerArgs...)
	env := append(baseEnv(), "POD_NAMESPACE="+managerNamespace, "POD_NAME=capaks-controller-manager")
	if s.options.with(AzureSim) {
		azure, err := s.AzureEnv()
		if err != nil {
			return command{}, err
		}
		for _, v := range azure {
			env = append(env, v.Name+"="+v.Value)
		}
	} else {
		env = append(env, azureVariables()...)
	}
	return command{
		name: Manager, args: args, env: append(env, s.options.Env...), url: s.managerEndpoint().url,
		ready: s.answers("http://"+health+"/readyz", ""),
	}, nil
}

// baseEnv is the caller's environment without what would lead a component to another cluster or another cloud.
func baseEnv() []string {
	var env []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if name == "KUBECONFIG" || name == markVariable || strings.HasPrefix(name, "AZURE_") {
			continue
		}
		env = append(env, v)
	}
	return env
}

func azureVariables() []string {
	var env []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AZURE_") {
			env = append(env, v)
		}
	}
	return env
}

// answers asks a health address of one of our own components, with the client certificate in certDir if it wants one.
func (s *Sandbox) answers(url, certDir string) func(context.Context) error {
	transport := &http.Transport{DisableKeepAlives: true}
	if certDir != "" {
		roots := x509.NewCertPool()
		roots.AddCert(s.authority.cert)
		transport.TLSClientConfig = &tls.Config{
			RootCAs: roots, MinVersion: tls.VersionTLS12,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				pair, err := tls.LoadX509KeyPair(filepath.Join(certDir, "tls.crt"), filepath.Join(certDir, "tls.key"))
				return &pair, err
			},
		}
	}
	client := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // read only
		body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
		if err != nil {
			return err
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s: %s", url, response.Status, strings.TrimSpace(string(body)))
		}
		return nil
	}
}
