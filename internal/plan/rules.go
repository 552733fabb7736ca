package plan

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/capaks/capaks/internal/fieldset"
)

// Compare says how two values of a field are normalised before they are compared: a comma-separated list of
//
//	fold      letters without case (enums)
//	id        ARM ids without case and trailing slash
//	location  without case and spaces ("West Europe" = westeurope)
//	version   without a leading v; a wanted minor "1.33" matches every 1.33.x
//	cidr      a bare address is its own network ("1.2.3.4" = "1.2.3.4/32")
//	set       a list without order and repetition; the other words then apply to its items: "set,id"
type Compare string

var compareWords = []string{"fold", "id", "location", "version", "cidr", "set"}

func (c Compare) words() []string {
	if c == "" {
		return nil
	}
	return strings.Split(string(c), ",")
}

func (c Compare) has(word string) bool { return slices.Contains(c.words(), word) }

// Mutabilities that matter to a plan; any other text is a matter of admission and means "can be changed" here.
const (
	Immutable = "immutable" // Azure refuses any change after creation
	Up        = "up"        // a floor: an observed version above the wanted one is not a difference, never lowered
)

// Release is what is sent when a field that was ours is no longer wanted. The zero value is Omit.
type Release struct {
	mode  releaseMode
	value any
}

type releaseMode int

const (
	omit releaseMode = iota
	null
	reset
)

var (
	// Omit leaves the property out of the body. AKS keeps the stored value then, so nothing would change: an Omit
	// release never causes a request of its own. A key of a map ("tags{}") is the exception: AKS replaces such maps as
	// a whole, the key left out is deleted, and that is a request.
	Omit = Release{}
	// Null sends an explicit null.
	Null = Release{mode: null}
)

// Value sends the given value, usually the service's default.
func Value(v any) Release { return Release{mode: reset, value: v} }

// Rule is what a plan has to know about one field.
type Rule struct {
	Compare    Compare
	Mutability string
	Release    Release
	// WriteOnly: Azure never returns it (passwords). It goes with every body, but once it is ours, its absence from
	// what Azure returns is not a difference. Its values never show in a plan.
	WriteOnly bool
	// NotReturned is WriteOnly for what is no secret: its values show in a plan.
	NotReturned bool
	// KeepsKeys, on a map's rule ("addonProfiles{}"): Azure keeps a key that is left out of the body, so that a key that is
	// no longer wanted stays, with all that is in it.
	KeepsKeys bool
	// FoldKey, on a map's rule ("tags{}"): keys differ not by case. True for tags and for the ids that are the keys of
	// identity.userAssignedIdentities, which Azure returns with a spelling of its own.
	FoldKey bool
	// Impact is a remark for people that goes into the change: "restarts every node".
	Impact string
}

// Rules are the field rules of one kind of resource. The zero value compares exactly and strips only the envelope.
type Rules struct {
	// Fields by dotted ARM path. "tags{}" is for each key of the map tags, and marks tags as a map that Azure
	// replaces as a whole; "x{}.y" is for y below each of its keys.
	Fields map[string]Rule

	// ReadOnly says which properties are dropped from what was read before it is sent back. In lists the path of an
	// item's property is asked as "pools[].state", below a map with a "{}" rule as "map{}.state".
	ReadOnly func(fieldset.Path) bool
	// Strip, if set, does the work of ReadOnly instead. It must not change its argument.
	Strip func(fieldset.Object) fieldset.Object

	// Unseen says which properties the api-version does not know: they may be in Azure and are never returned.
	Unseen func(fieldset.Path) bool

	// NoEcho are paths AKS refuses to see sent back as read. "pools[].x" leads into the items of a list.
	NoEcho []fieldset.Path
	// CreateOnly are sent when the resource is created and never looked at again: the pools of a cluster, which change
	// through their own resource afterwards. They are never owned, and carried along as read.
	CreateOnly []fieldset.Path
}

// Check finds rules that could not work: a misspelt comparison would make a field differ for ever.
func (r Rules) Check() error {
	for path, rule := range r.Fields {
		for _, word := range rule.Compare.words() {
			if !slices.Contains(compareWords, word) {
				return fmt.Errorf("rule of %s: comparison %q is unknown; known are %s",
					path, word, strings.Join(compareWords, ", "))
			}
		}
		if (rule.FoldKey || rule.KeepsKeys) && !strings.HasSuffix(path, "{}") {
			return fmt.Errorf("rule of %s: FoldKey and KeepsKeys are for the keys of a map; write the path as %s{}", path, path)
		}
		if canonical := fieldset.ParsePath(path).String(); canonical != path {
			return fmt.Errorf("rule of %s: write the path as %s", path, canonical)
		}
	}
	return nil
}

// find is the rule of a path; entry says that the path is a key of a map that is replaced as a whole.
func (r Rules) find(p fieldset.Path) (rule Rule, entry bool) {
	if rule, ok := r.Fields[p.String()]; ok {
		return rule, false
	}
	for i := len(p) - 1; i > 0; i-- {
		if rule, ok := r.Fields[r.generic(p, i).String()]; ok {
			return rule, i == len(p)-1
		}
	}
	// A map inside the values of a map: "addonProfiles{}.config{}".
	for i := len(p) - 1; i > 2; i-- {
		inner := r.generic(p, i)
		for j := i - 2; j > 0; j-- {
			if rule, ok := r.Fields[r.generic(inner, j).String()]; ok {
				return rule, i == len(p)-1
			}
		}
	}
	return Rule{}, false
}

// entryAround is the outermost key of a map that p is, or lies below, with the rule of the map.
func (r Rules) entryAround(p fieldset.Path) (at fieldset.Path, rule Rule, ok bool) {
	for i := 1; i < len(p); i++ {
		if rule, ok := r.isMap(p[:i]); ok {
			return p[:i+1], rule, true
		}
	}
	return nil, Rule{}, false
}

// generic is p with the key at i replaced by "each key": tags, env -> tags{}.
func (r Rules) generic(p fieldset.Path, i int) fieldset.Path {
	g := append(fieldset.Path{}, p[:i-1]...)
	g = append(g, p[i-1]+"{}")
	return append(g, p[i+1:]...)
}

// isMap says whether p is a map with a rule for each of its keys.
func (r Rules) isMap(p fieldset.Path) (Rule, bool) {
	if len(p) == 0 {
		return Rule{}, false
	}
	rule, ok := r.Fields[p.String()+"{}"]
	return rule, ok
}

// spell is p with the keys of FoldKey maps in the spelling that o uses.
func (r Rules) spell(p fieldset.Path, o fieldset.Object) fieldset.Path {
	for i := 1; i < len(p); i++ {
		rule, ok := r.isMap(p[:i])
		if !ok || !rule.FoldKey {
			continue
		}
		v, _ := fieldset.Get(o, p[:i])
		m, _ := v.(fieldset.Object)
		if _, same := m[p[i]]; same {
			continue
		}
		for _, key := range sortedKeys(m) {
			if strings.EqualFold(key, p[i]) {
				p = append(fieldset.Path{}, p...)
				p[i] = key
				break
			}
		}
	}
	return p
}

// lasting are the leaves that stay ours after creation.
func (r Rules) lasting(body fieldset.Object) *fieldset.Set {
	owned := fieldset.NewSet()
	fieldset.Leaves(body).Each(func(p fieldset.Path) {
		if r.createOnly(p) {
			return
		}
		value, _ := fieldset.Get(body, p)
		if value == nil {
			p = p.Child(nulled)
		}
		owned.Insert(p)
		if rule, _ := r.find(p); !rule.WriteOnly {
			owned.Note(p, mark(value))
		}
	})
	return owned
}

// mark is a short digest of a value, kept with its path: what was asked for last and is asked for again was changed by
// somebody else. Of 4,096 changes one looks like a drift. Secrets get none.
func mark(value any) string {
	raw, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:2])[:2]
}

// nulled, below a path of an owned set, says that an explicit null was sent: Azure then fills in a value of its own, which
// is no difference.
const nulled = "(null)"

func (r Rules) createOnly(p fieldset.Path) bool {
	return slices.ContainsFunc(r.CreateOnly, p.HasPrefix)
}
