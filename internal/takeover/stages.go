package takeover

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
)

// The stages of a takeover, in their order. Until Released the earlier provider can be started again and goes on as before, once the
// Cluster is resumed.
const (
	Stopped   = "stopped"   // the earlier provider does not run
	Planned   = "planned"   // nothing would be sent to Azure
	Paused    = "paused"    // the Cluster is paused
	Skipped   = "skipped"   // Azure Service Operator leaves Azure alone, whatever becomes of its objects
	Released  = "released"  // its objects are gone
	Installed = "installed" // this provider runs, and holds still
	Cleaned   = "cleaned"   // what only the earlier provider needed is gone
	Resumed   = "resumed"   // the Cluster is not paused, and nothing would be sent
	Observed  = "observed"  // this provider has taken ownership of what is in Azure
)

// Stages lists them.
func Stages() []string {
	return []string{Stopped, Planned, Paused, Skipped, Released, Installed, Cleaned, Resumed, Observed}
}

// finding is what a stage sees: it is done, or something is to be done, or something keeps it.
type finding struct {
	done bool
	// kept is what keeps the stage from being done, with the way out.
	kept string
	// todo says what the stage does.
	todo []string
	// waits: it comes by itself, so that it is worth to look again.
	waits bool
}

func done() finding { return finding{done: true} }

func todo(format string, args ...any) finding {
	return finding{todo: []string{fmt.Sprintf(format, args...)}}
}

func kept(text string) finding {
	if text == "" {
		return done()
	}
	return finding{kept: text}
}

// stage is one step. Looking writes nothing; act makes it done, as far as it does not follow by itself.
type stage struct {
	name string
	look func(context.Context, *Takeover, *state) (finding, error)
	act  func(context.Context, *Takeover, *state) error
	// early: it is looked at, and nothing more, once the takeover of the cluster is past it.
	early bool
}

var stages = []stage{
	{name: Stopped, look: lookStopped},
	{name: Planned, look: lookPlanned, early: true},
	{name: Paused, look: lookPaused, act: pause, early: true},
	{name: Skipped, look: lookSkipped, act: skip},
	{name: Released, look: lookReleased, act: release},
	{name: Installed, look: lookInstalled},
	{name: Cleaned, look: lookCleaned, act: clean},
	{name: Resumed, look: lookResumed, act: resume},
	{name: Observed, look: lookObserved},
}

func lookStopped(ctx context.Context, t *Takeover, _ *state) (finding, error) {
	running, err := t.earlierRuns(ctx)
	return kept(running), err
}

// lookPlanned asks before anything is touched whether this provider would send something. It is asked again before the Cluster is
// resumed; what was sent once is not asked about here.
func lookPlanned(ctx context.Context, t *Takeover, s *state) (finding, error) {
	text, err := t.wouldSend(ctx, s)
	return kept(text), err
}

func lookPaused(_ context.Context, _ *Takeover, s *state) (finding, error) {
	if isPaused(s) {
		return done(), nil
	}
	return todo("Cluster %s gets spec.paused: true", s.cluster.Name), nil
}

func isPaused(s *state) bool { return s.cluster.Spec.Paused != nil && *s.cluster.Spec.Paused }

func lookSkipped(_ context.Context, _ *Takeover, s *state) (finding, error) {
	f := finding{done: true}
	for _, o := range s.operated {
		if !o.skipped() {
			f.done = false
			f.todo = append(f.todo, fmt.Sprintf("%s gets %s: %s (now %s)", o, policyAnnotation, policySkip, orDefault(o.Annotations[policyAnnotation])))
		}
	}
	return f, nil
}

func orDefault(policy string) string {
	if policy == "" {
		return policyManage + ", the default"
	}
	return policy
}

func lookReleased(_ context.Context, _ *Takeover, s *state) (finding, error) {
	if len(s.children) > 0 {
		return finding{kept: "the earlier provider did not make " + strings.Join(s.children, ", ") + ", which would be deleted with its owner, in Azure, too: " +
			"name its owner by spec.owner.armId and take the owner reference away"}, nil
	}
	f := finding{done: len(s.operated) == 0, waits: true}
	for _, o := range s.operated {
		f.todo = append(f.todo, fmt.Sprintf("%s is deleted without its finalizers; Azure keeps what it stands for", o))
	}
	return f, nil
}

// lookInstalled goes by what this provider itself says on the control plane of a paused Cluster, so that a manager that does not
// start, or watches another namespace, is noticed before the Cluster is resumed.
func lookInstalled(ctx context.Context, t *Takeover, s *state) (finding, error) {
	missing, err := t.notInstalled(ctx)
	if err != nil {
		return finding{}, err
	}
	if missing != "" {
		unprepared, err := t.unprepared(ctx)
		if err != nil {
			return finding{}, err
		}
		return finding{kept: missing + "; " + installText(unprepared)}, nil
	}
	if isPaused(s) && !acknowledged(s.controlPlane) {
		return finding{waits: true, kept: fmt.Sprintf("this provider's manager has not said yet that AzureManagedControlPlane %s is paused (condition Paused): see to it that it runs and watches namespace %s",
			s.controlPlane.Name, s.controlPlane.Namespace)}, nil
	}
	return done(), nil
}

func installText(unprepared []string) string {
	if len(unprepared) > 0 {
		return "do not install this provider yet, it would begin to reconcile clusters that are not prepared: " + strings.Join(unprepared, ", ") +
			"; run the takeover for them, too (-A takes all)"
	}
	return "install this provider in place of the earlier one (its CustomResourceDefinitions stay):\n" +
		"  clusterctl delete --infrastructure azure\n  clusterctl init --infrastructure azure --config clusterctl.yaml\nand run this again"
}

func acknowledged(cp *v1beta1.AzureManagedControlPlane) bool {
	c := meta.FindStatusCondition(cp.Status.Conditions, v1beta1.PausedCondition)
	return c != nil && c.Status == metav1.ConditionTrue
}

func lookResumed(ctx context.Context, t *Takeover, s *state) (finding, error) {
	if s.cluster.Annotations[pausedAnnotation] == "" {
		return done(), nil // it was paused before, or is resumed
	}
	text, err := t.wouldSend(ctx, s)
	if err != nil || text != "" {
		return kept(text), err
	}
	return todo("Cluster %s loses spec.paused: nothing would be sent to Azure", s.cluster.Name), nil
}

func lookObserved(_ context.Context, _ *Takeover, s *state) (finding, error) {
	if s.cluster.Annotations[pausedAnnotation] != "" {
		return finding{kept: fmt.Sprintf("Cluster %s is paused by this takeover", s.cluster.Name)}, nil
	}
	if isPaused(s) {
		return finding{kept: fmt.Sprintf("Cluster %s was paused before the takeover and stays so: set spec.paused to false when it may go on", s.cluster.Name)}, nil
	}
	conditions := s.controlPlane.Status.Conditions
	for _, kind := range []string{v1beta1.SyncedCondition, v1beta1.AvailableCondition} {
		c := meta.FindStatusCondition(conditions, kind)
		switch {
		case c == nil:
			return finding{waits: true, kept: "this provider has not looked at the cluster yet"}, nil
		case c.Status != metav1.ConditionTrue:
			return finding{waits: true, kept: fmt.Sprintf("condition %s of AzureManagedControlPlane %s is %s (%s): %s", kind, s.controlPlane.Name, c.Status, c.Reason, c.Message)}, nil
		}
	}
	if s.controlPlane.Annotations[ownedAnnotation] == "" {
		return finding{waits: true, kept: "this provider owns nothing of the cluster yet"}, nil
	}
	return done(), nil
}

// ownedAnnotation is where this provider keeps what it owns.
const ownedAnnotation = "infrastructure.cluster.x-k8s.io/owned-fields"

// wouldSend is what this provider would send to Azure for a cluster, with the way out; nothing when it would send nothing.
func (t *Takeover) wouldSend(ctx context.Context, s *state) (string, error) {
	c, err := t.Preview.Plan(ctx, client.ObjectKeyFromObject(s.controlPlane))
	switch {
	case err != nil:
		return "", err
	case c.Problem != "":
		return fmt.Sprintf("what would be sent to Azure is not known (%s): %s", c.Reason, c.Problem), nil
	case !c.Changes():
		return "", nil
	}
	var b strings.Builder
	b.WriteString("this provider would not leave Azure as it is. For each field below, either give the manifest the value that Azure has, " +
		"or make the change with the earlier provider first; then run this again:\n")
	for _, line := range strings.Split(strings.TrimSpace(c.Text()), "\n") {
		b.WriteString("  " + line + "\n")
	}
	return strings.TrimSpace(b.String()), nil
}
