package fleet

import (
	"context"
	"strings"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// listHealth reads what Azure Resource Health says about everything in the subscription. A refusal is kept, and said of every
// cluster: it must not keep the clusters from being listed.
func (f *Fleet) listHealth(ctx context.Context, client *arm.Client, subscription string, g *group) {
	if !f.health {
		return
	}
	items, _, err := client.List(ctx, aks.HealthPath(subscription), aks.HealthAPIVersion)
	g.health, g.unhealthy = map[string]aks.Health{}, ""
	if err != nil {
		g.unhealthy = Why(err)
		return
	}
	for _, item := range items {
		if id, health := aks.HealthOf(item); id != "" {
			g.health[strings.ToLower(id)] = health
		}
	}
}

// Health is what Azure Resource Health said last about a cluster; nil while the fleet does not ask.
func (f *Fleet) Health(client *arm.Client, subscription, id string) *aks.Health {
	if !f.health {
		return nil
	}
	g := f.group(client, subscription)
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.healthOf(strings.ToLower(id))
	return &h
}

func (g *group) healthOf(id string) aks.Health {
	if g.unhealthy != "" {
		return aks.Health{Unread: g.unhealthy}
	}
	return g.health[id]
}
