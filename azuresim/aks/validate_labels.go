package aks

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/capaks/capaks/azuresim/arm"
)

// Kubernetes' syntax of label and taint keys and values, and what AKS keeps for itself.
var (
	labelWord   = regexp.MustCompile(`^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$`)
	labelDomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	taintText   = regexp.MustCompile(`^([^=:]+)(?:=([^=:]*))?:(NoSchedule|PreferNoSchedule|NoExecute)$`)
)

// kubeletLabels are the keys a kubelet may give its own node, although the domain is Kubernetes'.
var kubeletLabels = []string{
	"beta.kubernetes.io/arch", "beta.kubernetes.io/instance-type", "beta.kubernetes.io/os", "failure-domain.beta.kubernetes.io/region", "failure-domain.beta.kubernetes.io/zone",
	"failure-domain.kubernetes.io/region", "failure-domain.kubernetes.io/zone", "kubernetes.io/arch", "kubernetes.io/hostname", "kubernetes.io/instance-type", "kubernetes.io/os",
}

// checkLabels judges the labels a pool gets; those the service gave it itself come back from clients that send what
// they read.
func checkLabels(pd poolDraft, props arm.Object) error {
	labels := arm.Map(props, "nodeLabels")
	var before arm.Object
	if pd.stored != nil {
		before = arm.Map(pd.stored.Body, "properties.nodeLabels")
	}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value, _ := labels[key].(string)
		if _, kept := before[key]; kept || isSpot(props) && key == spotMark {
			continue
		}
		domain, _, _ := strings.Cut(key, "/")
		switch {
		case !validKey(key) || value != "" && !labelWord.MatchString(value):
			return badRequest("InvalidParameter", "agentPoolProfile.nodeLabels", "The value of parameter agentPoolProfile.nodeLabels is invalid. Error details: '%s=%s' is not a valid label. Please see https://aka.ms/aks-naming-rules for more details.", key, value)
		case domain == reservedDomain && domain != key: // text observed
			return badRequest("BadRequest", "", "Invalid node label key %s. The '%s' prefix is preserved by aks system labels", key, reservedDomain)
		case !mayLabel(key, domain): // text observed
			return badRequest("BadRequest", key+"="+value, "For Kubernetes version greater than or equal to 1.16, node label keys in the 'kubernetes.io' or 'k8s.io' namespace must begin with an allowed prefix (kubelet.kubernetes.io, node.kubernetes.io) or be in the specifically allowed set (%s). For more information, please check https://aka.ms/aks-node-labels-116.", strings.Join(kubeletLabels, ", "))
		}
	}
	return nil
}

const reservedDomain = "kubernetes.azure.com"

func validKey(key string) bool {
	domain, name, hasDomain := strings.Cut(key, "/")
	if !hasDomain {
		return labelWord.MatchString(key)
	}
	return len(domain) <= 253 && labelDomain.MatchString(domain) && labelWord.MatchString(name)
}

// mayLabel is Kubernetes' rule about what a kubelet may say of its own node.
func mayLabel(key, domain string) bool {
	if domain == key {
		return true
	}
	in := func(parent string) bool { return domain == parent || strings.HasSuffix(domain, "."+parent) }
	return !in("kubernetes.io") && !in("k8s.io") || in("kubelet.kubernetes.io") || in("node.kubernetes.io") || slices.Contains(kubeletLabels, key)
}

func checkTaints(props arm.Object) error {
	for _, raw := range arm.List(props, "nodeTaints") {
		taint, _ := raw.(string)
		parts := taintText.FindStringSubmatch(taint)
		if parts == nil || !validKey(parts[1]) || parts[2] != "" && !labelWord.MatchString(parts[2]) {
			return badRequest("InvalidParameter", "agentPoolProfile.nodeTaints", "The value of parameter agentPoolProfile.nodeTaints is invalid. Error details: '%s' is not a taint of the form key=value:NoSchedule, PreferNoSchedule or NoExecute.", taint)
		}
	}
	return nil
}
