package controller

import (
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/plan"
)

// preflightVerdict is what the checks before a creation found; ok is false where nothing new is known about them.
func (o outcome) preflightVerdict(cp *v1beta1.AzureManagedControlPlane) (v verdict, ok bool) {
	r := o.report
	if o.deleting || !o.ran || !r.Observed || r.Error != nil {
		return verdict{}, false
	}
	if strings.EqualFold(cp.Annotations[v1beta1.PreflightAnnotation], v1beta1.PreflightSkip) {
		return well("Skipped", "the annotation "+v1beta1.PreflightAnnotation+" is skip: nothing is checked"), true
	}
	var reason string
	var failed, doubts []string
	for _, check := range r.Checks {
		switch check.Verdict {
		case aks.CheckFailed:
			reason = orElse(reason, check.Reason)
			failed = append(failed, check.Message)
		case aks.CheckWarned:
			doubts = append(doubts, check.Message)
		}
	}
	text := strings.Join(failed, "; ")
	if len(doubts) > 0 {
		text = strings.TrimPrefix(text+"; doubts: "+strings.Join(doubts, "; "), "; ")
	}
	switch {
	case len(failed) > 0:
		return bad(reason, text), true
	case len(doubts) > 0:
		return well("PassedWithDoubts", text), true
	case r.Checked || r.Facts.Exists:
		return well("Passed", ""), true // a cluster that exists has passed, whoever made it
	}
	return unknown("NotChecked", "nothing is checked before there is something to create"), true
}

// preflightHeld tells whether the checks keep back everything, so that neither group nor network are made.
func (o outcome) preflightHeld() bool {
	hold := o.report.Hold
	return hold != nil && hold.Verb == plan.Blocked && hold.Kind == aks.KindManagedCluster && !o.report.Facts.Exists
}
