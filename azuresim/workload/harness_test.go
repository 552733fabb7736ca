package workload

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const testID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/prod"

var testCluster = Cluster{Name: "prod", Version: "1.34.2", FQDN: "prod-abc123.hcp.westeurope.azmk8s.io"}

func start(t testing.TB, opts Options) (*Manager, Access) {
	t.Helper()
	m := New(opts)
	t.Cleanup(m.Close)
	access, err := m.EnsureCluster(testID, testCluster)
	if err != nil {
		t.Fatal(err)
	}
	return m, access
}

// certConfig is a client with the admin certificate, tokenConfig one with a token.
func certConfig(a Access) *rest.Config {
	return &rest.Config{Host: "https://" + a.Address, QPS: -1, TLSClientConfig: rest.TLSClientConfig{
		CAData: a.CAPEM, CertData: a.AdminCertPEM, KeyData: a.AdminKeyPEM}}
}

func tokenConfig(a Access, token string) *rest.Config {
	return &rest.Config{Host: "https://" + a.Address, QPS: -1, BearerToken: token,
		TLSClientConfig: rest.TLSClientConfig{CAData: a.CAPEM}}
}

func typedClient(t testing.TB, config *rest.Config) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func dynamicClient(t testing.TB, config *rest.Config) dynamic.Interface {
	t.Helper()
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func httpClient(a Access, certs ...tls.Certificate) *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.CAPEM)
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: certs},
	}}
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func testNode(pool string, instance int) Node {
	return Node{
		Name:       fmt.Sprintf("aks-%s-12345678-vmss%06d", pool, instance),
		ProviderID: fmt.Sprintf("azure:///subscriptions/s/resourceGroups/mc_rg_prod_westeurope/providers/Microsoft.Compute/virtualMachineScaleSets/aks-%s-12345678-vmss/virtualMachines/%d", pool, instance),
		Pool:       pool, Mode: "System", Zone: "1", VMSize: "Standard_D4s_v5",
		InternalIP: fmt.Sprintf("10.224.0.%d", 4+instance), NodeImage: "AKSUbuntu-2404gen2containerd-202510.03.0",
		Labels: map[string]string{"team": "blue"},
		Taints: []corev1.Taint{{Key: "CriticalAddonsOnly", Value: "true", Effect: corev1.TaintEffectNoSchedule}},
		Ready:  true,
	}
}

func setNodes(t testing.TB, m *Manager, nodes ...Node) {
	t.Helper()
	if err := m.SetNodes(testID, nodes); err != nil {
		t.Fatal(err)
	}
}
