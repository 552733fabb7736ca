package plan

import (
	"slices"

	"github.com/capaks/capaks/internal/fieldset"
)

// Diff compares two documents for a report, with the rules' normalisation: what differs, what only `to` has (From is
// nil) and what only `from` has (To is nil), sorted by path.
func Diff(from, to fieldset.Object, r Rules) []Change {
	var changes []Change
	fieldset.Leaves(from).Union(fieldset.Leaves(to)).Each(func(p fieldset.Path) {
		rule, entry := r.find(p)
		inFrom, inTo := r.spell(p, from), r.spell(p, to)
		a, thereFrom := fieldset.Get(from, inFrom)
		b, thereTo := fieldset.Get(to, inTo)
		if thereFrom && inFrom.String() != p.String() {
			return // one key in two spellings: told once, at the spelling of `from`
		}
		if entry && thereFrom != thereTo || !rule.alike(a, b) {
			changes = append(changes, change(p, a, b, WhyChange, rule))
		}
	})
	slices.SortStableFunc(changes, byPath)
	return changes
}

// alike is equal without a direction: of two texts either may satisfy the other, lists must do so both ways. Of two
// maps nothing is said here, their keys are leaves of their own.
func (r Rule) alike(a, b any) bool {
	_, mapA := a.(fieldset.Object)
	_, mapB := b.(fieldset.Object)
	_, listA := a.([]any)
	switch {
	case mapA && mapB, empty(a) && mapB, mapA && empty(b):
		return true
	case listA:
		return r.equal(a, b) && r.equal(b, a)
	default:
		return r.equal(a, b) || r.equal(b, a)
	}
}
