package workload

import (
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
)

// kind is one served resource in one version.
type kind struct {
	gvk        schema.GroupVersionKind
	plural     string
	singular   string
	short      []string
	categories []string
	namespaced bool
	status     bool   // has a /status subresource
	scale      bool   // has a /scale subresource (built-in workloads)
	generation bool   // counts spec changes in metadata.generation
	custom     bool   // defined by a CustomResourceDefinition
	storage    string // version that custom objects are stored in
	converted  bool   // one of several versions: objects may be stored in another
	columns    []column
}

func (k *kind) gvr() schema.GroupVersionResource { return k.gvk.GroupVersion().WithResource(k.plural) }
func (k *kind) gr() schema.GroupResource         { return k.gvr().GroupResource() }
func (k *kind) is(group, plural string) bool     { return k.gvk.Group == group && k.plural == plural }

// builtinRows lists what is served without any CRD, in discovery order:
// group/version, Kind, plural, short names, and flags: n namespaced, s /status,
// c /scale, g generation, a category "all".
var builtinRows = []string{
	"v1 ConfigMap configmaps cm n",
	"v1 Endpoints endpoints ep n",
	"v1 Event events ev n",
	"v1 Namespace namespaces ns s",
	"v1 Node nodes no s",
	"v1 PersistentVolume persistentvolumes pv s",
	"v1 PersistentVolumeClaim persistentvolumeclaims pvc ns",
	"v1 Pod pods po nsa",
	"v1 Secret secrets - n",
	"v1 Service services svc nsa",
	"v1 ServiceAccount serviceaccounts sa n",
	"apps/v1 DaemonSet daemonsets ds nsga",
	"apps/v1 Deployment deployments deploy nscga",
	"apps/v1 ReplicaSet replicasets rs nscga",
	"apps/v1 StatefulSet statefulsets sts nscga",
	"batch/v1 CronJob cronjobs cj nsga",
	"batch/v1 Job jobs - nsga",
	"coordination.k8s.io/v1 Lease leases - n",
	"discovery.k8s.io/v1 EndpointSlice endpointslices - n",
	"events.k8s.io/v1 Event events ev n",
	"networking.k8s.io/v1 Ingress ingresses ing nsg",
	"networking.k8s.io/v1 IngressClass ingressclasses - -",
	"networking.k8s.io/v1 NetworkPolicy networkpolicies netpol ng",
	"policy/v1 PodDisruptionBudget poddisruptionbudgets pdb nsg",
	"rbac.authorization.k8s.io/v1 ClusterRole clusterroles - -",
	"rbac.authorization.k8s.io/v1 ClusterRoleBinding clusterrolebindings - -",
	"rbac.authorization.k8s.io/v1 Role roles - n",
	"rbac.authorization.k8s.io/v1 RoleBinding rolebindings - n",
	"scheduling.k8s.io/v1 PriorityClass priorityclasses pc -",
	"storage.k8s.io/v1 CSIDriver csidrivers - -",
	"storage.k8s.io/v1 CSINode csinodes - -",
	"storage.k8s.io/v1 StorageClass storageclasses sc -",
	"storage.k8s.io/v1 VolumeAttachment volumeattachments - s",
	"apiextensions.k8s.io/v1 CustomResourceDefinition customresourcedefinitions crd,crds sg",
}

var (
	scheme   = newScheme()
	builtins = parseBuiltins()
	byGVR    = indexBuiltins()
)

func newScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	utilruntime.Must(clientscheme.AddToScheme(s))
	utilruntime.Must(apiextensionsv1.AddToScheme(s))
	return s
}

func parseBuiltins() []*kind {
	kinds := make([]*kind, 0, len(builtinRows))
	for _, row := range builtinRows {
		f := strings.Fields(row)
		gv, err := schema.ParseGroupVersion(f[0])
		utilruntime.Must(err)
		has := func(flag string) bool { return strings.Contains(f[4], flag) }
		k := &kind{
			gvk: gv.WithKind(f[1]), plural: f[2], singular: strings.ToLower(f[1]),
			namespaced: has("n"), status: has("s"), scale: has("c"), generation: has("g"),
		}
		if f[3] != "-" {
			k.short = strings.Split(f[3], ",")
		}
		if has("a") {
			k.categories = []string{"all"}
		}
		k.columns = builtinColumns(k)
		kinds = append(kinds, k)
	}
	return kinds
}

func indexBuiltins() map[schema.GroupVersionResource]*kind {
	index := make(map[schema.GroupVersionResource]*kind, len(builtins))
	for _, k := range builtins {
		index[k.gvr()] = k
	}
	return index
}

func builtin(group, plural string) *kind {
	return byGVR[schema.GroupVersionResource{Group: group, Version: "v1", Resource: plural}]
}

// kind finds a served kind; the caller holds mu.
func (c *cluster) kind(gvr schema.GroupVersionResource) *kind {
	if k, ok := byGVR[gvr]; ok {
		return k
	}
	return c.custom[gvr]
}

// kinds are all served kinds, built-in ones first; the caller holds mu.
func (c *cluster) kinds() []*kind {
	all := append([]*kind(nil), builtins...)
	for _, gvr := range sortedKeys(c.custom, func(a, b schema.GroupVersionResource) bool { return a.String() < b.String() }) {
		all = append(all, c.custom[gvr])
	}
	return all
}
