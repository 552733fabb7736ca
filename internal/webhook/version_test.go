package webhook

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

func TestVersionsThatCannotBeReached(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	offers := func(age time.Duration, versions ...string) *v1beta1.AvailableUpgrades {
		return &v1beta1.AvailableUpgrades{CheckedAt: metav1.NewTime(now.Add(-age)), Versions: versions}
	}
	fresh := offers(time.Hour, "v1.33.4", "v1.33.8", "v1.34.1", "v1.34.5")
	for name, c := range map[string]struct {
		old, running, new string
		offers            *v1beta1.AvailableUpgrades
		refused, warned   string
	}{
		"on offer":                  {"v1.33.4", "v1.33.4", "v1.34.1", fresh, "", ""},
		"a minor version on offer":  {"v1.33.4", "v1.33.4", "v1.34", fresh, "", ""},
		"the minor version it runs": {"v1.33.4", "v1.33.4", "v1.33", fresh, "", ""},
		"not on offer": {"v1.33.4", "v1.33.4", "v1.34.2", fresh,
			"cannot be reached from v1.33.4, which the control plane runs: on offer are v1.33.8, v1.34.1, v1.34.5 (read from Azure at 2026-11-01T11:00:00Z)", ""},
		"a minor version not on offer": {"v1.33.4", "v1.33.4", "v1.35", fresh, "on offer are v1.33.8, v1.34.1, v1.34.5", ""},
		"only what runs was on offer":  {"v1.34.5", "v1.34.5", "v1.35.0", fresh, "nothing newer is on offer", ""},
		"read too long ago":            {"v1.33.4", "v1.33.4", "v1.34.2", offers(25*time.Hour, "v1.33.8"), "", "whether AKS offers it is checked before anything is sent"},
		"never read":                   {"v1.33.4", "v1.33.4", "v1.34.2", nil, "", "whether AKS offers it is checked before anything is sent"},
		"not created yet":              {"v1.33.4", "", "v1.34.2", nil, "", ""},
		"behind what AKS upgraded to":  {"v1.33.4", "v1.34.1", "v1.34.0", fresh, "already runs v1.34.1", ""},
		"what AKS upgraded to":         {"v1.33.4", "v1.34.1", "v1.34.1", nil, "", ""},
		"back":                         {"v1.33.4", "v1.33.4", "v1.33.3", fresh, "AKS has no way back", ""},
		"unchanged":                    {"v1.33.4", "v1.34.5", "v1.33.4", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			old, cp := &v1beta1.AzureManagedControlPlane{}, &v1beta1.AzureManagedControlPlane{}
			old.Spec.Version, cp.Spec.Version, cp.Status.Version, cp.Status.AvailableUpgrades = c.old, c.new, c.running, c.offers
			problems, warnings := versionProblems(old, cp, now)
			refused, warned := "", strings.Join(warnings, "; ")
			if len(problems) > 0 {
				refused = problems.ToAggregate().Error()
			}
			if (c.refused == "") != (refused == "") || !strings.Contains(refused, c.refused) {
				t.Errorf("refused with %q, want %q", refused, c.refused)
			}
			if (c.warned == "") != (warned == "") || !strings.Contains(warned, c.warned) {
				t.Errorf("warned with %q, want %q", warned, c.warned)
			}
		})
	}
}
