package replay

import (
	"context"
	"slices"
	"strings"
)

// establish makes what was there before the recording began: some recordings go on in a resource group that an earlier
// attempt left behind. The recording shows it by reading or updating what it has not created. What such a thing was
// like is not recorded; the first request that updates it comes closest.
func (r *run) establish(ctx context.Context) error {
	for _, e := range firstRequests(r.rec) {
		if _, err := r.client.send(ctx, e.Method, r.values.translate(e.URL), r.values.translate(e.body())); err != nil {
			return err
		}
		for _, op := range r.server.Operations() {
			if err := r.server.Complete(op.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstRequests are the first PUTs to all that existed before. A group the recording creates was empty before.
func firstRequests(rec *Recording) []*Exchange {
	existed := map[string]bool{}
	met := map[string]bool{}
	var out []*Exchange
	made := map[string]bool{}
	for i := range rec.Exchanges {
		e := &rec.Exchanges[i]
		p := path(e.URL)
		if strings.Contains(p, "operation") || !strings.Contains(p, "/resourcegroups/") {
			continue
		}
		if group := groupOf(p); !met[p] && (p == group || existed[group]) {
			existed[p] = e.Status == 200 && slices.Contains([]string{"GET", "PUT"}, e.Method)
		}
		met[p] = true
		if e.Method == "PUT" && existed[p] && !made[p] {
			made[p] = true
			out = append(out, e)
		}
	}
	return out
}
