package workload

import (
	"fmt"
	"reflect"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// writeOptions are the query parameters that all writes share.
type writeOptions struct {
	dryRun     bool
	manager    string
	force      bool
	validation string                // Strict, Warn, Ignore
	warn       func(message string)  // never nil
	preconds   *metav1.Preconditions // of a delete
}

func (c *cluster) now() metav1.Time {
	if !c.past.IsZero() {
		return metav1.NewTime(c.past)
	}
	return metav1.NewTime(c.manager.opts.Now().UTC())
}

func (c *cluster) timestamp() string { return c.now().Format("2006-01-02T15:04:05Z") }

// create stores a new object and returns it encoded.
func (c *cluster) create(k *kind, namespace string, obj object, o writeOptions) (raw []byte, err error) {
	meta := metadata(obj)
	if k.namespaced {
		if ns := text(meta, "namespace"); ns != "" && ns != namespace {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("the namespace of the provided object does not match the namespace sent on the request: %s, %s", ns, namespace))
		}
		meta["namespace"] = namespace
	} else {
		delete(meta, "namespace")
	}
	if text(meta, "resourceVersion") != "" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	if prefix := text(meta, "generateName"); text(meta, "name") == "" && prefix != "" {
		meta["name"] = prefix + rand.String(5)
	}
	if err := checkName(k, text(meta, "name")); err != nil {
		return nil, err
	}
	if err := normalise(k, obj, o); err != nil {
		return nil, err
	}
	err = c.accept(func() error {
		raw, err = c.insert(k, obj, o.dryRun)
		return err
	})
	return raw, err
}

// insert stores a checked new object; the caller holds mu.
func (c *cluster) insert(k *kind, obj object, dryRun bool) ([]byte, error) {
	namespace, name := text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
	if k.namespaced {
		if err := c.admitNamespace(k, namespace, name); err != nil {
			return nil, err
		}
	}
	if c.find(k, namespace, name) != nil {
		return nil, apierrors.NewAlreadyExists(k.gr(), name)
	}
	meta := metadata(obj)
	meta["uid"] = string(uuid.NewUUID())
	meta["creationTimestamp"] = c.timestamp()
	delete(meta, "deletionTimestamp")
	delete(meta, "deletionGracePeriodSeconds")
	delete(meta, "generation")
	if k.generation {
		meta["generation"] = int64(1)
	}
	if k.status && !k.is("", "nodes") { // a kubelet registers its node with a status
		delete(obj, "status")
	}
	c.applyDefaults(k, obj)
	if dryRun {
		return encode(obj), nil
	}
	if k == namespaces {
		c.addServiceAccount(name)
	}
	return c.put(k, obj), nil
}

// change replaces an existing object by what edit makes of it. sub is "" or
// "status"; edit gets a copy it may destroy.
func (c *cluster) change(k *kind, namespace, name, sub string, o writeOptions, edit func(object) (object, error)) (raw []byte, err error) {
	err = c.accept(func() error {
		stored := c.find(k, namespace, name)
		if stored == nil {
			return apierrors.NewNotFound(k.gr(), name)
		}
		copies := [2]object{decode(stored), decode(stored)}
		for _, obj := range copies { // custom objects are stored in one version and served in several
			obj["apiVersion"] = k.gvk.GroupVersion().String()
		}
		next, err := edit(copies[0])
		if err != nil {
			return err
		}
		raw, err = c.replace(k, copies[1], next, sub, o)
		return err
	})
	return raw, err
}

// replace checks and stores next in place of old; the caller holds mu.
func (c *cluster) replace(k *kind, old, next object, sub string, o writeOptions) ([]byte, error) {
	if err := checkIdentity(k, old, next); err != nil {
		return nil, err
	}
	next = restrict(k, old, next, sub)
	if err := normalise(k, next, o); err != nil {
		return nil, err
	}
	carryMetadata(old, next)
	c.applyDefaults(k, next)
	if k.generation && !reflect.DeepEqual(withoutBookkeeping(old), withoutBookkeeping(next)) {
		metadata(next)["generation"] = number(old, "metadata", "generation") + 1
	}
	finished := text(next, "metadata", "deletionTimestamp") != "" && len(list(next, "metadata", "finalizers")) == 0 && !c.namespaceInUse(k, next)
	switch {
	case o.dryRun:
		return encode(next), nil
	case finished:
		return c.remove(k, next), nil
	case reflect.DeepEqual(old, next):
		return encode(old), nil // a write that changes nothing is no event
	}
	return c.put(k, next), nil
}

func checkIdentity(k *kind, old, next object) error {
	name, was, is := text(old, "metadata", "name"), metadata(old), metadata(next)
	for _, f := range []string{"name", "namespace"} {
		if v := text(is, f); v != "" && v != text(was, f) {
			return apierrors.NewBadRequest(fmt.Sprintf("the %s of the object (%s) does not match the %s on the URL (%s)", f, v, f, text(was, f)))
		}
	}
	if uid := text(is, "uid"); uid != "" && uid != text(was, "uid") {
		return apierrors.NewConflict(k.gr(), name, fmt.Errorf("Precondition failed: UID in precondition: %s, UID in object meta: %s", uid, text(was, "uid")))
	}
	rv := text(is, "resourceVersion")
	if rv == "" && k.custom {
		return apierrors.NewInvalid(k.gvk.GroupKind(), name, field.ErrorList{
			field.Invalid(field.NewPath("metadata", "resourceVersion"), 0, "must be specified for an update")})
	}
	if rv != "" && rv != text(was, "resourceVersion") {
		return apierrors.NewConflict(k.gr(), name, fmt.Errorf("the object has been modified; please apply your changes to the latest version and try again"))
	}
	return nil
}

// restrict limits an update to what its endpoint may change: /status only the
// status, the object itself everything but the status.
func restrict(k *kind, old, next object, sub string) object {
	if sub != "status" {
		if k.status {
			copyKey(old, next, "status")
		}
		return next
	}
	status := object{"apiVersion": next["apiVersion"], "kind": next["kind"], "metadata": next["metadata"]}
	if k.custom {
		status["metadata"] = old["metadata"]
	}
	for key, value := range old {
		if _, set := status[key]; !set && key != "status" {
			status[key] = value
		}
	}
	copyKey(next, status, "status")
	return status
}

func copyKey(from, to object, key string) {
	if v, ok := from[key]; ok {
		to[key] = v
	} else {
		delete(to, key)
	}
}

// carryMetadata keeps the fields that only the server writes.
func carryMetadata(old, next object) {
	was, is := metadata(old), metadata(next)
	for _, key := range []string{"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion"} {
		copyKey(was, is, key)
	}
	if _, set := is["managedFields"]; !set {
		copyKey(was, is, "managedFields")
	}
	if managed, ok := is["managedFields"].([]any); ok && len(managed) == 0 {
		delete(is, "managedFields")
	}
}

func withoutBookkeeping(obj object) object {
	out := object{}
	for key, value := range obj {
		if key != "metadata" && key != "status" && key != "apiVersion" {
			out[key] = value
		}
	}
	return out
}

// delete removes an object, or marks it as deleting while it has finalizers.
// Propagation policies are accepted and ignored: there is no garbage collector.
func (c *cluster) delete(k *kind, namespace, name string, o writeOptions) (raw []byte, gone bool, err error) {
	err = c.accept(func() error {
		stored := c.find(k, namespace, name)
		if stored == nil {
			return apierrors.NewNotFound(k.gr(), name)
		}
		obj := decode(stored)
		if err := checkPreconditions(k, obj, o.preconds); err != nil {
			return err
		}
		raw, gone, err = c.expire(k, obj, o.dryRun)
		return err
	})
	return raw, gone, err
}

func checkPreconditions(k *kind, obj object, p *metav1.Preconditions) error {
	if p == nil {
		return nil
	}
	name := text(obj, "metadata", "name")
	if uid := text(obj, "metadata", "uid"); p.UID != nil && string(*p.UID) != uid {
		return apierrors.NewConflict(k.gr(), name, fmt.Errorf("Precondition failed: UID in precondition: %s, UID in object meta: %s", *p.UID, uid))
	}
	if rv := text(obj, "metadata", "resourceVersion"); p.ResourceVersion != nil && *p.ResourceVersion != rv {
		return apierrors.NewConflict(k.gr(), name, fmt.Errorf("Precondition failed: ResourceVersion in precondition: %s, ResourceVersion in object meta: %s", *p.ResourceVersion, rv))
	}
	return nil
}

// expire deletes as far as finalizers allow; the caller holds mu.
func (c *cluster) expire(k *kind, obj object, dryRun bool) (raw []byte, gone bool, err error) {
	if k.is("", "namespaces") {
		return c.expireNamespace(obj, dryRun)
	}
	held := len(list(obj, "metadata", "finalizers")) > 0
	switch {
	case dryRun:
		return encode(obj), !held, nil
	case !held:
		return c.remove(k, obj), true, nil
	case text(obj, "metadata", "deletionTimestamp") != "":
		return encode(obj), false, nil
	}
	metadata(obj)["deletionTimestamp"] = c.timestamp()
	metadata(obj)["deletionGracePeriodSeconds"] = int64(0)
	if k.generation {
		metadata(obj)["generation"] = number(obj, "metadata", "generation") + 1
	}
	return c.put(k, obj), false, nil
}

func parseRV(s string) (uint64, error) {
	if s == "" {
		return 0, nil
	}
	rv, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, apierrors.NewBadRequest(fmt.Sprintf("resourceVersion: Invalid value: %q: must be a number that this server returned", s))
	}
	return rv, nil
}
