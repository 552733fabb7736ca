package workload

import (
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func (r *request) serveCreate() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	obj, err := readObject(r.Request, r.kind.gvk)
	if err != nil {
		return err
	}
	if r.kind.namespaced && r.namespace == "" {
		return apierrors.NewBadRequest("namespace is required: POST to /namespaces/<namespace>/" + r.kind.plural)
	}
	raw, err := r.cluster.create(r.kind, r.namespace, obj, o)
	if err == nil {
		r.respond(http.StatusCreated, raw)
	}
	return err
}

func (r *request) serveUpdate() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	obj, err := readObject(r.Request, r.kind.gvk)
	if err != nil {
		return err
	}
	raw, err := r.cluster.change(r.kind, r.namespace, r.name, r.sub, o, func(object) (object, error) { return obj, nil })
	if err == nil {
		r.respond(http.StatusOK, raw)
	}
	return err
}

func (r *request) servePatch() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	body, err := readAll(r.Request)
	if err != nil {
		return err
	}
	if r.Header.Get("Content-Type") == string(types.ApplyPatchType) {
		raw, created, err := r.cluster.apply(r.kind, r.namespace, r.name, r.sub, body, o)
		if err == nil {
			r.respond(map[bool]int{false: http.StatusOK, true: http.StatusCreated}[created], raw)
		}
		return err
	}
	edit, err := patcher(r.kind, r.Header.Get("Content-Type"), body)
	if err != nil {
		return err
	}
	raw, err := r.cluster.change(r.kind, r.namespace, r.name, r.sub, o, edit)
	if err == nil {
		r.respond(http.StatusOK, raw)
	}
	return err
}

// deleteOptions come in the body, a dry run also on the URL.
func (r *request) deleteOptions() (writeOptions, error) {
	o, err := r.options()
	if err != nil {
		return o, err
	}
	body, err := readBody(r.Request)
	if err != nil {
		return o, err
	}
	var options metav1.DeleteOptions
	if err := fromObject(body, &options); err != nil {
		return o, apierrors.NewBadRequest(err.Error())
	}
	o.preconds = options.Preconditions
	o.dryRun = o.dryRun || len(options.DryRun) > 0
	return o, nil
}

func (r *request) serveDelete() error {
	o, err := r.deleteOptions()
	if err != nil {
		return err
	}
	raw, gone, err := r.cluster.delete(r.kind, r.namespace, r.name, o)
	if err != nil {
		return err
	}
	if !gone {
		r.respond(http.StatusOK, raw)
		return nil
	}
	r.respondDeleted(decode(raw))
	return nil
}

func (r *request) respondDeleted(obj object) {
	writeJSON(r.w, http.StatusOK, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusSuccess,
		Details: &metav1.StatusDetails{
			Name: r.name, Group: r.kind.gvk.Group, Kind: r.kind.plural,
			UID: types.UID(text(obj, "metadata", "uid")),
		},
	})
}

func (r *request) serveDeleteCollection() error {
	if r.kind.namespaced && r.namespace == "" {
		return apierrors.NewMethodNotSupported(r.kind.gr(), "deletecollection")
	}
	o, err := r.deleteOptions()
	if err != nil {
		return err
	}
	sel, err := r.selection()
	if err != nil {
		return err
	}
	items, _ := r.cluster.list(r.kind, sel)
	var deleted [][]byte
	for _, item := range items {
		obj := decode(item)
		raw, _, err := r.cluster.delete(r.kind, text(obj, "metadata", "namespace"), text(obj, "metadata", "name"), o)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		deleted = append(deleted, raw)
	}
	r.respondList(deleted, "")
	return nil
}
