package tracked

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// Args of an operation.
const argName = "operation"

// start begins the operation of an accepted write or deletion.
func (p *Provider) start(rq *arm.Request, t *Type, kind, verb, label string, r *fabric.Resource, d time.Duration) *fabric.Operation {
	location := r.Location
	if root := p.root(r.ARMID()); location == "" && root != nil {
		location = root.Location
	}
	if location == "" {
		if scope := p.Fabric.Get(r.ARMID().Scope); scope != nil {
			location = scope.Location
		}
	}
	return p.Fabric.Start(rq, fabric.Plan{Kind: kind, Label: label, Resource: r, Location: location, Duration: d, Args: map[string]string{argName: verb + t.Operation + "Operation"}})
}

// OperationName is the provider's name of what an operation does: PutRouteOperation.
func OperationName(op *fabric.Operation) string { return op.Args[argName] }

// accepted adds the polling addresses to the answer of a write. One that had nothing to do carries no Retry-After.
func (t *Type) accepted(rq *arm.Request, resp *arm.Response, op *fabric.Operation, retry string, result bool) *arm.Response {
	if quiet := t.Life.QuietInstant; retry == "" && quiet != "" && rq.APIVersion >= quiet {
		return resp
	}
	if t.Life.Notify {
		resp.With("Azure-AsyncNotification", "Enabled")
	}
	if t.Life.Status != "" {
		resp.With("Azure-AsyncOperation", t.address(rq, t.Life.Status, op))
	}
	if result && t.Life.Result != "" {
		resp.With("Location", t.address(rq, t.Life.Result, op))
	}
	if retry != "" {
		resp.With("Retry-After", retry)
	}
	return resp
}

func (t *Type) address(rq *arm.Request, pattern string, op *fabric.Operation) string {
	return arm.SignedURL(rq.BaseURL, t.OperationPath(pattern, op), rq.APIVersion)
}

// OperationPath fills a polling pattern.
func (t *Type) OperationPath(pattern string, op *fabric.Operation) string {
	id, _ := arm.ParseID(op.Resource)
	return strings.NewReplacer("{subscription}", op.Subscription, "{group}", id.ResourceGroup, "{location}", op.Location, "{resource}", op.Resource, "{operation}", t.Token(op)).Replace(pattern)
}

// Token is how polling addresses name an operation.
func (t *Type) Token(op *fabric.Operation) string {
	if t.Life.Token == "" {
		return op.ID
	}
	text := strings.NewReplacer("{name}", upsert(OperationName(op)), "{operation}", op.ID).Replace(t.Life.Token)
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// upsert spells an operation's name as the services do that put it into addresses.
func upsert(name string) string {
	name = strings.TrimSuffix(name, "Operation")
	if rest, put := strings.CutPrefix(name, "Put"); put {
		return "Upsert" + rest
	}
	return name
}

var guid = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// operation finds the operation a polling address names.
func (p *Provider) operation(token string) *fabric.Operation {
	if op := p.Fabric.Operation(token); op != nil {
		return op
	}
	text, err := base64.StdEncoding.DecodeString(token)
	if err != nil {
		return nil
	}
	return p.Fabric.Operation(guid.FindString(string(text)))
}

// poll serves a polling address. One address serves all types that share its pattern, each in its own way.
func (p *Provider) poll(t *Type, result bool) func(*arm.Request) (*arm.Response, error) {
	return func(rq *arm.Request) (*arm.Response, error) {
		op := p.operation(rq.Params["operation"])
		if op == nil || !strings.EqualFold(op.Subscription, rq.Params["sub"]) {
			return nil, arm.ProviderError(http.StatusNotFound, "OperationNotFound", "Operation %s not found.", rq.Params["operation"])
		}
		of := t
		if id, ok := arm.ParseID(op.Resource); ok && p.Type(id.Type()) != nil {
			of = p.Type(id.Type())
		}
		answer := p.defaultPoll
		if of.Life.Poll != nil {
			answer = func(_ *Type, rq *arm.Request, op *fabric.Operation, result bool) (*arm.Response, error) {
				return of.Life.Poll(p, rq, op, result)
			}
		}
		resp, err := answer(of, rq, op, result)
		if err == nil && of.Life.Header != nil {
			of.Life.Header(rq, resp)
		}
		return resp, err
	}
}

func (p *Provider) defaultPoll(t *Type, rq *arm.Request, op *fabric.Operation, result bool) (*arm.Response, error) {
	switch {
	case result && op.Running():
		return p.StillRunning(t, rq, op, nil), nil
	case result && op.Error != nil:
		return nil, &arm.Error{Status: http.StatusBadRequest, Code: op.Error.Code, Message: op.Error.Message, Details: []arm.Detail{}}
	case result:
		return arm.Respond(http.StatusNoContent, nil), nil
	}
	body := arm.Object{"status": op.Status}
	if op.Error != nil {
		details := op.Error.Details
		if details == nil {
			details = []arm.Detail{}
		}
		body["error"] = arm.Object{"code": op.Error.Code, "message": op.Error.Message, "details": details}
	}
	resp := arm.Respond(http.StatusOK, body)
	if op.Running() {
		resp.With("Retry-After", p.PollRetry(t, op))
	}
	return resp, nil
}

// StillRunning answers a poll of a running operation with its addresses again.
func (p *Provider) StillRunning(t *Type, rq *arm.Request, op *fabric.Operation, body any) *arm.Response {
	return t.accepted(rq, arm.Respond(http.StatusAccepted, body), op, p.PollRetry(t, op), true)
}

// PollRetry is the Retry-After of the next poll of a running operation: Azure backs off the longer it is asked.
func (p *Provider) PollRetry(t *Type, op *fabric.Operation) string {
	polls := t.Life.Polls
	if op.Kind == p.deleteKind() && t.Life.DeletePolls != nil {
		polls = t.Life.DeletePolls
	}
	if len(polls) == 0 {
		return ""
	}
	n := p.polls[op.ID]
	p.polls[op.ID] = n + 1
	return polls[min(n, len(polls)-1)]
}

// written ends the operation of a write.
func (p *Provider) written(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	delete(p.polls, op.ID)
	r := p.Fabric.Get(op.Resource)
	if r == nil || p.superseded(op) {
		return fail, 0
	}
	state := fabric.Succeeded
	if fail != nil {
		state = fabric.Failed
	}
	t := p.Type(r.Type)
	for _, each := range p.with(t, r) {
		each.State = state
		p.Fabric.Save(each)
	}
	if t.Ended != nil {
		t.Ended(r, fail)
	}
	p.touch(t, r)
	return fail, 0
}

// superseded says that a younger operation decides about the resource's state.
func (p *Provider) superseded(op *fabric.Operation) bool {
	ops := p.Fabric.Operations(op.Resource)
	return len(ops) > 0 && ops[0] != op && ops[0].Running()
}

// with lists a resource and the children its document embeds: they change together.
func (p *Provider) with(t *Type, r *fabric.Resource) []*fabric.Resource {
	out := []*fabric.Resource{r}
	for _, e := range t.Embedded {
		for _, child := range p.Fabric.Children(r.ID, e.Type) {
			out = append(out, p.with(p.Type(e.Type), child)...)
		}
	}
	return out
}
