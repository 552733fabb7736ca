package controller

import (
	"context"
	"errors"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/engine"
)

// PlanOptions are the ways to look at a cluster.
type PlanOptions struct {
	// OwnCredentials signs in as the caller instead of with the identity that the control plane names: a person cannot use a
	// workload identity of the manager's pod.
	OwnCredentials bool
}

// ClusterPlan is what would be sent for one cluster.
type ClusterPlan struct {
	// Cluster is the name of the Cluster; empty when the control plane belongs to none yet.
	Cluster string
	// Paused: nothing is sent until the Cluster, or the paused object, is resumed.
	Paused bool
	// Stays says that the object is being deleted and everything in Azure stays.
	Stays string
	// Reason and Problem are why Azure was not asked; empty when it was.
	Reason, Problem string
	engine.Preview
}

// generatedSSHKey stands in plans for a key that is made when the cluster is.
const generatedSSHKey = "ssh-rsa (generated when the cluster is created)"

// Plan says what Reconcile would send for a control plane. It is made of the same parts, and writes nothing: neither to Azure nor
// to the management cluster.
func (r *Reconciler) Plan(ctx context.Context, cp *v1beta1.AzureManagedControlPlane, options PlanOptions) (ClusterPlan, error) {
	a, err := r.gather(ctx, cp)
	if err != nil {
		return ClusterPlan{}, err
	}
	if a == nil {
		if cp.DeletionTimestamp == nil {
			return ClusterPlan{Reason: "ClusterMissing", Problem: "there is no Cluster whose spec.controlPlaneRef names this control plane: create it"}, nil
		}
		a = clusterless(cp)
	}
	p := ClusterPlan{Cluster: a.cluster.Name, Paused: a.isPaused(), Stays: a.leaving()}
	if p.Stays != "" {
		return p, nil
	}
	request, err := r.planRequest(ctx, a, options)
	if problem, ok := errors.AsType[*credentialProblem](err); ok {
		p.Reason, p.Problem = problem.reason, problem.message
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.Preview = r.Engine.Plan(ctx, request)
	if e := p.Error; e != nil {
		v := problemVerdict(*e)
		p.Reason, p.Problem = v.reason, v.lasting
	}
	return p, ctx.Err()
}

func (r *Reconciler) planRequest(ctx context.Context, a *aggregate, options PlanOptions) (engine.Request, error) {
	signer := *a
	if options.OwnCredentials {
		signer.controlPlane = a.controlPlane.DeepCopy()
		signer.controlPlane.Spec.IdentityRef = nil
	}
	azure, credential, err := r.azureClient(ctx, &signer)
	if err != nil {
		return engine.Request{}, err
	}
	line, known, err := r.knownSSHPublicKey(ctx, a)
	if err != nil {
		return engine.Request{}, err
	}
	if !known {
		line = generatedSSHKey
	}
	in := a.inputs(r.Azure.DefaultSubscription, line)
	if problem := precondition(a, in.DefaultSubscription); problem != nil {
		return engine.Request{}, problem
	}
	owner := a.controlPlane.Namespace + "/" + a.controlPlane.Name
	return engine.Request{Owner: owner, Client: azure, Inputs: in, Principal: credential.Principal, Workload: r.workload(a.cluster)}, nil
}
