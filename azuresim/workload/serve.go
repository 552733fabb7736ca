package workload

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// ServeHTTP authenticates a request and routes it.
func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.RLock()
	creds, tenant := c.creds, c.spec.Tenant
	c.mu.RUnlock()
	who, err := creds.authenticate(r)
	if err != nil && tenant != "" {
		who, err = c.entraUser(r, tenant)
	}
	if err != nil || (who == nil && !open[r.URL.Path]) {
		writeError(w, apierrors.NewUnauthorized("Unauthorized"))
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch parts[0] {
	case "api", "apis":
		if !c.serveAPI(w, r, who, parts) {
			writeError(w, notFoundPath())
		}
	case "openapi":
		c.serveOpenAPI(w, r, parts)
	default:
		c.serveSystem(w, r, parts)
	}
}

// entraUser recognises a token of Entra ID, as the API server of a cluster with managed Entra integration does.
func (c *cluster) entraUser(r *http.Request, tenant string) (*user, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if known := c.manager.opts.EntraToken; known != nil && strings.EqualFold(scheme, "Bearer") {
		if name, ok := known(strings.TrimSpace(token), tenant); ok {
			return &user{Name: name, Groups: []string{"system:authenticated"}}, nil
		}
	}
	return nil, errUnauthorized
}

// What the default RBAC roles of a cluster let anybody read.
var open = map[string]bool{"/healthz": true, "/livez": true, "/readyz": true, "/version": true, "/version/": true}

func notFoundPath() error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, "", schema.GroupResource{}, "", "the server could not find the requested resource", 0, false)
}

func (c *cluster) serveSystem(w http.ResponseWriter, r *http.Request, parts []string) {
	switch parts[0] {
	case "":
		writeJSON(w, http.StatusOK, metav1.RootPaths{Paths: c.rootPaths()})
	case "healthz", "livez", "readyz":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		writeRaw(w, http.StatusOK, []byte("ok"))
	case "version":
		writeJSON(w, http.StatusOK, c.version())
	default:
		writeError(w, notFoundPath())
	}
}

func (c *cluster) version() version.Info {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v := bareVersion(c.spec.Version)
	info := version.Info{GitVersion: "v" + v, GitTreeState: "clean", GoVersion: runtime.Version(), Compiler: runtime.Compiler, Platform: "linux/amd64"}
	if parts := strings.SplitN(v, ".", 3); len(parts) > 1 {
		info.Major, info.Minor = parts[0], parts[1]
	}
	return info
}

func bareVersion(v string) string { return strings.TrimPrefix(v, "v") }

// request is one call on a resource.
type request struct {
	*http.Request
	w         http.ResponseWriter
	who       *user
	cluster   *cluster
	kind      *kind
	form      form
	namespace string
	name      string
	sub       string
}

// serveAPI handles /api/v1/... and /apis/<group>/<version>/...; false if there
// is nothing at the path.
func (c *cluster) serveAPI(w http.ResponseWriter, r *http.Request, who *user, parts []string) bool {
	prefix := 2 // api/v1
	gv := schema.GroupVersion{}
	if parts[0] == "apis" {
		prefix = 3
		if len(parts) > 1 {
			gv.Group = parts[1]
		}
	}
	if len(parts) <= prefix {
		return c.serveDiscovery(w, r, parts)
	}
	gv.Version = parts[prefix-1]
	req := &request{Request: r, w: w, who: who, cluster: c}
	rest := parts[prefix:]
	if rest[0] == "namespaces" && len(rest) > 2 && !(gv.Group == "" && (rest[2] == "status" || rest[2] == "finalize")) {
		req.namespace, rest = rest[1], rest[2:]
	}
	if len(rest) > 3 {
		return false
	}
	gvr := gv.WithResource(rest[0])
	if len(rest) > 1 {
		req.name = rest[1]
	}
	if len(rest) > 2 {
		req.sub = rest[2]
	}
	if review := reviews[gvr]; review != nil && req.name == "" {
		review(req)
		return true
	}
	c.mu.RLock()
	req.kind = c.kind(gvr)
	c.mu.RUnlock()
	k := req.kind
	if k == nil || (!k.namespaced && req.namespace != "") || (k.namespaced && req.name != "" && req.namespace == "") {
		return false
	}
	if err := req.serve(); err != nil {
		writeError(w, err)
	}
	return true
}

func (r *request) serve() (err error) {
	if r.form, err = accepted(r.Header.Get("Accept")); err != nil {
		return err
	}
	if r.sub != "" && !(r.sub == "status" && r.kind.status) {
		return r.serveSubresource()
	}
	switch {
	case r.Method == http.MethodGet && r.name == "":
		return r.serveList()
	case r.Method == http.MethodGet:
		return r.serveGet()
	case r.Method == http.MethodPost && r.name == "":
		return r.serveCreate()
	case r.Method == http.MethodPut && r.name != "":
		return r.serveUpdate()
	case r.Method == http.MethodPatch && r.name != "":
		return r.servePatch()
	case r.Method == http.MethodDelete && r.name != "" && r.sub == "":
		return r.serveDelete()
	case r.Method == http.MethodDelete && r.name == "":
		return r.serveDeleteCollection()
	}
	return apierrors.NewMethodNotSupported(r.kind.gr(), strings.ToLower(r.Method))
}

func (r *request) get() ([]byte, error) {
	r.cluster.mu.RLock()
	defer r.cluster.mu.RUnlock()
	if raw := r.cluster.find(r.kind, r.namespace, r.name); raw != nil {
		return raw, nil
	}
	return nil, apierrors.NewNotFound(r.kind.gr(), r.name)
}

func (r *request) serveGet() error {
	raw, err := r.get()
	if err == nil {
		r.respond(http.StatusOK, raw)
	}
	return err
}

func (r *request) serveList() error {
	sel, err := r.selection()
	if err != nil {
		return err
	}
	if watch, _ := strconv.ParseBool(r.URL.Query().Get("watch")); watch {
		return r.serveWatch(sel)
	}
	items, rv := r.cluster.list(r.kind, sel)
	r.respondList(items, strconv.FormatUint(rv, 10))
	return nil
}

func (r *request) selection() (selection, error) {
	q := r.URL.Query()
	s := selection{namespace: r.namespace, labels: labels.Everything(), fields: fields.Everything()}
	var err error
	if v := q.Get("labelSelector"); v != "" {
		if s.labels, err = labels.Parse(v); err != nil {
			return s, apierrors.NewBadRequest(fmt.Sprintf("labelSelector %q: %v", v, err))
		}
	}
	if v := q.Get("fieldSelector"); v != "" {
		if s.fields, err = fields.ParseSelector(v); err != nil {
			return s, apierrors.NewBadRequest(fmt.Sprintf("fieldSelector %q: %v", v, err))
		}
	}
	return s, nil
}

func (r *request) options() (writeOptions, error) {
	q := r.URL.Query()
	o := writeOptions{manager: q.Get("fieldManager"), validation: q.Get("fieldValidation")}
	o.force, _ = strconv.ParseBool(q.Get("force"))
	o.warn = func(message string) { r.w.Header().Add("Warning", fmt.Sprintf("299 - %q", message)) }
	if o.validation == "" {
		o.validation = metav1.FieldValidationIgnore
		if !r.kind.custom && r.Method != http.MethodPatch {
			o.validation = metav1.FieldValidationWarn
		}
	}
	if dry := q["dryRun"]; len(dry) > 0 {
		if errs := validation.ValidateDryRun(nil, dry); len(errs) > 0 {
			return o, apierrors.NewInvalid(r.kind.gvk.GroupKind(), r.name, errs)
		}
		o.dryRun = true
	}
	return o, nil
}
