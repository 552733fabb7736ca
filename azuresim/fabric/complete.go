package fabric

import (
	"fmt"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// Complete brings an operation to its end now, whatever time it had left: the steps that are still to come happen,
// then its end, with fail as its error when that is given. An operation that waits for others (the deletion of a
// resource group waits for what is inside) completes those first. Whoever replays what Azure once did needs this,
// because only the recording knows when an operation ended.
func (f *Fabric) Complete(o *Operation, fail *arm.OperationError) error {
	if f.ops[o.ID] != o || !o.Running() {
		return fmt.Errorf("operation %s is not running", o.ID)
	}
	if fail != nil {
		o.Fail = fail
	}
	for {
		for i := range o.Steps {
			f.reach(o, i)
		}
		if !o.Running() || f.conclude(o) {
			return nil
		}
		inner := f.runningBelow(o)
		if len(inner) == 0 {
			return fmt.Errorf("operation %s waits for something that is not an operation below %s", o.ID, o.Resource)
		}
		for _, child := range inner {
			if !child.Running() { // another child's end ended it
				continue
			}
			if err := f.Complete(child, nil); err != nil {
				return err
			}
		}
	}
}

// runningBelow lists the other operations in flight on a resource and on everything inside it, innermost first.
func (f *Fabric) runningBelow(o *Operation) []*Operation {
	var out []*Operation
	below := strings.ToLower(o.Resource) + "/"
	for _, other := range f.Running() {
		if other != o && strings.HasPrefix(strings.ToLower(other.Resource)+"/", below) {
			out = append([]*Operation{other}, out...)
		}
	}
	return out
}
