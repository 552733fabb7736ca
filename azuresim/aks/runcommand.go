package aks

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

const runCommand = "RunCommand"

// notExecuted is the exit code of a shell that found a command but could not run it.
const notExecuted = 126

// startCommand accepts a command like the service. Nothing here can execute it, and the result says so instead of
// pretending.
func (p *Provider) startCommand(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	switch {
	case err != nil:
		return nil, err
	case arm.Str(rq.Body, "command") == "":
		return nil, badRequest("InvalidParameter", "command", "Required parameter command is missing (null).")
	case arm.Bool(c.Body, "properties.apiServerAccessProfile.disableRunCommand"):
		return nil, badRequest("BadRequest", "apiServerAccessProfile.disableRunCommand", "Run command is disabled on managed cluster %s.", c.Name)
	case !private(c).API:
		return nil, noControlPlane(c)
	}
	if err := notWhileStopped(c, "running a command"); err != nil {
		return nil, err
	}
	// A command neither blocks the cluster nor shows in its state: its operation has an id of its own.
	command := &fabric.Resource{ID: c.ARMID().Child("commandResults", "run").String()}
	op := p.Fabric.Start(rq, fabric.Plan{Kind: runCommand, Label: "Running", Resource: command, Location: c.Location, Duration: p.Durations().Unchanged})
	return p.commandAccepted(rq, op), nil
}

func commandID(op *fabric.Operation) string { return strings.ReplaceAll(op.ID, "-", "") }

func (p *Provider) commandAccepted(rq *arm.Request, op *fabric.Operation) *arm.Response {
	resp := pretty(http.StatusAccepted, nil)
	return resp.With("Location", rq.BaseURL+clusterID(rq).String()+"/commandResults/"+commandID(op)+"?api-version="+rq.APIVersion)
}

func (p *Provider) commandResult(rq *arm.Request) (*arm.Response, error) {
	c, err := p.cluster(rq)
	if err != nil {
		return nil, err
	}
	op := p.Fabric.Operation(dashed(rq.Params["command"]))
	switch {
	case op == nil || op.Kind != runCommand || !strings.EqualFold(op.Resource, c.ARMID().Child("commandResults", "run").String()):
		return nil, arm.FlatError(http.StatusNotFound, "NotFound", "The command '%s' was not found.", rq.Params["command"])
	case op.Running():
		return p.commandAccepted(rq, op), nil
	}
	props := arm.Object{
		"provisioningState": op.Status, "startedAt": op.Start.UTC().Format(timestamp), "finishedAt": op.End.UTC().Format(timestamp),
		"exitCode": notExecuted, "logs": "", "reason": "azuresim does not execute commands",
	}
	if op.Error != nil {
		props["reason"] = op.Error.Message
	}
	return pretty(http.StatusOK, arm.Object{"id": commandID(op), "properties": props}), nil
}

// dashed turns the 32 digits of a command id into the id of its operation.
func dashed(id string) string {
	if _, err := hex.DecodeString(id); err != nil || len(id) != 32 {
		return id
	}
	return id[:8] + "-" + id[8:12] + "-" + id[12:16] + "-" + id[16:20] + "-" + id[20:]
}
