package controller

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
	"github.com/capaks/capaks/internal/engine"
)

const apiServerPort = 443

// replicasManager is the value by which a MachinePool says that AKS's autoscaler owns its count.
const replicasManager = "aks"

// earlierReplicasManager is what earlier providers wrote. While AKS scales nobody else can be meant by it.
const earlierReplicasManager = "true"

// applyControlPlane writes a step's outcome into the control plane object (in memory).
func applyControlPlane(a *aggregate, o outcome) error {
	cp, r := a.controlPlane, o.report
	for _, condition := range controlPlaneConditions(o) {
		setCondition(cp, condition)
	}
	if !o.deleting {
		removeCondition(cp, v1beta1.DeletingCondition)
	}
	dropDependentConditions(cp, o)
	if v, known := o.rollingOutVerdict(); known {
		setCondition(cp, v.condition(v1beta1.RollingOutCondition, clusterv1.RollingOutReason))
	}
	if v, known := o.preflightVerdict(cp); known {
		setCondition(cp, v.condition(v1beta1.PreflightPassedCondition, "Passed"))
	}
	if _, known := o.healthVerdict(); !known && o.ran && o.report.Observed {
		removeCondition(cp, v1beta1.AzureResourceAvailableCondition)
	}
	status := &cp.Status
	status.ExternalManagedControlPlane = new(true)
	if !o.ran {
		return nil
	}
	observeOnly := r.Hold != nil && r.Hold.Reason == aks.ReasonObserveOnly && r.Operation == nil && r.Error == nil
	if r.Done || observeOnly {
		// Until the plan of a new spec is carried out, differences are changes and not drift. One that is only observed
		// is never carried out, and whoever waits for the generation waits for the report.
		status.ObservedGeneration = cp.Generation
	}
	status.Operation = operationStatus(r)
	if n := len(r.Sent); n > 0 {
		status.LastChange = r.Sent[n-1].Action.Line()
	}
	if r.Observed {
		applyFacts(cp, r)
	}
	applyUpgrade(cp, o)
	if r.Facts.Exists && r.Facts.Host != "" {
		cp.Spec.ControlPlaneEndpoint = v1beta1.APIEndpoint{Host: r.Facts.Host, Port: apiServerPort}
	}
	if usable(o) {
		status.Initialized = true
		status.Initialization = &v1beta1.ControlPlaneInitialization{ControlPlaneInitialized: new(true)}
	}
	status.Ready = isTrue(cp, v1beta1.AvailableCondition) && status.Initialized
	if !o.deleting {
		return setOwned(cp, r.Owned)
	}
	return nil
}

// usable: the API server accepts requests and the credentials for it are stored.
func usable(o outcome) bool {
	return o.report.Facts.Exists && o.kubeconfigSafe && !o.report.Facts.Busy() && o.report.Facts.Host != ""
}

func applyFacts(cp *v1beta1.AzureManagedControlPlane, r engine.Report) {
	status, facts := &cp.Status, r.Facts
	status.ProvisioningState, status.PowerState, status.Tier = facts.State, facts.PowerState, facts.Tier
	status.ResourceID = facts.ResourceID
	status.Version = aks.ReportedVersion(facts.Version)
	status.Versions = reportedVersions(cp, facts)
	status.AutoUpgradeVersion = ""
	if p := cp.Spec.AutoUpgradeProfile; p != nil && facts.Version != "" && slices.Contains([]string{"patch", "rapid", "stable"}, p.UpgradeChannel) {
		status.AutoUpgradeVersion = status.Version
	}
	status.OIDCIssuerProfile = nil
	if facts.OIDCIssuerURL != "" {
		status.OIDCIssuerProfile = &v1beta1.OIDCIssuerProfileStatus{IssuerURL: facts.OIDCIssuerURL}
	}
	status.Resources = nil
	for _, resource := range r.Resources {
		status.Resources = append(status.Resources, v1beta1.Resource{ID: resource.ID, Owned: resource.Owned, State: resource.State})
	}
}

func operationStatus(r engine.Report) *v1beta1.Operation {
	if r.Operation == nil {
		return nil
	}
	op := &v1beta1.Operation{
		Description: r.Operation.Kind, ID: r.Operation.ID, Name: r.Operation.Name, Status: "InProgress", CorrelationID: r.Operation.CorrelationID,
		StartTime: &metav1.Time{Time: r.Operation.Started.Truncate(1e9)},
	}
	if r.Operation.Percent != nil {
		op.PercentComplete = new(int32(*r.Operation.Percent))
	}
	if end := r.Operation.ExpectedEnd; !end.IsZero() {
		op.ExpectedEndTime = &metav1.Time{Time: end}
	}
	return op
}

// applyInfra writes the outcome into the AzureManagedCluster: it is provisioned when the API server can be used,
// because Cluster API starts connecting at that moment and waits long after a failed attempt.
func applyInfra(a *aggregate, o outcome) {
	infra, cp := a.infra, a.controlPlane
	verdict := firstBad(o.credentialsVerdict(), o.networkVerdict())
	if problem := subscriptionMismatch(a); problem != "" {
		verdict = bad("SubscriptionMismatch", problem)
	} else if verdict.ok() && !cp.Status.Initialized {
		verdict = bad("WaitingForControlPlane", "the API server cannot be used yet")
	}
	setCondition(infra, verdict.condition(v1beta1.ReadyCondition, "Ready"))
	infra.Status.ObservedGeneration = infra.Generation
	if cp.Spec.ControlPlaneEndpoint.Host != "" {
		infra.Spec.ControlPlaneEndpoint = cp.Spec.ControlPlaneEndpoint
	}
	if cp.Status.Initialized {
		infra.Status.Ready = true
		infra.Status.Initialization = &v1beta1.Initialization{Provisioned: new(true)}
	}
}

func subscriptionMismatch(a *aggregate) string {
	if a.infra == nil || a.infra.Spec.SubscriptionID == "" || a.controlPlane.Spec.SubscriptionID == "" ||
		strings.EqualFold(a.infra.Spec.SubscriptionID, a.controlPlane.Spec.SubscriptionID) {
		return ""
	}
	return "AzureManagedCluster spec.subscriptionID " + a.infra.Spec.SubscriptionID + " differs from AzureManagedControlPlane spec.subscriptionID " +
		a.controlPlane.Spec.SubscriptionID + ": remove it, or set both to the same subscription"
}

// applyPool writes the outcome into one pool object (in memory).
func applyPool(p poolObjects, o outcome) error {
	pool, r := p.pool, o.report
	for _, condition := range poolConditions(o, p) {
		setCondition(pool, condition)
	}
	if pool.DeletionTimestamp == nil {
		removeCondition(pool, v1beta1.DeletingCondition)
	}
	if !o.ran || !r.Observed || r.Twins[pool.Name] != "" {
		return nil
	}
	rememberNodeImage(pool, o)
	name := aks.PoolName(pool)
	facts, exists := r.Facts.Pool(name)
	status := &pool.Status
	status.AgentPoolName = name
	applyRotation(pool, o)
	status.ProvisioningState, status.NodeImageVersion = facts.State, facts.NodeImage
	status.Version = aks.ReportedVersion(facts.Version)
	status.Operation = nil
	if r.Operation != nil && strings.EqualFold(r.Operation.ID, r.Names.PoolID(pool)) {
		status.Operation = operationStatus(r)
	}
	for _, sent := range r.Sent {
		if strings.EqualFold(sent.Action.ID, r.Names.PoolID(pool)) {
			status.LastChange = sent.Action.Line()
		}
	}
	if exists {
		status.ResourceID = r.Names.PoolID(pool)
	}
	if p.machinePool != nil {
		status.DesiredReplicas = p.machinePool.Spec.Replicas
	}
	if ids, listed := r.ProviderIDs[name]; listed && exists && int64(len(ids)) == facts.Count && !facts.Busy() {
		pool.Spec.ProviderIDList = machinesOf(pool, r)
		status.Replicas = int32(len(pool.Spec.ProviderIDList))
		status.Ready = true
		status.Initialization = &v1beta1.Initialization{Provisioned: new(true)}
	}
	if isTrue(pool, v1beta1.ReadyCondition) {
		status.ObservedGeneration = pool.Generation
	}
	if action, ok := r.OwnedPools[name]; ok && pool.DeletionTimestamp == nil {
		return annotate(pool, action.Owned)
	}
	return nil
}

// followAutoscaler makes MachinePool.spec.replicas follow the count where AKS's autoscaler owns it, and marks the
// MachinePool so that nobody else writes it. The mark is only taken back when it is ours. A topology that gives a number
// writes it again and again, whatever the mark says: there it stays.
func (r *Reconciler) followAutoscaler(ctx context.Context, p poolObjects, o outcome) error {
	mp := p.machinePool
	facts, exists := o.report.Facts.Pool(aks.PoolName(p.pool))
	if mp == nil || !exists || o.report.Twins[p.pool.Name] != "" || mp.DeletionTimestamp != nil || facts.Stopped() || o.report.Facts.Stopped() {
		return nil
	}
	before := mp.DeepCopy()
	managed := mp.Annotations[clusterv1.ReplicasManagedByAnnotation]
	autoscaled := p.pool.Spec.Scaling != nil && (facts.AutoScaling || managed == replicasManager) // off for a moment while its limits change
	mark := replicasMark(managed, autoscaled)
	switch {
	case mark == "" && managed != "":
		delete(mp.Annotations, clusterv1.ReplicasManagedByAnnotation)
		return r.Client.Patch(ctx, mp, client.MergeFrom(before))
	case mark != managed:
		mp.Annotations = with(mp.Annotations, clusterv1.ReplicasManagedByAnnotation, mark)
	case !autoscaled && (managed == "" || managed == "false"):
		return nil
	}
	if !facts.Busy() && p.topologyReplicas == nil && (mp.Spec.Replicas == nil || int64(*mp.Spec.Replicas) != facts.Count) {
		mp.Spec.Replicas = new(int32(facts.Count))
	}
	if equalMeta(before, mp) {
		return nil
	}
	return r.Client.Patch(ctx, mp, client.MergeFrom(before))
}

// replicasMark is what a MachinePool should say about who owns its count. Only our own mark is taken back.
func replicasMark(managed string, autoscaled bool) string {
	switch {
	case autoscaled && (managed == "" || managed == earlierReplicasManager):
		return replicasManager
	case !autoscaled && managed == replicasManager:
		return ""
	}
	return managed
}

func equalMeta(before, after *clusterv1.MachinePool) bool {
	return before.Annotations[clusterv1.ReplicasManagedByAnnotation] == after.Annotations[clusterv1.ReplicasManagedByAnnotation] &&
		before.Spec.Replicas != nil && after.Spec.Replicas != nil && *before.Spec.Replicas == *after.Spec.Replicas
}
