package random_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/engine"
	"github.com/capaks/capaks/internal/fleet"
	"github.com/capaks/capaks/internal/identity"
)

// cloud is an emulated Azure with a paused clock, and the engine in front of it.
type cloud struct {
	*azuresim.Server
	clock  *clock.Clock
	client *arm.Client
	engine *engine.Engine
	fleet  *fleet.Fleet
	// stored is what a controller keeps in a Secret: the eTag of the credentials.
	stored    aks.StoredCredentials
	principal string
	// seen counts the requests that were judged already.
	seen int
	// last is the last accepted write by path, to find the same one again.
	last map[string]string
}

func newCloud(azure *azuresim.Server, time *clock.Clock) (*cloud, error) {
	c := &cloud{Server: azure, clock: time, last: map[string]string{}}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(azure.CAPEM())
	transport := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	env := azure.Env()
	where, err := arm.CloudFrom("", arm.CloudEnvFrom(func(name string) string { return env[name] }))
	if err != nil {
		return nil, err
	}
	who := identity.Spec{Type: identity.ServicePrincipal, TenantID: env["AZURE_TENANT_ID"], ClientID: env["AZURE_CLIENT_ID"], ClientSecret: env["AZURE_CLIENT_SECRET"]}
	credential, err := identity.NewCache(identity.Options{}).Credential(who, where, transport)
	if err != nil {
		return nil, err
	}
	c.client, err = arm.New(arm.Config{Cloud: where, Credential: credential, Transport: transport,
		Now: time.Now, Budget: arm.NewBudget(arm.BudgetOptions{Factor: 1e6})}) // a year goes by in seconds here
	c.principal = credential.Principal
	c.restart()
	return c, err
}

// onlyTheToken tells whether nothing is left to come back for but the next token of the kubeconfig.
func (c *cloud) onlyTheToken(report engine.Report) bool {
	return !c.stored.Token.Refresh.IsZero() && c.clock.Now().Add(report.Requeue).Equal(c.stored.Token.Refresh)
}

// restart loses all memory, as a new process does.
func (c *cloud) restart() {
	c.fleet = fleet.New(fleet.Options{Now: c.clock.Now, Notify: func(string) {}})
	c.engine = engine.New(engine.Options{Now: c.clock.Now, Fleet: c.fleet})
}

const (
	// maxSteps bounds what one set of edits may take; the longest (a rotation of everything) takes a few dozen.
	maxSteps = 300
	// idleTime is longer than every pause after which a converged cluster is looked at again.
	idleTime = 13 * time.Hour
)

// settle carries out what is declared and judges every request. chance is how often the engine is restarted on the way.
func (c *cloud) settle(w *objects, random *rand.Rand, restarts bool) error {
	for range maxSteps {
		report := c.step(w)
		if err := c.judge(); err != nil {
			return fmt.Errorf("%w\n  %s; error %s", err, describe(report), errorText(report))
		}
		if report.Done && (report.Requeue == 0 || c.onlyTheToken(report)) {
			return nil
		}
		if report.Requeue == 0 {
			return fmt.Errorf("does not converge: hold %s, error %s", describe(report), errorText(report))
		}
		if len(report.Failures) > 0 {
			return fmt.Errorf("a goal failed: %s", describe(report))
		}
		if restarts && random.IntN(4) == 0 {
			c.restart()
		}
		c.clock.Advance(report.Requeue)
	}
	return fmt.Errorf("does not converge in %d steps", maxSteps)
}

func (c *cloud) step(w *objects) engine.Report {
	report := c.engine.Step(w.ctx, engine.Request{Owner: w.owner(), Client: c.client, Inputs: w.inputs(), Principal: c.principal,
		KubeconfigETag: c.stored.ETag, StoredToken: c.stored.Token, UserKubeconfigETag: c.stored.UserETag})
	if kubeconfig := report.Kubeconfig; kubeconfig != nil {
		c.stored.ETag, c.stored.Token = kubeconfig.ETag, aks.TokenMark{}
		if kubeconfig.Token != nil {
			c.stored.Token = kubeconfig.Token.Mark
		}
	}
	if report.UserKubeconfig != nil {
		c.stored.UserETag = report.UserKubeconfig.ETag
	}
	w.keep(report)
	return report
}

func describe(report engine.Report) string {
	var texts []string
	for id, failure := range report.Failures {
		texts = append(texts, fmt.Sprintf("%s: %s %s (target %s)", id[strings.LastIndex(id, "/")+1:], failure.Error.Code, failure.Error.Message, failure.Error.Target))
	}
	for _, action := range report.Pending {
		if action.Verb != "None" {
			texts = append(texts, action.Line())
		}
	}
	return strings.Join(texts, "; ")
}

func errorText(report engine.Report) string {
	if report.Error == nil {
		return "none"
	}
	return report.Error.Code + " " + report.Error.Message
}

// judge looks at the requests since the last time: none may be refused, all must be valid, and none may be sent twice.
func (c *cloud) judge() error {
	requests := c.Requests()
	defer func() { c.seen = len(requests) }()
	for _, request := range requests[c.seen:] {
		line := request.Method + " " + request.Path
		if len(request.SpecErrors) > 0 {
			return fmt.Errorf("%s: the body is not valid: %v", line, request.SpecErrors)
		}
		if request.Status >= 400 && !(request.Method == http.MethodGet && request.Status == http.StatusNotFound) {
			return fmt.Errorf("%s: refused with %d %s\n%s", line, request.Status, request.ErrorCode, body(request.RequestBody))
		}
		if request.Method == http.MethodGet || strings.Contains(request.Path, "listCluster") {
			continue
		}
		path, sent := strings.ToLower(request.Path), request.Method+body(request.RequestBody)
		if c.last[path] == sent && request.Method != http.MethodPost {
			return fmt.Errorf("%s: the same request was sent before\n%s", line, body(request.RequestBody))
		}
		c.last[path] = sent
		if cluster, _, isPool := strings.Cut(path, "/agentpools/"); isPool { // the same request about the cluster is news after that
			c.forget(cluster)
		}
	}
	return nil
}

// forget lets the next write to the cluster be any.
func (c *cloud) forget(cluster string) {
	for path := range c.last {
		if before, _, _ := strings.Cut(path, "?"); before == cluster {
			delete(c.last, path)
		}
	}
}

func body(object map[string]any) string {
	raw, err := json.Marshal(object)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// idle lets time go by, first with the memory there is and then without: nothing may be written, and nothing planned.
func (c *cloud) idle(w *objects) error {
	for _, fresh := range []bool{false, true} {
		if fresh {
			c.restart()
		}
		c.clock.Advance(idleTime)
		c.fleet.Refresh(w.ctx)
		before := len(c.Requests())
		report := c.step(w)
		for range maxSteps {
			if report.Requeue == 0 {
				break
			}
			c.clock.Advance(report.Requeue)
			report = c.step(w)
		}
		for _, request := range c.Requests()[before:] {
			if request.Method != http.MethodGet && !strings.Contains(request.Path, "listCluster") {
				return fmt.Errorf("converged, and yet it sends %s %s (restarted: %v)\n%s", request.Method, request.Path, fresh, body(request.RequestBody))
			}
		}
		if !report.Done {
			return fmt.Errorf("converged, and yet there is something to do (restarted: %v): %s, error %s", fresh, describe(report), errorText(report))
		}
		for _, action := range report.Pending {
			if action.Verb != "None" || len(action.Changes) > 0 {
				return fmt.Errorf("converged, and yet the plan is not empty (restarted: %v): %s", fresh, action.Line())
			}
		}
	}
	return c.judge()
}

// names of the resources of the cluster.
func (w *objects) owner() string { return w.namespace + "/" + w.cp.Name }
