package controller

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// credentialSource is where the secret part of an identity is kept: a Secret, a file in the manager's pod, or nowhere.
type credentialSource struct {
	secret client.ObjectKey
	path   string
}

// Reloads notices when credentials that do not work, or not for long, are replaced. Those that work need no watching: Secret and
// file are read at every step. Secrets are looked at one by one and without their data, because watching them needs the right to
// list them, which is the right to read all Secrets there are.
type Reloads struct {
	// Reader asks the API server, not a cache.
	Reader client.Reader
	// Interval between two looks; defaultReloadInterval when zero.
	Interval time.Duration

	mu      sync.Mutex
	waiting map[credentialSource]*waiting
}

// waiting is a source and who waits for it to become another version than theirs.
type waiting struct {
	version string
	owners  map[string]func()
}

const defaultReloadInterval = 2 * time.Second

// await calls notify once the source is not of that version any more.
func (r *Reloads) await(source credentialSource, version, owner string, notify func()) {
	if source == (credentialSource{}) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting == nil {
		r.waiting = map[credentialSource]*waiting{}
	}
	w := r.waiting[source]
	if w == nil || w.version != version {
		former := w
		w = &waiting{version: version, owners: map[string]func(){}}
		if former != nil { // who waits for another version than this one has got it
			for name, tell := range former.owners {
				if name != owner {
					tell()
				}
			}
		}
		r.waiting[source] = w
	}
	w.owners[owner] = notify
}

// forget is for who waits no longer.
func (r *Reloads) forget(owner string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for source, w := range r.waiting {
		if delete(w.owners, owner); len(w.owners) == 0 {
			delete(r.waiting, source)
		}
	}
}

// Run looks until ctx ends. Nothing is asked while nobody waits.
func (r *Reloads) Run(ctx context.Context) error {
	interval := r.Interval
	if interval == 0 {
		interval = defaultReloadInterval
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			r.look(ctx)
		}
	}
}

// look tells all who wait for a source that has changed.
func (r *Reloads) look(ctx context.Context) {
	r.mu.Lock()
	known := make(map[credentialSource]string, len(r.waiting))
	for source, w := range r.waiting {
		known[source] = w.version
	}
	r.mu.Unlock()
	for source, version := range known {
		now, err := r.version(ctx, source)
		if err != nil || now == version {
			continue
		}
		r.mu.Lock()
		w := r.waiting[source]
		delete(r.waiting, source)
		r.mu.Unlock()
		if w == nil {
			continue
		}
		for _, notify := range w.owners {
			notify()
		}
	}
}

// version tells one content of a source from another; "" when it does not exist.
func (r *Reloads) version(ctx context.Context, source credentialSource) (string, error) {
	if source.path != "" {
		return fileVersion(source.path), nil
	}
	secret := &metav1.PartialObjectMetadata{}
	secret.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Secret"))
	err := r.Reader.Get(ctx, source.secret, secret)
	if apierrors.IsNotFound(err) {
		return "", nil
	}
	return secret.ResourceVersion, err
}

// fileVersion follows links: a mounted volume is replaced by pointing a link elsewhere.
func fileVersion(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%d-%d", info.ModTime().UnixNano(), info.Size())
}
