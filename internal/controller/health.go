package controller

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/aks"
)

// youth is how long doubts of Azure Resource Health about a new cluster are no news: it says Unknown until it has looked, and
// Degraded while the first nodes start.
const youth = time.Hour

// healthVerdict is what Azure Resource Health says; ok is false where nobody asks, or there is no cluster. No other condition
// depends on it: it tells of Azure's side, and kubeconfig, pools and plans go on.
func (o outcome) healthVerdict() (v verdict, ok bool) {
	h := o.report.Health
	if h == nil || !o.report.Facts.Exists {
		return verdict{}, false
	}
	text := orElse(h.Summary, h.Title)
	switch {
	case h.Unread != "":
		return unknown("NotRead", "Azure Resource Health could not be read ("+h.Unread+"): give the identity the role Reader on the subscription"), true
	case h.State == "":
		return unknown("NotReported", "Azure Resource Health has said nothing about the cluster yet"), true
	case h.State == aks.HealthAvailable:
		return well(aks.HealthAvailable, text), true
	case h.State != aks.HealthUnavailable && o.age < youth:
		return well("New", h.State+", which means nothing in the first hour: "+text), true
	}
	return bad(h.Reason(), h.State+": "+text), true
}

// maskedFor is how long a doubt stays without news because the cluster is new; zero where none does.
func (o outcome) maskedFor() time.Duration {
	if v, ok := o.healthVerdict(); !ok || v.reason != "New" {
		return 0
	}
	return youth - o.age
}

// healthEvent tells when the cluster becomes unavailable, and when it is back.
func (r *Reconciler) healthEvent(a *aggregate, before *v1beta1.AzureManagedControlPlane) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1beta1.AzureResourceAvailableCondition)
	is := meta.FindStatusCondition(a.controlPlane.Status.Conditions, v1beta1.AzureResourceAvailableCondition)
	if was == nil || is == nil || was.Status == is.Status {
		return
	}
	switch {
	case is.Status == metav1.ConditionFalse:
		r.event(a.controlPlane, corev1.EventTypeWarning, "AzureResourceUnavailable", is.Message)
	case was.Status == metav1.ConditionFalse:
		r.event(a.controlPlane, corev1.EventTypeNormal, "AzureResourceAvailable", orElse(is.Message, "Azure Resource Health has no more doubts"))
	}
}
