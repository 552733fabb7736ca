package page

import "slices"

// keptEnded is how many ended operations the page still shows.
const keptEnded = 50

// reader is one open page: what has changed since it was last told. A slow reader misses intermediate states, never
// the last one, and costs no more memory than there are resources.
type reader struct {
	resources queue
	ops       queue
}

// queue is a set that remembers the order in which its members came.
type queue struct {
	order []string
	known map[string]bool
}

func (q *queue) add(key string) {
	if q.known[key] {
		return
	}
	if q.known == nil {
		q.known = map[string]bool{}
	}
	q.known[key] = true
	q.order = append(q.order, key)
}

// take removes the first n.
func (q *queue) take(n int) []string {
	n = min(n, len(q.order))
	out := slices.Clone(q.order[:n])
	q.order = q.order[n:]
	for _, key := range out {
		delete(q.known, key)
	}
	return out
}

// note is called under the fabric's lock for everything that changes.
func (p *Page) note(resource, operation string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if operation != "" {
		if op := p.Fabric.Operation(operation); op != nil && !op.Running() {
			p.ended = append(p.ended, operation)
			if len(p.ended) > 2*keptEnded {
				p.ended = append([]string(nil), p.ended[keptEnded:]...)
			}
		}
	}
	for r := range p.readers {
		if operation != "" {
			r.ops.add(operation)
		} else {
			r.resources.add(resource)
		}
	}
}

// join starts a reader that has everything still to be told. The fabric's lock makes sure that nothing changes
// between the list of what there is and the first change noted.
func (p *Page) join() *reader {
	r := &reader{}
	_ = p.Fabric.Do(func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, o := range p.Fabric.Running() {
			r.ops.add(o.ID)
		}
		for _, id := range p.ended[max(0, len(p.ended)-keptEnded):] {
			r.ops.add(id)
		}
		for _, res := range p.Fabric.List("", "") {
			r.resources.add(key(res))
		}
		p.readers[r] = true
		return nil
	})
	return r
}

func (p *Page) leave(r *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.readers, r)
}

// next takes what the reader is to be told now; more reports that this was not all.
func (p *Page) next(r *reader) (resources, ops []string, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	resources, ops = r.resources.take(batch), r.ops.take(batch)
	return resources, ops, len(r.resources.order)+len(r.ops.order) > 0
}
