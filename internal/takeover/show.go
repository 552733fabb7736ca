package takeover

import (
	"fmt"
	"strings"
)

// String is the progress for people. What lies behind a stage that is kept is shown as far as it is known.
func (p Progress) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Cluster %s\n", p.ObjectKey)
	for _, s := range p.Stages {
		mark := "todo"
		switch {
		case s.Done:
			mark = "done"
		case s.Kept != "":
			mark = "kept"
		}
		fmt.Fprintf(&b, "  %s  %s\n", mark, s.Name)
		if s.Kept != "" {
			fmt.Fprintf(&b, "          %s\n", strings.ReplaceAll(s.Kept, "\n", "\n          "))
		}
		for _, line := range s.Todo {
			fmt.Fprintf(&b, "          %s\n", line)
		}
	}
	return b.String()
}
