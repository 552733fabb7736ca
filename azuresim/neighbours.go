package azuresim

import (
	"encoding/json"
	"net/http"
	"time"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/authorization"
	"github.com/capaks/capaks/azuresim/compute"
	"github.com/capaks/capaks/azuresim/fabric"
	"github.com/capaks/capaks/azuresim/graph"
	"github.com/capaks/capaks/azuresim/health"
	"github.com/capaks/capaks/azuresim/insights"
	"github.com/capaks/capaks/azuresim/kubernetesconfiguration"
	"github.com/capaks/capaks/azuresim/msi"
)

// provider is what the server needs of a resource provider.
type provider interface {
	Register()
	Routes() []arm.Route
}

// restorer is a provider that derives something from its stored resources.
type restorer interface{ Restore() }

// neighbours are the resource providers around AKS that know nothing of each other. They are built once, because
// some of them learn what they serve when they register.
func (s *Server) neighbours() []provider {
	if s.others == nil {
		_, _, _, clusters := s.providers()
		s.others = []provider{
			s.fleets(clusters),
			msi.New(s.fabric, s.world),
			&authorization.Provider{Fabric: s.fabric, World: s.world},
			insights.New(s.fabric, s.world),
			&health.Provider{Fabric: s.fabric, World: s.world},
			&graph.Provider{Fabric: s.fabric, World: s.world, Document: s.document},
			kubernetesconfiguration.New(s.fabric, s.world, func() time.Duration { return s.opts.Durations["extension"] }),
		}
	}
	return s.others
}

// nodeIdentity makes the identity AKS gives the nodes of a cluster.
func (s *Server) nodeIdentity(id arm.ID, location string) (clientID, objectID string) {
	for _, p := range s.neighbours() {
		if m, ok := p.(*msi.Provider); ok {
			r := m.Create(id, location)
			return arm.Str(r.Body, "properties.clientId"), arm.Str(r.Body, "properties.principalId")
		}
	}
	return "", ""
}

// document is what the provider of a resource answers to a GET in its newest stable api-version.
func (s *Server) document(rq *arm.Request, r *fabric.Resource) arm.Object {
	resp, found, err := s.gateway.Forward(rq, http.MethodGet, r.ARMID(), nil)
	if !found || err != nil {
		return nil
	}
	raw, err := json.Marshal(resp.Body) // plain JSON values, whatever the provider builds its documents from
	if err != nil {
		return nil
	}
	var doc arm.Object
	_ = kjson.Unmarshal(raw, &doc)
	return doc
}

// machines is the provider of scale sets, built once for the same reason.
func (s *Server) machines() *compute.Provider {
	if s.vms == nil {
		s.vms = compute.NewProvider(s.fabric, s.world, func() time.Duration { return s.opts.Durations["compute"] })
	}
	return s.vms
}

// resyncOwner tells the cluster that a scale set belongs to what happened to its machines.
func (s *Server) resyncOwner(set *fabric.Resource, clusters *aks.Provider) {
	group := s.fabric.Get(set.ARMID().Group().String())
	if group == nil || group.ManagedBy == "" {
		return
	}
	if cluster := s.fabric.Get(group.ManagedBy); cluster != nil {
		clusters.Resync(cluster)
	}
}

// restore lets the providers derive again what they keep outside the store.
func (s *Server) restore() {
	for _, p := range s.neighbours() {
		if r, ok := p.(restorer); ok {
			r.Restore()
		}
	}
}
