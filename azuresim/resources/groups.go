package resources

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

var groupName = regexp.MustCompile(`^[-\w._()]{1,90}$`)

// pollAfter is the Retry-After recorded for group deletions, in seconds.
const pollAfter = "15"

func (p *Provider) view(g *fabric.Resource) arm.Object {
	v := arm.Object{"id": g.ID, "name": g.Name, "type": "Microsoft.Resources/resourceGroups", "location": g.Location, "properties": arm.Object{"provisioningState": g.State}}
	if tags := arm.Map(g.Body, "tags"); tags != nil {
		v["tags"] = tags
	}
	if g.ManagedBy != "" {
		v["managedBy"] = g.ManagedBy
	}
	return v
}

func (p *Provider) find(rq *arm.Request) (*fabric.Resource, error) {
	g := p.Fabric.Get(rq.ID.String())
	if g == nil {
		return nil, arm.GroupNotFound(rq.ID.ResourceGroup)
	}
	return g, nil
}

func (p *Provider) getGroup(rq *arm.Request) (*arm.Response, error) {
	g, err := p.find(rq)
	if err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusOK, p.view(g)), nil
}

func (p *Provider) headGroup(rq *arm.Request) (*arm.Response, error) {
	if _, err := p.find(rq); err != nil {
		return nil, err
	}
	return arm.Respond(http.StatusNoContent, nil), nil
}

func (p *Provider) listGroups(rq *arm.Request) (*arm.Response, error) {
	pass, _, err := parseFilter(rq)
	if err != nil {
		return nil, err
	}
	value := []any{}
	for _, g := range p.Fabric.Children(arm.ID{Subscription: rq.ID.Subscription}.String(), "Microsoft.Resources/resourceGroups") {
		if pass(g) {
			value = append(value, p.view(g))
		}
	}
	return arm.Respond(http.StatusOK, arm.Page(rq, value)), nil
}

func (p *Provider) putGroup(rq *arm.Request) (*arm.Response, error) {
	if !groupName.MatchString(rq.ID.ResourceGroup) || strings.HasSuffix(rq.ID.ResourceGroup, ".") {
		return nil, arm.GatewayError(http.StatusBadRequest, "InvalidResourceGroup", "The provided resource group name '%s' is invalid. It must be 1-90 alphanumerics, underscores, parentheses, hyphens and periods and cannot end with a period.", rq.ID.ResourceGroup)
	}
	location := arm.Location(arm.Str(rq.Body, "location"))
	if location == "" {
		return nil, arm.GatewayError(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	}
	if !p.World.Get().HasLocation(location) {
		return nil, arm.GatewayError(http.StatusBadRequest, "LocationNotAvailableForResourceGroup", "The provided location '%s' is not available for resource group. List of available regions is '%s'.", location, strings.Join(p.World.Get().Locations, ","))
	}
	if err := CheckTags(arm.Map(rq.Body, "tags")); err != nil {
		return nil, err
	}
	g := p.Fabric.Get(rq.ID.String())
	status := http.StatusOK
	switch {
	case g == nil:
		status = http.StatusCreated
		g = p.Fabric.Create(rq.ID, location, arm.Object{})
		g.State = "Succeeded"
		g.ManagedBy = arm.Str(rq.Body, "managedBy")
	case g.State == "Deleting":
		return nil, arm.GatewayError(http.StatusConflict, "ResourceGroupBeingDeleted", "The resource group '%s' is in deprovisioning state and cannot perform this operation.", g.Name)
	case g.Location != location:
		return nil, arm.GatewayError(http.StatusConflict, "InvalidResourceGroupLocation", "Invalid resource group location '%s'. The Resource group already exists in location '%s'.", location, g.Location)
	}
	delete(g.Body, "tags")
	if tags := arm.Map(rq.Body, "tags"); tags != nil {
		g.Body["tags"] = arm.Copy(tags)
	}
	p.Fabric.Save(g)
	return arm.Respond(status, p.view(g)), nil
}

func (p *Provider) patchGroup(rq *arm.Request) (*arm.Response, error) {
	g, err := p.find(rq)
	if err != nil {
		return nil, err
	}
	if tags, ok := rq.Body["tags"].(map[string]any); ok {
		if err := CheckTags(tags); err != nil {
			return nil, err
		}
		g.Body["tags"] = arm.Copy(tags)
	}
	p.Fabric.Save(g)
	return arm.Respond(http.StatusOK, p.view(g)), nil
}

// deleteGroup starts a job, not an Azure-AsyncOperation: the answer is a Location to poll, as recorded.
func (p *Provider) deleteGroup(rq *arm.Request) (*arm.Response, error) {
	g, err := p.find(rq)
	if err != nil {
		return nil, err
	}
	if g.State != "Deleting" {
		g.State = "Deleting"
		p.Fabric.Save(g)
		p.Fabric.Cascade(rq, g)
		p.Fabric.Start(rq, fabric.Plan{Kind: deleteGroup, Label: "Deleting", Resource: g, Location: g.Location, Duration: p.DeleteDuration()})
	}
	return jobResponse(rq, g), nil
}

func jobResponse(rq *arm.Request, g *fabric.Resource) *arm.Response {
	escaped := strings.ReplaceAll(strings.ToUpper(g.Name), "-", ":2D")
	raw, _ := json.Marshal(map[string]string{"jobId": "RESOURCEGROUPDELETIONJOB-" + escaped + "-" + strings.ToUpper(g.Location), "jobLocation": g.Location})
	path := "/subscriptions/" + rq.ID.Subscription + "/operationresults/" + base64.RawURLEncoding.EncodeToString(raw)
	return arm.Respond(http.StatusAccepted, nil).With("Location", arm.SignedURL(rq.BaseURL, path, rq.APIVersion)).With("Retry-After", pollAfter)
}

// groupDeleted ends the job once everything inside is gone; a child that could not be deleted saves the group.
func (p *Provider) groupDeleted(op *fabric.Operation, fail *arm.OperationError) (*arm.OperationError, time.Duration) {
	g := p.Fabric.Get(op.Resource)
	if g == nil {
		return nil, 0
	}
	now := p.Fabric.Clock.Now()
	for _, child := range p.Fabric.Children(g.ID, "") {
		if running := p.Fabric.RunningOn(child.ID); running != nil {
			return nil, max(running.Due.Sub(now), time.Millisecond)
		}
		if last := p.Fabric.Operations(child.ID); len(last) > 0 && !last[0].Start.Before(op.Start) && last[0].Label == "Deleting" && last[0].Status == fabric.Failed && fail == nil {
			fail = &arm.OperationError{Code: "ResourceGroupDeletionBlocked", Message: "Deletion of resource group '" + g.Name + "' failed as resources with identifiers '" + child.ARMID().Path() + "' could not be deleted. " + last[0].Error.Message}
		}
	}
	if fail != nil {
		g.State = "Succeeded"
		p.Fabric.Save(g)
		return fail, 0
	}
	p.Fabric.Drop(g)
	return nil, 0
}

// groupJob is the polling address of a group's deletion.
func (p *Provider) groupJob(rq *arm.Request) (*arm.Response, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(rq.Params["job"], "="))
	var job struct{ JobID, JobLocation string }
	if err != nil || json.Unmarshal(raw, &job) != nil {
		return nil, arm.GatewayError(http.StatusBadRequest, "InvalidJobId", "The job id '%s' is invalid.", rq.Params["job"])
	}
	escaped := strings.TrimPrefix(strings.TrimSuffix(job.JobID, "-"+strings.ToUpper(job.JobLocation)), "RESOURCEGROUPDELETIONJOB-")
	id := arm.ID{Subscription: rq.ID.Subscription, ResourceGroup: strings.ReplaceAll(escaped, ":2D", "-")}
	for _, op := range p.Fabric.Operations(id.String()) {
		switch {
		case op.Kind != deleteGroup:
		case op.Running():
			return jobResponse(rq, p.Fabric.Get(op.Resource)), nil
		case op.Error != nil:
			return nil, arm.GatewayError(http.StatusConflict, op.Error.Code, "%s", op.Error.Message)
		default:
			return arm.Respond(http.StatusOK, nil), nil
		}
	}
	return nil, arm.GatewayError(http.StatusNotFound, "JobNotFound", "The job '%s' could not be found.", job.JobID)
}

// CheckTags applies ARM's limits on tags, which hold for every resource.
func CheckTags(tags arm.Object) error {
	if len(tags) > 50 {
		return arm.GatewayError(http.StatusBadRequest, "TooManyTags", "The number of tags on the resource is '%d'. The maximum number of tags is '50'.", len(tags))
	}
	for k, v := range tags {
		s, isString := v.(string)
		switch {
		case len(k) > 512 || k == "":
			return arm.GatewayError(http.StatusBadRequest, "InvalidTagName", "The tag name '%s' must be 1 to 512 characters long.", k)
		case strings.ContainsAny(k, `<>%&\?/`):
			return arm.GatewayError(http.StatusBadRequest, "InvalidTagNameCharacters", "The tag names '%s' have reserved characters '<,>,%%,&,\\,?,/' or control characters.", k)
		case !isString && v != nil:
			return arm.GatewayError(http.StatusBadRequest, "InvalidTagValueType", "The value of tag '%s' must be a string.", k)
		case len(s) > 256:
			return arm.GatewayError(http.StatusBadRequest, "InvalidTagValueLength", "The value of tag '%s' is longer than 256 characters.", k)
		}
	}
	return nil
}
