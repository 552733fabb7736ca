package takeover

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/internal/preview"
)

// Takeover takes clusters over in one management cluster.
type Takeover struct {
	Kube client.Client
	// Preview says what this provider would send to Azure.
	Preview *preview.Preview
	Now     func() time.Time
	// Backup is a directory for objects that are deleted; none when empty.
	Backup string
	// Patience is how long to wait for what others do.
	Patience time.Duration
	// Log is told what is done. It must not block.
	Log func(line string)
}

// Progress is how far the takeover of a cluster is.
type Progress struct {
	client.ObjectKey
	Stages []StageProgress
}

// StageProgress is one stage as it was found.
type StageProgress struct {
	Name string
	Done bool
	// Kept is what keeps it, with the way out; Todo is what it does.
	Kept string
	Todo []string
}

// KeptError is a takeover that cannot go on by itself.
type KeptError struct {
	Cluster, Stage, Why string
}

func (e *KeptError) Error() string {
	return fmt.Sprintf("cluster %s is kept before stage %q: %s", e.Cluster, e.Stage, e.Why)
}

// Look says how far a takeover is, and what is to be done. Nothing is written.
func (t *Takeover) Look(ctx context.Context, key client.ObjectKey) (Progress, error) {
	p := Progress{ObjectKey: key}
	s, err := t.survey(ctx, key)
	if err != nil {
		return p, err
	}
	beyond := t.beyond(ctx, s)
	for _, st := range stages {
		if st.early && beyond {
			p.Stages = append(p.Stages, StageProgress{Name: st.name, Done: true})
			continue
		}
		f, err := st.look(ctx, t, s)
		if err != nil {
			return p, err
		}
		p.Stages = append(p.Stages, StageProgress{Name: st.name, Done: f.done, Kept: f.kept, Todo: f.todo})
	}
	return p, nil
}

// beyond tells whether this provider reconciles the cluster already: the stages before it are history then.
func (t *Takeover) beyond(ctx context.Context, s *state) bool {
	missing, err := t.notInstalled(ctx)
	return err == nil && missing == "" && s.cluster.Annotations[pausedAnnotation] == "" && len(s.operated) == 0
}

// Run goes through the stages up to and including the last one. It ends with a KeptError where somebody has to do something first.
func (t *Takeover) Run(ctx context.Context, key client.ObjectKey, last string) error {
	for _, st := range stages {
		if err := t.pass(ctx, key, st); err != nil {
			return err
		}
		if st.name == last {
			return nil
		}
	}
	return nil
}

// pass makes one stage done.
func (t *Takeover) pass(ctx context.Context, key client.ObjectKey, st stage) error {
	s, err := t.survey(ctx, key)
	if err != nil {
		return err
	}
	if st.early && t.beyond(ctx, s) {
		return nil
	}
	f, err := st.look(ctx, t, s)
	if err != nil || f.done {
		return err
	}
	if f.kept == "" && st.act != nil {
		for _, line := range f.todo {
			t.Log(fmt.Sprintf("%s %s: %s", key, st.name, line))
		}
		if err := st.act(ctx, t, s); err != nil {
			return err
		}
	}
	return t.await(ctx, key, st)
}

// await looks until the stage is done. What nobody works on is not waited for.
func (t *Takeover) await(ctx context.Context, key client.ObjectKey, st stage) error {
	ends := t.Now().Add(t.Patience)
	why := ""
	err := wait.PollUntilContextCancel(ctx, time.Second, true, func(ctx context.Context) (bool, error) {
		s, err := t.survey(ctx, key)
		if err != nil {
			return false, err
		}
		f, err := st.look(ctx, t, s)
		if err != nil || f.done {
			return true, err
		}
		if why = f.kept; why == "" {
			why = "still to be done: " + strings.Join(f.todo, "; ")
		}
		if t.Now().After(ends) || !f.waits {
			return true, &KeptError{Cluster: key.String(), Stage: st.name, Why: why}
		}
		return false, nil
	})
	if wait.Interrupted(err) {
		return errors.Join(ctx.Err(), &KeptError{Cluster: key.String(), Stage: st.name, Why: why})
	}
	return err
}

// Clusters are those that can be taken over: with the kinds this provider has, of a namespace or of all when that is empty.
func (t *Takeover) Clusters(ctx context.Context, namespace string, names []string) ([]client.ObjectKey, error) {
	clusters := &clusterv1.ClusterList{}
	if err := t.Kube.List(ctx, clusters, client.InNamespace(namespace)); err != nil {
		return nil, err
	}
	var keys []client.ObjectKey
	for i := range clusters.Items {
		c := &clusters.Items[i]
		if c.Spec.ControlPlaneRef.Kind == "AzureManagedControlPlane" && (len(names) == 0 || slices.Contains(names, c.Name)) {
			keys = append(keys, client.ObjectKeyFromObject(c))
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(keys, func(k client.ObjectKey) bool { return k.Name == name }) {
			return nil, fmt.Errorf("namespace %q has no Cluster %s with an AzureManagedControlPlane; clusters of other kinds (AzureCluster, AzureASOManagedControlPlane) stay with the earlier provider", namespace, name)
		}
	}
	return keys, nil
}

// unprepared are the clusters that this provider must not meet yet: not paused, or with objects of Azure Service Operator.
func (t *Takeover) unprepared(ctx context.Context) ([]string, error) {
	keys, err := t.Clusters(ctx, "", nil)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range keys {
		s, err := t.survey(ctx, key)
		if err != nil {
			return nil, err
		}
		if !isPaused(s) || len(s.operated) > 0 {
			names = append(names, key.String())
		}
	}
	return names, nil
}
