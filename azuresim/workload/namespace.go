package workload

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

var (
	namespaces      = builtin("", "namespaces")
	services        = builtin("", "services")
	serviceAccounts = builtin("", "serviceaccounts")
)

// The namespaces of an empty cluster; all but kube-node-lease refuse deletion.
var systemNamespaces = map[string]bool{"default": true, "kube-system": true, "kube-public": true, "kube-node-lease": false}

// seed creates what every new cluster contains.
func (c *cluster) seed() {
	for _, name := range sortedKeys(systemNamespaces, func(a, b string) bool { return a < b }) {
		c.mustInsert(namespaces, object{"metadata": object{"name": name}})
	}
	c.mustInsert(services, object{
		"metadata": object{"name": "kubernetes", "namespace": "default", "labels": object{"component": "apiserver", "provider": "kubernetes"}},
		"spec": object{
			"clusterIP": "10.0.0.1", "clusterIPs": []any{"10.0.0.1"},
			"ports": []any{object{"name": "https", "port": int64(443), "protocol": "TCP", "targetPort": int64(443)}},
		},
	})
}

func (c *cluster) mustInsert(k *kind, obj object) {
	obj["apiVersion"], obj["kind"] = k.gvk.GroupVersion().String(), k.gvk.Kind
	if _, err := c.insert(k, obj, false); err != nil {
		panic(fmt.Sprintf("seeding a workload cluster: %v", err)) // fixed objects into an empty store
	}
}

// admitNamespace refuses new objects in absent or terminating namespaces; the
// caller holds mu.
func (c *cluster) admitNamespace(k *kind, namespace, name string) error {
	raw := c.find(namespaces, "", namespace)
	if raw == nil {
		return apierrors.NewNotFound(namespaces.gr(), namespace)
	}
	if text(decode(raw), "metadata", "deletionTimestamp") == "" {
		return nil
	}
	return apierrors.NewForbidden(k.gr(), name, fmt.Errorf("unable to create new content in namespace %s because it is being terminated", namespace))
}

// expireNamespace plays the namespace controller: the contents go first, and
// what has finalizers keeps the namespace in Terminating.
func (c *cluster) expireNamespace(obj object, dryRun bool) (raw []byte, gone bool, err error) {
	name := text(obj, "metadata", "name")
	if systemNamespaces[name] {
		return nil, false, apierrors.NewForbidden(namespaces.gr(), name, errors.New("this namespace may not be deleted"))
	}
	if dryRun {
		return encode(obj), false, nil
	}
	raw = encode(obj)
	if text(obj, "metadata", "deletionTimestamp") == "" {
		metadata(obj)["deletionTimestamp"] = c.timestamp()
		child(obj, "status")["phase"] = "Terminating"
		raw = c.put(namespaces, obj)
	}
	for _, k := range c.kinds() {
		if !k.namespaced {
			continue
		}
		for _, item := range c.inNamespace(k, name) {
			if _, _, err := c.expire(k, item, false); err != nil {
				return nil, false, err
			}
		}
	}
	c.finishNamespace(name)
	return raw, c.find(namespaces, "", name) == nil, nil
}

func (c *cluster) inNamespace(k *kind, namespace string) (items []object) {
	t := c.tables[k.gr()]
	if t == nil {
		return nil
	}
	for _, raw := range t.items {
		if obj := decode(raw); text(obj, "metadata", "namespace") == namespace {
			items = append(items, obj)
		}
	}
	return items
}

// finishNamespace removes a terminating namespace that has become empty; the
// caller holds mu.
func (c *cluster) finishNamespace(name string) {
	raw := c.find(namespaces, "", name)
	if raw == nil {
		return
	}
	obj := decode(raw)
	if text(obj, "metadata", "deletionTimestamp") == "" || len(list(obj, "metadata", "finalizers")) > 0 || c.namespaceInUse(namespaces, obj) {
		return
	}
	child(obj, "spec")["finalizers"] = []any{}
	c.remove(namespaces, obj)
}

// namespaceInUse tells whether obj is a namespace with contents.
func (c *cluster) namespaceInUse(k *kind, obj object) bool {
	if k != namespaces {
		return false
	}
	name := text(obj, "metadata", "name")
	for _, k := range c.kinds() {
		if k.namespaced && len(c.inNamespace(k, name)) > 0 {
			return true
		}
	}
	return false
}

// removeInstances deletes the objects of a deleted CRD, finalizers or not: the
// kind is gone, nobody could remove them any more.
func (c *cluster) removeInstances(crd object) {
	for _, k := range c.custom {
		if k.gvk.Group != text(crd, "spec", "group") || k.plural != text(crd, "spec", "names", "plural") {
			continue
		}
		for _, raw := range c.table(k.gr()).items {
			c.remove(k, decode(raw))
		}
	}
}
