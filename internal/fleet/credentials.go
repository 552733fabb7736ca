package fleet

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/capaks/capaks/internal/arm"
)

// refusedPause is how often credentials that were refused are tried again, by however many clusters they are for.
const refusedPause = 15 * time.Second

// refusedNow keeps a refusal of the credentials and names all clusters they are for: a converged cluster asks Azure nothing
// by itself, and would otherwise neither show the refusal nor take up credentials that were replaced meanwhile.
func (g *group) refusedNow(err error) []string {
	if !arm.IsUnauthorized(err) {
		return nil
	}
	first := g.refused == nil
	g.refused = err
	if !first {
		return nil
	}
	owners := make([]string, 0, len(g.members))
	for _, m := range g.members {
		owners = append(owners, m.owner)
	}
	return owners
}

// tryAgain finds out whether refused credentials are accepted by now.
func (f *Fleet) tryAgain(ctx context.Context, client *arm.Client, subscription string, g *group) error {
	if f.now().Sub(g.listedAt) < refusedPause {
		return g.refused
	}
	err := f.list(ctx, client, subscription, g)
	if err != nil {
		g.listedAt = f.now()
		g.refusedNow(err)
	}
	return err
}

// move takes an owner with other credentials, or another subscription, from its former group to its new one, with what it has
// seen. Credentials that were replaced stop working sooner or later, and nobody must list with them for ever.
func (f *Fleet) move(owner string, client *arm.Client, subscription string) {
	key := groupKey{client, strings.ToLower(subscription)}
	f.mu.Lock()
	old, known := f.homes[owner]
	former := f.groups[old]
	f.homes[owner] = key
	f.mu.Unlock()
	if !known || old == key || former == nil {
		return
	}
	moved := f.leave(owner, old, former)
	if old.subscription != key.subscription {
		return
	}
	g := f.group(client, subscription)
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.Copy(g.members, moved)
}

// leave takes an owner out of a group, and drops a group that nobody is left in.
func (f *Fleet) leave(owner string, key groupKey, g *group) map[string]member {
	left := map[string]member{}
	g.mu.Lock()
	for id, m := range g.members {
		if m.owner == owner {
			left[id] = m
			delete(g.members, id)
		}
	}
	empty := len(g.members) == 0
	g.mu.Unlock()
	if empty {
		f.mu.Lock()
		delete(f.groups, key)
		delete(f.listed, key)
		f.mu.Unlock()
	}
	return left
}
