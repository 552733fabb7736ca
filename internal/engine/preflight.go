package engine

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
	"github.com/capaks/capaks/internal/fleet"
)

// readPreflight reads what the checks before a creation are about. What a place offers is shared with other clusters; who may do
// what in a brought network is this cluster's own question. A refused read is a doubt and not an error.
func (s *step) readPreflight(ctx context.Context) error {
	now := s.now()
	p := &aks.Preflight{Time: now, Mark: aks.PreflightMark(s.Inputs), Rights: map[string][]aks.Permission{}, Roles: map[string][]string{}, Unread: map[string]string{}}
	var after time.Time
	if old := s.memory.obs.Preflight; old != nil && old.Mark != p.Mark {
		after = now.Add(-time.Second) // somebody has changed something, perhaps because they got what was missing
	} else if old != nil {
		after = old.Time.Add(time.Second) // whatever was read since the last look is good enough
	}
	var err error
	if p.Place, err = s.fleet.Place(ctx, s.Client, s.names.Subscription, s.names.Location, after); err != nil {
		return err
	}
	if s.memory.obs.VirtualNetwork.Exists && now.Sub(s.memory.baseAt) > freshFor {
		if s.memory.obs.VirtualNetwork, err = s.get(ctx, s.names.NetworkID, aks.NetworkAPIVersion); err != nil {
			return err
		}
	}
	for _, subnet := range aks.PreflightSubnets(s.Inputs, s.memory.obs) {
		if err := s.readRights(ctx, p, subnet); err != nil {
			return err
		}
	}
	s.memory.obs.Preflight = p
	return nil
}

// readRights reads what the manager's identity may do in a subnet, and which roles the cluster's own identity has there.
func (s *step) readRights(ctx context.Context, p *aks.Preflight, subnet string) error {
	const namespace = "/providers/Microsoft.Authorization/"
	key := lower(subnet)
	items, _, err := s.Client.List(ctx, subnet+namespace+"permissions", aks.AuthorizationAPIVersion)
	if err != nil {
		return doubt(p, key, err)
	}
	p.Rights[key] = []aks.Permission{}
	for _, item := range items {
		p.Rights[key] = append(p.Rights[key], aks.PermissionOf(item))
	}
	identity := aks.ClusterIdentityID(s.Inputs)
	if identity == "" {
		return nil
	}
	response, err := s.Client.Get(ctx, identity, aks.IdentityAPIVersion)
	if err != nil {
		return doubt(p, key, err)
	}
	properties, _ := response.Body["properties"].(map[string]any)
	principal, _ := properties["principalId"].(string)
	items, _, err = s.Client.Query(ctx, subnet+namespace+"roleAssignments", aks.AuthorizationAPIVersion, url.Values{"$filter": {"atScope() and assignedTo('" + principal + "')"}})
	if err != nil {
		return doubt(p, key, err)
	}
	p.Roles[key] = []string{}
	for _, item := range items {
		properties, _ := item["properties"].(map[string]any)
		role, _ := properties["roleDefinitionId"].(string)
		p.Roles[key] = append(p.Roles[key], role)
	}
	return nil
}

// doubt notes a read that was refused; anything else than a refusal is an error of the step.
func doubt(p *aks.Preflight, subnet string, err error) error {
	if _, refused := asRefusal(err); !refused {
		return err
	}
	p.Unread[subnet] = fleet.Why(err)
	return nil
}

func asRefusal(err error) (*arm.Error, bool) { return errors.AsType[*arm.Error](err) }

// checkAgain makes sure that somebody comes back when a failed check is to be made again.
func (s *step) checkAgain(r *Report) {
	if at := r.decision.CheckAgain; !at.IsZero() {
		r.requeue(max(at.Sub(s.now()), time.Second))
	}
}

// doubts are the warnings of checks under which a request is sent.
func doubts(d aks.Decision) string {
	var texts []string
	for _, check := range d.Checks {
		if check.Verdict != aks.CheckPassed {
			texts = append(texts, check.Message)
		}
	}
	return strings.Join(texts, "; ")
}
