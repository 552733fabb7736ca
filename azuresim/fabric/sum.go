package fabric

import "strings"

// Providers keep totals over all resources of a type (machines of a size in a region) without going through them on
// every request. What a resource contributes is counted again only after it changed.

type sum struct {
	part  func(*Resource) map[string]int64
	parts map[*Resource]map[string]int64
	total map[string]int64
	stale map[*Resource]bool
}

// RegisterSum says what resources of a type contribute to the totals of that type.
func (f *Fabric) RegisterSum(typ string, part func(*Resource) map[string]int64) {
	s := &sum{part: part}
	s.clear()
	f.sums[strings.ToLower(typ)] = s
}

// Sums are the totals over all resources of a type; the caller must not change them.
func (f *Fabric) Sums(typ string) map[string]int64 {
	s := f.sums[strings.ToLower(typ)]
	if s == nil {
		return nil
	}
	for r := range s.stale {
		s.subtract(r)
		s.parts[r] = s.part(r)
		for k, n := range s.parts[r] {
			s.total[k] += n
		}
		if r.touched != f.turn { // what changed in this transaction may go on changing
			delete(s.stale, r)
		}
	}
	return s.total
}

func (s *sum) subtract(r *Resource) {
	for k, n := range s.parts[r] {
		if s.total[k] -= n; s.total[k] == 0 {
			delete(s.total, k)
		}
	}
	delete(s.parts, r)
}

func (s *sum) clear() {
	s.parts, s.total, s.stale = map[*Resource]map[string]int64{}, map[string]int64{}, map[*Resource]bool{}
}

// recount notes that a resource came or changed, forget that it went.
func (f *Fabric) recount(r *Resource) {
	if s := f.sums[strings.ToLower(r.Type)]; s != nil {
		s.stale[r] = true
	}
}

func (f *Fabric) forget(r *Resource) {
	if s := f.sums[strings.ToLower(r.Type)]; s != nil {
		s.subtract(r)
		delete(s.stale, r)
	}
}
