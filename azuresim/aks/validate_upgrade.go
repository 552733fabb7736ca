package aks

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/capaks/capaks/azuresim/arm"
	"github.com/capaks/capaks/azuresim/fabric"
)

// DeprecatedUse is a call of an API that a later Kubernetes version does not have any more, as AKS keeps it in mind to
// protect the caller from an upgrade.
type DeprecatedUse struct {
	API       string    `json:"api"` // flowcontrol.apiserver.k8s.io.prioritylevelconfigurations.v1beta1
	Verb      string    `json:"verb"`
	LastSeen  time.Time `json:"lastSeen"`
	RemovedIn string    `json:"removedIn,omitempty"` // the first minor without it; "" is the next one, whichever that is
}

// usesCountFor is how long the use of a deprecated API blocks upgrades.
const usesCountFor = 12 * time.Hour

// mayUpgrade holds an upgrade back for what AKS looks at before it starts one. body is the cluster as it would be.
func (p *Provider) mayUpgrade(c *fabric.Resource, body arm.Object, target string) error {
	if err := p.checkDeprecatedUse(c, body, target); err != nil {
		return err
	}
	return p.checkBudgets(c)
}

// checkDeprecatedUse: a new minor must not take an API away that somebody still writes with, unless the client insists.
func (p *Provider) checkDeprecatedUse(c *fabric.Resource, body arm.Object, target string) error {
	now := p.Fabric.Clock.Now()
	if minorOf(target) == minorOf(arm.Str(c.Body, "properties.currentKubernetesVersion")) || forced(body, now) {
		return nil
	}
	var uses []string
	for _, u := range private(c).Deprecated {
		minor := minorText(target)
		removed := "1." + minor
		if u.RemovedIn != "" {
			removed = u.RemovedIn
		}
		reads := slices.Contains([]string{"get", "list", "watch"}, strings.ToLower(u.Verb)) // they break nothing
		if reads || now.Sub(u.LastSeen) > usesCountFor || minorOf(target) < minorOf(removed) {
			continue
		}
		uses = append(uses, fmt.Sprintf("usage has been detected on API %s, and was recently seen at: %s, which will be removed in %s", u.API, u.LastSeen.UTC().Format("2006-01-02 15:04:05 -0700 MST"), removed))
	}
	if len(uses) == 0 {
		return nil
	}
	e := badRequest("ValidationError", "", "Control Plane upgrade is blocked due to recent usage of a Kubernetes API deprecated in the specified version. Please refer to https://kubernetes.io/docs/reference/using-api/deprecation-guide to migrate the usage. To bypass this error, set forceUpgrade in upgradeSettings.overrideSettings. Bypassing this error without migrating usage will result in the deprecated Kubernetes API calls failing. Usage details: %s", listed(uses))
	e.Subcode = "UpgradeBlockedOnDeprecatedAPIUsage"
	return e
}

// forced: the override works only up to the time it names.
func forced(body arm.Object, now time.Time) bool {
	override := arm.Map(body, "properties.upgradeSettings.overrideSettings")
	until, err := time.Parse(time.RFC3339, arm.Str(override, "until"))
	return err == nil && now.Before(until) && arm.Bool(override, "forceUpgrade")
}

// checkBudgets: a disruption budget that never has room would stop the upgrade at the first node.
func (p *Provider) checkBudgets(c *fabric.Resource) error {
	var closed []string
	for _, budget := range p.Workload.ClosedBudgets(workloadID(c)) {
		closed = append(closed, "PDB "+budget+" has maxUnavailable == 0 can't proceed with put operation")
	}
	if len(closed) == 0 {
		return nil
	}
	return badRequest("UnsatisfiablePDB", "", "%s", listed(closed))
}

// listed is how the provider writes several errors as one.
func listed(errors []string) string {
	head := "1 error occurred:"
	if len(errors) > 1 {
		head = fmt.Sprintf("%d errors occurred:", len(errors))
	}
	return head + "\n\t* " + strings.Join(errors, "\n\t* ") + "\n\n"
}

// UseDeprecatedAPI is somebody using an API of the cluster that later versions do not have.
func (p *Provider) UseDeprecatedAPI(r *fabric.Resource, api, verb, removedIn string, lastSeen time.Time) error {
	if !strings.EqualFold(r.Type, ClusterType) {
		return fmt.Errorf("id names a %s; APIs are those of a %s", r.Type, ClusterType)
	}
	k := private(r)
	k.Deprecated = slices.DeleteFunc(k.Deprecated, func(u DeprecatedUse) bool { return u.API == api && u.Verb == verb })
	k.Deprecated = append(k.Deprecated, DeprecatedUse{API: api, Verb: verb, LastSeen: lastSeen, RemovedIn: removedIn})
	p.Fabric.Save(r)
	return nil
}
