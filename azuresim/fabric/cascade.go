package fabric

import (
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// Deleter starts the deletion of one resource as part of its resource group's deletion. It returns nil when there
// is nothing to wait for: the resource then simply disappears with the group.
type Deleter func(rq *arm.Request, r *Resource) *Operation

// RegisterDelete says how resources of a type are deleted when their group goes.
func (f *Fabric) RegisterDelete(typ string, d Deleter) {
	if f.deleters == nil {
		f.deleters = map[string]Deleter{}
	}
	f.deleters[strings.ToLower(typ)] = d
}

// Cascade starts the deletion of everything in a group that takes time to delete.
func (f *Fabric) Cascade(rq *arm.Request, group *Resource) {
	for _, r := range f.Children(group.ID, "") {
		if d := f.deleters[strings.ToLower(r.Type)]; d != nil {
			d(rq, r)
		}
	}
}
