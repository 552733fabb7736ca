package workload

import (
	"fmt"
	"net/http"
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// serveSubresource handles every subresource but /status, which is served by
// the verbs themselves.
func (r *request) serveSubresource() error {
	pods := r.kind.is("", "pods")
	switch {
	case r.sub == "scale" && r.kind.scale:
		return r.serveScale()
	case r.sub == "eviction" && pods && r.Method == http.MethodPost:
		return r.serveEviction()
	case r.sub == "binding" && pods && r.Method == http.MethodPost:
		return r.serveBinding()
	case r.sub == "log" && pods && r.Method == http.MethodGet:
		if _, err := r.get(); err != nil {
			return err
		}
		r.w.Header().Set("Content-Type", "text/plain")
		writeRaw(r.w, http.StatusOK, nil) // no container ever ran
		return nil
	case r.sub == "finalize" && r.kind == namespaces && r.Method == http.MethodPut:
		return r.serveUpdate()
	}
	return notFoundPath()
}

func (r *request) serveScale() error {
	raw, err := r.get()
	if err != nil {
		return err
	}
	if r.Method == http.MethodGet {
		r.respondScale(decode(raw))
		return nil
	}
	o, err := r.options()
	if err != nil {
		return err
	}
	edit, err := r.scaleEdit()
	if err != nil {
		return err
	}
	raw, err = r.cluster.change(r.kind, r.namespace, r.name, "", o, func(current object) (object, error) {
		scale, err := edit(scaleOf(current))
		if err != nil {
			return nil, err
		}
		if rv := text(scale, "metadata", "resourceVersion"); rv != "" {
			metadata(current)["resourceVersion"] = rv
		}
		child(current, "spec")["replicas"] = number(scale, "spec", "replicas")
		return current, nil
	})
	if err == nil {
		r.respondScale(decode(raw))
	}
	return err
}

var scaleKind = &kind{gvk: autoscalingv1.SchemeGroupVersion.WithKind("Scale"), plural: "scales"}

func (r *request) scaleEdit() (func(object) (object, error), error) {
	switch r.Method {
	case http.MethodPut:
		scale, err := readObject(r.Request, scaleKind.gvk)
		return func(object) (object, error) { return scale, nil }, err
	case http.MethodPatch:
		body, err := readAll(r.Request)
		if err != nil {
			return nil, err
		}
		return patcher(scaleKind, r.Header.Get("Content-Type"), body)
	}
	return nil, apierrors.NewMethodNotSupported(r.kind.gr(), strings.ToLower(r.Method))
}

func scaleOf(obj object) object {
	meta := metadata(obj)
	selector := ""
	if s, err := metav1.LabelSelectorAsSelector(labelSelector(obj)); err == nil {
		selector = s.String()
	}
	return object{
		"apiVersion": "autoscaling/v1", "kind": "Scale",
		"metadata": object{"name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"],
			"resourceVersion": meta["resourceVersion"], "creationTimestamp": meta["creationTimestamp"]},
		"spec":   object{"replicas": number(obj, "spec", "replicas")},
		"status": object{"replicas": number(obj, "status", "replicas"), "selector": selector},
	}
}

func (r *request) respondScale(obj object) { writeJSON(r.w, http.StatusOK, scaleOf(obj)) }

func labelSelector(obj object) *metav1.LabelSelector {
	var selector metav1.LabelSelector
	if m, ok := lookup(obj, "spec", "selector").(object); !ok || fromObject(m, &selector) != nil {
		return nil
	}
	return &selector
}

// serveEviction deletes a pod unless a disruption budget has no room.
func (r *request) serveEviction() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	body, err := readBody(r.Request)
	if err != nil {
		return err
	}
	var eviction policyv1.Eviction
	if err := fromObject(body, &eviction); err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if eviction.DeleteOptions != nil {
		o.preconds = eviction.DeleteOptions.Preconditions
		o.dryRun = o.dryRun || len(eviction.DeleteOptions.DryRun) > 0
	}
	c := r.cluster
	err = c.accept(func() error {
		raw := c.find(r.kind, r.namespace, r.name)
		if raw == nil {
			return apierrors.NewNotFound(r.kind.gr(), r.name)
		}
		pod := decode(raw)
		if err := checkPreconditions(r.kind, pod, o.preconds); err != nil {
			return err
		}
		if err := c.admitEviction(pod); err != nil {
			return err
		}
		_, _, err := c.expire(r.kind, pod, o.dryRun)
		return err
	})
	if err == nil {
		r.respondCreated()
	}
	return err
}

func (r *request) respondCreated() {
	writeJSON(r.w, http.StatusCreated, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess, Code: http.StatusCreated})
}

// admitEviction answers 429 while a budget that selects the pod would be
// violated; the caller holds mu.
func (c *cluster) admitEviction(pod object) error {
	pdb, _ := c.fullBudget(pod)
	if pdb == nil {
		return nil
	}
	err := apierrors.NewTooManyRequests("Cannot evict pod as it would violate the pod's disruption budget.", 0)
	err.ErrStatus.Details.Causes = append(err.ErrStatus.Details.Causes, metav1.StatusCause{
		Type: policyv1.DisruptionBudgetCause, Message: "The disruption budget " + pdb.Name + " does not allow any more disruptions"})
	return err
}

// serveBinding plays the end of scheduling: the pod gets its node.
func (r *request) serveBinding() error {
	o, err := r.options()
	if err != nil {
		return err
	}
	body, err := readObject(r.Request, corev1.SchemeGroupVersion.WithKind("Binding"))
	if err != nil {
		return err
	}
	_, err = r.cluster.change(r.kind, r.namespace, r.name, "", o, func(pod object) (object, error) {
		if node := text(pod, "spec", "nodeName"); node != "" {
			return nil, apierrors.NewConflict(r.kind.gr(), r.name, fmt.Errorf("pod %s is already assigned to node %q", r.name, node))
		}
		child(pod, "spec")["nodeName"] = text(body, "target", "name")
		return pod, nil
	})
	if err == nil {
		r.respondCreated()
	}
	return err
}
