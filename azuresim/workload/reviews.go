package workload

import (
	"net/http"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Reviews are questions, not objects: who am I (kubectl auth whoami) and may I
// (kubectl auth can-i). Everybody who is authenticated may do everything.

var reviewKinds = []*kind{
	{gvk: authenticationv1.SchemeGroupVersion.WithKind("SelfSubjectReview"), plural: "selfsubjectreviews", singular: "selfsubjectreview"},
	{gvk: authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectAccessReview"), plural: "selfsubjectaccessreviews", singular: "selfsubjectaccessreview"},
	{gvk: authorizationv1.SchemeGroupVersion.WithKind("SelfSubjectRulesReview"), plural: "selfsubjectrulesreviews", singular: "selfsubjectrulesreview"},
}

var reviews = map[schema.GroupVersionResource]func(*request){
	reviewKinds[0].gvr(): func(r *request) {
		r.review(reviewKinds[0], object{"userInfo": object{"username": r.who.Name, "groups": r.who.Groups}})
	},
	reviewKinds[1].gvr(): func(r *request) {
		r.review(reviewKinds[1], object{"allowed": true})
	},
	reviewKinds[2].gvr(): func(r *request) {
		all := []string{"*"}
		r.review(reviewKinds[2], object{
			"incomplete":       false,
			"resourceRules":    []authorizationv1.ResourceRule{{Verbs: all, APIGroups: all, Resources: all}},
			"nonResourceRules": []authorizationv1.NonResourceRule{{Verbs: all, NonResourceURLs: all}},
		})
	},
}

func (r *request) review(k *kind, status object) {
	if r.Method != http.MethodPost {
		writeError(r.w, apierrors.NewMethodNotSupported(k.gr(), r.Method))
		return
	}
	obj, err := readObject(r.Request, k.gvk)
	if err != nil {
		writeError(r.w, err)
		return
	}
	metadata(obj)["creationTimestamp"] = metav1.NewTime(r.cluster.manager.opts.Now())
	obj["apiVersion"], obj["kind"] = k.gvk.GroupVersion().String(), k.gvk.Kind
	obj["status"] = status
	writeJSON(r.w, http.StatusCreated, obj)
}
