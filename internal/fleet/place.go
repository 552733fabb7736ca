package fleet

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/arm"
)

// placeKey: two credentials may see different offers of one subscription.
type placeKey struct {
	client       *arm.Client
	subscription string
	location     string
}

// place is what one location offers to a subscription, for all clusters that are created there.
type place struct {
	mu     sync.Mutex // held while reading, so that a crowd of new clusters causes one read
	latest aks.Place
	readAt map[aks.PlacePart]time.Time
	used   time.Time
}

// A refused read is made again after refusalLasts, what nobody asked for is forgotten after placeLasts.
const (
	refusalLasts = time.Minute
	placeLasts   = 2 * time.Hour
)

// Place is what a location offers: read once for all clusters that ask within the time an answer lasts. Parts older than after
// are read again. With parts only those are made sure of. What cannot be read is noted in it; the error is only that of a request without any answer.
func (f *Fleet) Place(ctx context.Context, client *arm.Client, subscription, location string, after time.Time, parts ...aks.PlacePart) (aks.Place, error) {
	p := f.place(placeKey{client, strings.ToLower(subscription), strings.ToLower(location)})
	p.mu.Lock()
	defer p.mu.Unlock()
	type answer struct {
		part      aks.PlacePart
		lasts     time.Duration
		documents []map[string]any
		err       error
	}
	answers := make(chan answer, len(aks.PlaceParts))
	due := 0
	for _, part := range aks.PlaceParts {
		if len(parts) > 0 && !slices.Contains(parts, part.Part) {
			continue
		}
		at, known := p.readAt[part.Part]
		if known && f.now().Sub(at) < part.Lasts && !at.Before(after) {
			continue
		}
		due++
		go func() {
			documents, err := readPlace(ctx, client, part.Part, subscription, location)
			answers <- answer{part.Part, part.Lasts, documents, err}
		}()
	}
	latest, unread := p.latest, map[aks.PlacePart]string{}
	for part, why := range p.latest.Unread {
		unread[part] = why
	}
	var failed error
	for range due {
		a := <-answers
		if a.err != nil && fatal(a.err) {
			failed = errors.Join(failed, a.err)
			continue
		}
		delete(unread, a.part)
		latest.Take(a.part, a.documents)
		p.readAt[a.part] = f.now()
		if a.err != nil {
			unread[a.part] = Why(a.err)
			latest.Drop(a.part)
			p.readAt[a.part] = f.now().Add(min(refusalLasts, a.lasts) - a.lasts) // a role may be given meanwhile
		}
	}
	latest.Unread = unread
	p.latest = latest
	return latest, failed
}

func readPlace(ctx context.Context, client *arm.Client, part aks.PlacePart, subscription, location string) ([]map[string]any, error) {
	path, apiVersion, query := aks.PlaceRequest(part, subscription, location)
	if part == aks.PartVersions || part == aks.PartRegistration {
		response, err := client.Get(ctx, path, apiVersion)
		if err != nil {
			return nil, err
		}
		return []map[string]any{response.Body}, nil
	}
	items, _, err := client.Query(ctx, path, apiVersion, query)
	return items, err
}

// fatal tells an error that any other request would meet, too, from a refusal of this one.
func fatal(err error) bool {
	refusal, ok := errors.AsType[*arm.Error](err)
	return !ok || refusal.Status == 401
}

// Why is a refusal in few words.
func Why(err error) string {
	if refusal, ok := errors.AsType[*arm.Error](err); ok && refusal.Code != "" {
		return refusal.Code
	}
	return err.Error()
}

func (f *Fleet) place(key placeKey) *place {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, ok := f.places[key]
	if !ok {
		// The list of sizes is long, and a new secret makes a new client.
		maps.DeleteFunc(f.places, func(_ placeKey, old *place) bool { return f.now().Sub(old.used) > placeLasts })
		p = &place{readAt: map[aks.PlacePart]time.Time{}}
		f.places[key] = p
	}
	p.used = f.now()
	return p
}
