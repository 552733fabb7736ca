package contract

import (
	"slices"
	"strings"
	"testing"
)

// always looks at every revision of every object of ours that any story made.
func always(t *testing.T, w *world) {
	w.mu.Lock()
	if w.ended != nil {
		t.Error(w.ended)
	}
	all := slices.DeleteFunc(slices.Clone(w.all), func(one revision) bool { return !strings.HasSuffix(one.kind, group) })
	w.mu.Unlock()
	if len(all) < 100 {
		t.Fatalf("only %d revisions were recorded", len(all))
	}
	absent := func(fields ...string) func(*testing.T) {
		return func(t *testing.T) {
			for _, one := range all {
				for _, field := range fields {
					if at(one.object, "status", field) != nil {
						t.Errorf("%s %s/%s has status.%s in revision %d", one.kind, one.namespace, one.name, field, one.number)
					}
				}
			}
		}
	}
	rule(t, "CP16", "there is no failureReason and no failureMessage", absent("failureReason", "failureMessage"))
	rule(t, "MP17", "a pool has neither, or Cluster API would panic", absent("failureReason", "failureMessage"))
	rule(t, "CP7", "every condition is complete", func(t *testing.T) {
		for _, one := range all {
			list, _ := at(one.object, "status", "conditions").([]any)
			for _, c := range list {
				ok := slices.Contains([]string{"True", "False", "Unknown"}, textAt(c, "status"))
				if !ok || textAt(c, "type") == "" || textAt(c, "reason") == "" || textAt(c, "lastTransitionTime") == "" || textAt(c, "severity") != "" {
					t.Errorf("%s %s/%s has %v in revision %d", one.kind, one.namespace, one.name, c, one.number)
				}
			}
		}
	})
	rule(t, "P", "every condition Paused has Cluster API's reasons", func(t *testing.T) {
		for _, one := range all {
			if state, _ := condition(one.object, "Paused"); state != "missing" && state != "True" && state != "False NotPaused" {
				t.Errorf("%s %s/%s: Paused is %s", one.kind, one.namespace, one.name, state)
			}
		}
	})
}
