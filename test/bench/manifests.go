package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The versions of a measured upgrade.
const (
	version    = "v1.34.1"
	nextMinor  = "v1.35.1"
	subscribed = "00000000-0000-0000-0000-000000000000"
)

// cluster names what belongs together: the Cluster and its control plane have the same name, its resource group another.
type cluster struct {
	name  string
	pools []string
}

func newCluster(name string, pools ...string) cluster {
	return cluster{name: name, pools: pools}
}

func (c cluster) group() string        { return "bench-" + c.name }
func (c cluster) self() object         { return object{clusters, c.name} }
func (c cluster) controlPlane() object { return object{controlPlanes, c.name} }

// pool is named after its cluster, for objects of one namespace must not share a name; Azure gets the short one.
func (c cluster) pool(short string) object        { return object{pools, c.name + "-" + short} }
func (c cluster) machinePool(short string) object { return object{machinePools, c.name + "-" + short} }

func (c cluster) manifest() string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  controlPlaneRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedControlPlane, name: %[1]s}
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedCluster, name: %[1]s}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedControlPlane
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  location: southcentralus
  resourceGroupName: %[3]s
  subscriptionID: %[4]s
  sshPublicKey: ""
  version: %[5]s
  networkPlugin: azure
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedCluster
metadata: {name: %[1]s, namespace: %[2]s}
spec: {}
`, c.name, namespace, c.group(), subscribed, version)
	for i, short := range c.pools {
		mode := "User"
		if i == 0 {
			mode = "System"
		}
		b.WriteString(c.poolManifest(short, mode))
	}
	return b.String()
}

func (c cluster) poolManifest(short, mode string) string {
	return fmt.Sprintf(`---
apiVersion: cluster.x-k8s.io/v1beta2
kind: MachinePool
metadata: {name: %[1]s, namespace: %[2]s}
spec:
  clusterName: %[3]s
  replicas: 2
  template:
    spec:
      clusterName: %[3]s
      version: %[4]s
      bootstrap: {dataSecretName: ""}
      infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: AzureManagedMachinePool, name: %[1]s}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
kind: AzureManagedMachinePool
metadata: {name: %[1]s, namespace: %[2]s}
spec: {name: %[5]s, mode: %[6]s, sku: Standard_D2s_v5, osDiskSizeGB: 128}
`, c.name+"-"+short, namespace, c.name, version, short, mode)
}

// apply gives text to kubectl, as a person would.
func (p *plane) apply(ctx context.Context, name, text string) error {
	file := filepath.Join(p.Dir(), "bench-"+name+".yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	_, err := p.Kubectl(ctx, "apply", "-f", file)
	return err
}
