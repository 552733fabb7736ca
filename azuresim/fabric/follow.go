package fabric

import (
	"slices"
	"strings"
)

// A resource can follow the operation of another: a fleet's update run waits for the cluster it upgrades. It is
// told when that operation ends, also when that happens after a restart.

// Follower handles the end of an operation that a resource of the registered type follows.
type Follower func(r *Resource, ended *Operation)

// RegisterFollower says what resources of a type do when an operation they follow has ended.
func (f *Fabric) RegisterFollower(typ string, fn Follower) {
	if f.followers == nil {
		f.followers = map[string]Follower{}
	}
	f.followers[strings.ToLower(typ)] = fn
}

// Follow subscribes a resource to the end of an operation in flight.
func (f *Fabric) Follow(o *Operation, r *Resource) {
	if !slices.Contains(o.Followers, r.ID) {
		o.Followers = append(o.Followers, r.ID)
		f.saveOperation(o)
	}
}

func (f *Fabric) tellFollowers(o *Operation) {
	for _, id := range o.Followers {
		if r := f.Get(id); r != nil {
			if fn := f.followers[strings.ToLower(r.Type)]; fn != nil {
				fn(r, o)
			}
		}
	}
}
