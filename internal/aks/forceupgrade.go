package aks

import (
	"fmt"
	"strings"
	"time"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// reasonDeprecatedUse is the reason of the error table for APIs in use that the new version does not have.
const reasonDeprecatedUse = "UpgradeBlockedOnDeprecatedAPIUsage"

// barredUpgrade is why the control plane's step is not asked for again yet: AKS keeps the use of APIs that the new version does
// not have in mind for hours, and everything else may go on meanwhile.
func barredUpgrade(in Inputs, now time.Time) *hold {
	failure, ok := in.Failures[strings.ToLower(NamesOf(in).ClusterID)]
	if !ok || failure.Diagnosis.Reason != reasonDeprecatedUse || !now.Before(failure.RetryAt) || forcedUpgrade(in, now) {
		return nil
	}
	return &hold{reason: ReasonUpgradeRefused, message: "AKS refuses the upgrade because of APIs in use that the new version does not have: " + failure.Error.Message}
}

// forcedUpgrade tells whether upgrades go on in spite of such use, now.
func forcedUpgrade(in Inputs, now time.Time) bool {
	override := upgradeOverride(in)
	if override == nil || override.ForceUpgrade == nil || !*override.ForceUpgrade {
		return false
	}
	until, err := time.Parse(time.RFC3339, override.Until)
	return override.Until == "" || err == nil && now.Before(until)
}

func upgradeOverride(in Inputs) *v1beta1.UpgradeOverrideSettings {
	if settings := in.ControlPlane.Spec.UpgradeSettings; settings != nil {
		return settings.OverrideSettings
	}
	return nil
}

// withoutExpired leaves out an override whose time is over: it does nothing any more, and AKS takes only times to come. One
// that was sent in time stays as it is.
func withoutExpired(in Inputs, body, observed fieldset.Object, now time.Time) {
	override := upgradeOverride(in)
	if override == nil || override.Until == "" {
		return
	}
	until, err := time.Parse(time.RFC3339, override.Until)
	if err != nil || now.Before(until) {
		return
	}
	path := fieldset.ParsePath("properties.upgradeSettings.overrideSettings")
	if sent, ok := fieldset.Get(observed, path); ok {
		fieldset.Put(body, path, sent)
		return
	}
	fieldset.Remove(body, fieldset.ParsePath("properties.upgradeSettings"))
}

// ExpiredOverride says that upgrades are not forced any more although the spec says so, or nothing.
func ExpiredOverride(settings *v1beta1.ClusterUpgradeSettings, now time.Time) string {
	if settings == nil || settings.OverrideSettings == nil || settings.OverrideSettings.ForceUpgrade == nil || !*settings.OverrideSettings.ForceUpgrade {
		return ""
	}
	until, err := time.Parse(time.RFC3339, settings.OverrideSettings.Until)
	if err != nil || now.Before(until) {
		return ""
	}
	return fmt.Sprintf("upgradeSettings.overrideSettings.until %s is over: upgrades are not forced and the override is not sent; set a later time, or remove overrideSettings",
		settings.OverrideSettings.Until)
}
