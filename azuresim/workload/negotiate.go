package workload

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// form is the shape a client wants objects in.
type form string

const (
	plainForm    form = ""
	tableForm    form = "Table"
	metadataForm form = "PartialObjectMetadata"
	groupsForm   form = "APIGroupDiscoveryList"
)

const maxBody = 3 << 20 // what etcd takes, roughly

// accepted picks the first form of an Accept header that this server speaks.
// It answers in JSON only; typed clients prefer protobuf but list JSON too.
func accepted(header string) (form, error) {
	if header == "" {
		return plainForm, nil
	}
	for _, part := range strings.Split(header, ",") {
		media, params, err := mime.ParseMediaType(part)
		if err != nil || (media != "application/json" && media != "application/*" && media != "*/*") {
			continue
		}
		switch form(strings.TrimSuffix(params["as"], "List")) {
		case plainForm:
			return plainForm, nil
		case tableForm:
			if params["g"] == "meta.k8s.io" && params["v"] == "v1" {
				return tableForm, nil
			}
		case metadataForm:
			if params["g"] == "meta.k8s.io" && params["v"] == "v1" {
				return metadataForm, nil
			}
		case "APIGroupDiscovery":
			if params["g"] == "apidiscovery.k8s.io" && params["v"] == "v2" {
				return groupsForm, nil
			}
		}
	}
	return plainForm, &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotAcceptable, Reason: metav1.StatusReasonNotAcceptable,
		Message: "only the following media types are accepted: application/json",
	}}
}

// readBody decodes a request body in JSON, YAML or protobuf.
func readBody(r *http.Request) (object, error) {
	body, err := readAll(r)
	if err != nil || len(body) == 0 {
		return object{}, err
	}
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	obj := object{}
	switch media {
	case "", runtime.ContentTypeJSON:
		err = kjson.Unmarshal(body, &obj)
	case runtime.ContentTypeYAML:
		if body, err = yaml.YAMLToJSON(body); err == nil {
			err = kjson.Unmarshal(body, &obj)
		}
	case runtime.ContentTypeProtobuf:
		obj, err = fromProtobuf(body)
	default:
		return nil, unsupportedMedia(media, "application/json, application/yaml, application/vnd.kubernetes.protobuf")
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the body of the request cannot be decoded: %v", err))
	}
	return obj, nil
}

func readAll(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("limit is %d", maxBody))
	}
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return body, nil
}

func fromProtobuf(body []byte) (object, error) {
	typed, gvk, err := protobuf.NewSerializer(scheme, scheme).Decode(body, nil, nil)
	if err != nil {
		return nil, err
	}
	obj, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return nil, err
	}
	obj["apiVersion"], obj["kind"] = gvk.GroupVersion().String(), gvk.Kind
	return obj, nil
}

// readObject decodes a body that must be of the given kind.
func readObject(r *http.Request, want schema.GroupVersionKind) (object, error) {
	obj, err := readBody(r)
	if err != nil {
		return nil, err
	}
	got := schema.FromAPIVersionAndKind(text(obj, "apiVersion"), text(obj, "kind"))
	if got.Kind == "" && text(obj, "apiVersion") == "" {
		got = want
	}
	if got != want {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%s in version %q cannot be handled as a %s of %q", got.Kind, got.GroupVersion(), want.Kind, want.GroupVersion()))
	}
	return obj, nil
}

func writeJSON(w http.ResponseWriter, code int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		writeError(w, apierrors.NewInternalError(err))
		return
	}
	writeRaw(w, code, body)
}

func writeRaw(w http.ResponseWriter, code int, body []byte) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client has gone; nobody is left to tell
}

func statusOf(err error) metav1.Status {
	var known apierrors.APIStatus
	if !errors.As(err, &known) {
		known = apierrors.NewInternalError(err)
	}
	status := known.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	return status
}

func writeError(w http.ResponseWriter, err error) {
	status := statusOf(err)
	if status.Details != nil && status.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(status.Details.RetryAfterSeconds))
	}
	writeJSON(w, int(status.Code), status)
}
