package workload

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	bookmarkEvery  = time.Minute
	watchAtLeast   = 30 * time.Minute // a real API server ends watches after 30 to 60 minutes
	initialEvents  = metav1.InitialEventsAnnotationKey
	notOlderThan   = string(metav1.ResourceVersionMatchNotOlderThan)
	expiredMessage = "too old resource version: %s (%d)"
)

// watcher streams the events of one kind to one client. It holds a position in
// the table's history and no buffer; a client that reads too slowly loses its
// position and is told to list again.
type watcher struct {
	*request
	sel       selection
	rv        uint64
	bookmarks bool
	columns   bool // the column definitions of a Table were sent
	flusher   http.Flusher
}

func (r *request) serveWatch(sel selection) error {
	q := r.URL.Query()
	flusher, ok := r.w.(http.Flusher)
	if !ok {
		return apierrors.NewInternalError(fmt.Errorf("watch: the connection cannot stream"))
	}
	w := &watcher{request: r, sel: sel, flusher: flusher}
	w.bookmarks, _ = strconv.ParseBool(q.Get("allowWatchBookmarks"))
	sendInitial, err := initialEventsWanted(q.Get("sendInitialEvents"), q.Get("resourceVersionMatch"))
	if err != nil {
		return err
	}
	if w.rv, err = parseRV(q.Get("resourceVersion")); err != nil {
		return err
	}
	limit := watchAtLeast + rand.N(watchAtLeast)
	if seconds, err := strconv.Atoi(q.Get("timeoutSeconds")); err == nil && seconds > 0 {
		limit = time.Duration(seconds) * time.Second
	}
	end := time.NewTimer(limit)
	defer end.Stop()

	r.w.Header().Set("Content-Type", "application/json")
	r.w.Header().Set("Cache-Control", "no-cache, private")
	r.w.WriteHeader(http.StatusOK)
	w.flusher.Flush()

	if sendInitial != nil && *sendInitial || sendInitial == nil && w.rv == 0 {
		if !w.sendState(sendInitial != nil && w.bookmarks) {
			return nil
		}
	}
	w.follow(end.C)
	return nil
}

// initialEventsWanted follows the validation of WatchList requests: nil means
// that the client did not say.
func initialEventsWanted(value, match string) (*bool, error) {
	if value == "" {
		if match != "" {
			return nil, apierrors.NewBadRequest("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
		}
		return nil, nil
	}
	wanted, err := strconv.ParseBool(value)
	if err != nil {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("sendInitialEvents: Invalid value: %q: must be true or false", value))
	}
	if match != notOlderThan {
		return nil, apierrors.NewBadRequest("sendInitialEvents requires resourceVersionMatch=" + notOlderThan)
	}
	return &wanted, nil
}

// sendState sends what exists as ADDED and, for a WatchList, the bookmark that
// ends the initial events.
func (w *watcher) sendState(announceEnd bool) bool {
	items, rv := w.cluster.list(w.kind, w.sel)
	for _, raw := range items {
		if !w.send(watch.Added, raw) {
			return false
		}
	}
	w.rv = rv
	if announceEnd && !w.bookmark(object{initialEvents: "true"}) {
		return false
	}
	w.flusher.Flush()
	return true
}

func (w *watcher) follow(end <-chan time.Time) {
	ticker := time.NewTicker(bookmarkEvery)
	defer ticker.Stop()
	for {
		events, next, ok := w.cluster.since(w.kind.gr(), w.rv)
		if !ok {
			w.expired()
			return
		}
		for _, e := range events {
			if kind, raw := w.translate(e); kind != "" && !w.send(kind, raw) {
				return
			}
			w.rv = e.rv
		}
		if len(events) > 0 {
			w.flusher.Flush()
		}
		select {
		case <-next:
		case <-ticker.C:
			w.catchUp(next)
			if w.bookmarks && !w.bookmark(nil) {
				return
			}
			w.flusher.Flush()
		case <-end:
			return
		case <-w.Context().Done():
			return
		}
	}
}

// catchUp moves an idle watch to the newest resourceVersion of the cluster, so
// that the bookmark says something. It must not skip an event.
func (w *watcher) catchUp(next <-chan struct{}) {
	w.cluster.mu.RLock()
	defer w.cluster.mu.RUnlock()
	select {
	case <-next:
	default:
		w.rv = w.cluster.rv
	}
}

// translate turns an event of the table into one of the selection: an object
// that stops matching is deleted as far as this client is concerned.
func (w *watcher) translate(e event) (watch.EventType, []byte) {
	before := w.sel.matches(e.old)
	after := e.kind != watch.Deleted && w.sel.matches(e.new)
	switch {
	case before && after:
		return watch.Modified, e.new
	case after:
		return watch.Added, e.new
	case before && e.kind == watch.Deleted:
		return watch.Deleted, e.new
	case before:
		return watch.Deleted, withVersion(e.old, e.rv)
	}
	return "", nil
}

func withVersion(raw []byte, rv uint64) []byte {
	obj := decode(raw)
	metadata(obj)["resourceVersion"] = strconv.FormatUint(rv, 10)
	return encode(obj)
}

func (w *watcher) send(kind watch.EventType, raw []byte) bool {
	if w.form == tableForm {
		table, err := json.Marshal(w.table([][]byte{raw}, text(decode(raw), "metadata", "resourceVersion"), !w.columns))
		w.columns = true
		return err == nil && w.write(kind, table)
	}
	return w.write(kind, w.served(raw))
}

func (w *watcher) write(kind watch.EventType, obj []byte) bool {
	line := make([]byte, 0, len(obj)+40)
	line = append(line, `{"type":"`...)
	line = append(line, kind...)
	line = append(line, `","object":`...)
	line = append(line, obj...)
	line = append(line, "}\n"...)
	_, err := w.w.Write(line)
	return err == nil
}

func (w *watcher) bookmark(annotations object) bool {
	meta := object{"resourceVersion": strconv.FormatUint(w.rv, 10), "creationTimestamp": nil}
	if annotations != nil {
		meta["annotations"] = annotations
	}
	obj := object{"apiVersion": w.kind.gvk.GroupVersion().String(), "kind": w.kind.gvk.Kind, "metadata": meta}
	switch w.form {
	case metadataForm:
		obj = partial(obj)
	case tableForm:
		obj = object{"apiVersion": "meta.k8s.io/v1", "kind": "Table", "metadata": object{"resourceVersion": meta["resourceVersion"]},
			"columnDefinitions": []any{}, "rows": []any{object{"cells": []any{}, "object": partial(obj)}}}
	}
	return w.write(watch.Bookmark, encode(obj))
}

func (w *watcher) expired() {
	w.cluster.mu.RLock()
	newest := w.cluster.rv
	w.cluster.mu.RUnlock()
	status := statusOf(apierrors.NewResourceExpired(fmt.Sprintf(expiredMessage, strconv.FormatUint(w.rv, 10), newest)))
	if body, err := json.Marshal(status); err == nil {
		w.write(watch.Error, body)
		w.flusher.Flush()
	}
}
