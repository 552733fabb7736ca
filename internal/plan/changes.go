package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/fieldset"
)

// comparison goes through the table of ownership: it collects the changes, and what has to be put into or taken
// out of the observed document to make the body.
type comparison struct {
	rules       Rules
	observed    fieldset.Object
	wish        fieldset.Object // desired, with map keys spelled as observed and without what is for creation only
	specChanged bool
	failed      bool
	yield       *fieldset.Set
	owned       *fieldset.Set // keys spelled as observed

	changes   []Change
	immutable []Change
	write     bool
	set       []assignment    // to put
	drop      []fieldset.Path // to leave out
	empties   []fieldset.Path // maps replaced as a whole, to be sent even if they end up empty
}

type assignment struct {
	path  fieldset.Path
	value any
}

func compare(d Desired, o Observed, owned *fieldset.Set, r Rules) *comparison {
	c := &comparison{rules: r, observed: o.Body, wish: fieldset.Object{}, specChanged: d.SpecChanged, failed: failed(o.State), yield: d.Yield}
	fieldset.Leaves(d.Body).Each(func(p fieldset.Path) {
		if r.createOnly(p) {
			return
		}
		value, _ := fieldset.Get(d.Body, p)
		fieldset.Put(c.wish, r.spell(p, o.Body), value)
	})
	ours := fieldset.NewSet()
	owned.Each(func(p fieldset.Path) {
		spelled := r.spell(p, o.Body)
		ours.Insert(spelled)
		ours.Note(spelled, owned.Noted(p))
	})
	c.owned = ours
	wanted := fieldset.Leaves(c.wish)
	wanted.Each(func(p fieldset.Path) { c.want(p, ours.Has(p), ours.Has(p.Child(nulled))) })
	gone := fieldset.NewSet()
	ours.Difference(wanted).Each(func(p fieldset.Path) {
		if !r.createOnly(p) && !c.replaced(p) {
			gone.Insert(c.wholeEntry(p))
		}
	})
	gone.Each(c.release)
	slices.SortStableFunc(c.changes, byPath)
	return c
}

func byPath(a, b Change) int { return strings.Compare(a.Path, b.Path) }

// want handles the rows "in desired: yes".
func (c *comparison) want(p fieldset.Path, owned, asked bool) {
	rule, entry := c.rules.find(p)
	to, _ := fieldset.Get(c.wish, p)
	from, there := fieldset.Get(c.observed, p)
	if to == nil && (asked || from == nil) || c.satisfied(rule, entry, owned, to, from, there) {
		return // a null was asked for once: what Azure fills in then is its own
	}
	if c.yield.Has(p) {
		c.changes = append(c.changes, change(p, from, to, WhyContested, rule))
		return
	}
	c.write = true
	c.set = append(c.set, assignment{p, to})
	why := WhyTakeover
	if owned {
		why = c.origin(p, to)
	}
	ch := change(p, from, to, why, rule)
	c.changes = append(c.changes, ch)
	if rule.Mutability == Immutable {
		c.immutable = append(c.immutable, ch)
	}
}

// origin tells a change of the wish from one in Azure: by what was asked for last, field by field. Where that is not
// known, or was asked for in a request that failed, a spec that is newer than the last converged state is to blame.
func (c *comparison) origin(p fieldset.Path, to any) Why {
	asked := c.owned.Noted(p)
	if asked != "" && asked != mark(to) || c.specChanged && (asked == "" || c.failed) {
		return WhyChange
	}
	return WhyDrift
}

func (c *comparison) satisfied(rule Rule, entry, owned bool, to, from any, there bool) bool {
	switch {
	case entry && empty(to):
		return there // the key is the message: an identity is assigned by {"<id>": {}}
	case (rule.WriteOnly || rule.NotReturned) && !there:
		return owned || rule.Mutability == Immutable
	case !there && !entry && zero(to) && (owned || rule.Mutability == Immutable):
		// Sent once already, or at creation: Azure leaves some zero values out of its answers, and would for ever.
		return true
	default:
		return rule.equal(to, from)
	}
}

// release handles the row "in desired: no, owned before: yes".
func (c *comparison) release(p fieldset.Path) {
	if p[len(p)-1] == nulled {
		return
	}
	rule, entry := c.rules.find(p)
	from, there := fieldset.Get(c.observed, p)
	_, isMap := from.(fieldset.Object)
	switch {
	case !there && c.rules.Unseen != nil && c.rules.Unseen(p):
		rule.Impact = ImpactUnseen
		c.changes = append(c.changes, change(p, nil, nil, WhyReleased, rule))
		return
	case !there, from == nil, !entry && empty(from):
		return // already gone
	case !entry && isMap:
		return // what fills the map we once sent empty is not ours
	}
	var to any
	switch rule.Release.mode {
	case null:
		c.set = append(c.set, assignment{p, nil})
		c.write = true
	case reset:
		to = rule.Release.value
		if rule.equal(to, from) {
			return // it has that value already
		}
		c.set = append(c.set, assignment{p, to})
		c.write = true
	default:
		c.drop = append(c.drop, p)
		if c.sentWithout(p, entry) {
			c.empties = append(c.empties, p.Parent())
			c.write = true
		} else {
			rule.Impact = ImpactKept
		}
	}
	c.changes = append(c.changes, change(p, from, to, WhyReleased, rule))
}

// wholeEntry is the key of a map that p lies below, if nothing of that key is wanted any more: what was declared as one
// thing is given back as one thing, with what Azure filled in. Otherwise it is p.
func (c *comparison) wholeEntry(p fieldset.Path) fieldset.Path {
	at, rule, ok := c.rules.entryAround(p)
	if !ok || rule.KeepsKeys || p[len(p)-1] == nulled {
		return p
	}
	if _, wanted := fieldset.Get(c.wish, at); wanted {
		return p
	}
	return at
}

// sentWithout tells whether leaving p out of the body takes it away in Azure: a key of a map that Azure replaces as a
// whole, and what is below such a key.
func (c *comparison) sentWithout(p fieldset.Path, entry bool) bool {
	at, rule, ok := c.rules.entryAround(p)
	if !ok {
		return false
	}
	if rule.KeepsKeys {
		_, wanted := fieldset.Get(c.wish, at)
		return entry && wanted && len(at) < len(p)
	}
	return true
}

// replaced: a wanted value above or below p has taken its place, so there is nothing to release. A wanted empty map
// above takes no place: {} asks for no key in particular.
func (c *comparison) replaced(p fieldset.Path) bool {
	if _, below := fieldset.Get(c.wish, p); below {
		return true
	}
	for i := 1; i < len(p); i++ {
		v, there := fieldset.Get(c.wish, p[:i])
		if _, isMap := v.(fieldset.Object); there && !isMap {
			return true
		}
	}
	return false
}

func change(p fieldset.Path, from, to any, why Why, rule Rule) Change {
	if rule.WriteOnly {
		from, to = hideAny(from), hideAny(to)
	}
	key := ""
	if len(p) > 0 {
		key = p[len(p)-1]
	}
	return Change{Path: p.String(), From: hide(key, from), To: hide(key, to), Why: why, Impact: rule.Impact}
}

func immutableMessage(subject string, changes []Change) string {
	var fields []string
	for _, c := range changes {
		fields = append(fields, fmt.Sprintf("%s is %s in Azure, wanted %s", c.Path, show(c.From), show(c.To)))
	}
	slices.Sort(fields)
	way := "set it back to the value in Azure, or delete the object and create it anew with another name"
	if len(fields) > 1 {
		way = "set them back to the values in Azure, or delete the object and create it anew with another name"
	}
	return subject + " cannot change after creation: " + strings.Join(fields, "; ") + "; " + way
}
