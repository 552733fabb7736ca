package aks

import (
	"testing"

	"github.com/capaks/capaks/api/v1beta1"
)

// FuzzQuota: what is sent fits, and more quota never keeps anything back.
func FuzzQuota(f *testing.F) {
	f.Add(int64(100), int64(10), uint8(2), uint8(2), "10%")
	f.Add(int64(8), int64(0), uint8(2), uint8(2), "33%")
	f.Add(int64(0), int64(7), uint8(1), uint8(0), "0")
	f.Add(int64(3), int64(9), uint8(250), uint8(250), "100%")
	f.Fuzz(func(t *testing.T, limit, used int64, system, user uint8, surge string) {
		limit, used = limit&0xffff, used&0xffff
		in, obs := flight()
		*in.Pools[0].Replicas, *in.Pools[1].Replicas = int32(system)+1, int32(user)
		in.Pools[0].Object.Spec.UpgradeSettings = &v1beta1.NodePoolUpgradeSettings{MaxSurge: surge}
		setQuota(&obs, "cores", 0, 1<<40)
		obs.Preflight.Mark = PreflightMark(in)
		verdict := func(limit int64) CheckVerdict {
			setQuota(&obs, "standardDSv3Family", used, limit)
			d := Decide(in, obs, testTime)
			worst := CheckPassed
			for _, check := range d.Checks {
				if check.Verdict == CheckFailed || worst == CheckPassed {
					worst = check.Verdict
				}
			}
			if sent := d.Next != nil; sent == (worst == CheckFailed) {
				t.Fatalf("next %v with checks %+v", d.Next, d.Checks)
			}
			return worst
		}
		needed := 2 * (int64(system) + 1 + int64(user))
		fits := used+needed <= limit
		if got := verdict(limit); (got != CheckFailed) != fits {
			t.Errorf("%d used, %d needed, limit %d: %s", used, needed, limit, got)
		}
		order := map[CheckVerdict]int{CheckFailed: 0, CheckWarned: 1, CheckPassed: 2}
		if order[verdict(limit+1)] < order[verdict(limit)] {
			t.Errorf("one vCPU more is worse: %d used, %d needed, limit %d", used, needed, limit)
		}
	})
}

func TestSurgeNodes(t *testing.T) {
	for _, c := range []struct {
		surge string
		nodes int64
		spot  bool
		want  int64
	}{{"", 2, false, 1}, {"", 25, false, 3}, {"33%", 10, false, 4}, {"5", 2, false, 5}, {"100%", 7, false, 7}, {"50%", 4, true, 0}, {"50%", 0, false, 0}, {"x", 4, false, 0}} {
		pool := testPool("p", v1beta1.NodePoolModeUser, "Standard_D2s_v3", 128, 1)
		pool.Object.Spec.UpgradeSettings = &v1beta1.NodePoolUpgradeSettings{MaxSurge: c.surge}
		if c.spot {
			pool.Object.Spec.ScaleSetPriority = "Spot"
		}
		if got := surgeNodes(pool, c.nodes); got != c.want {
			t.Errorf("maxSurge %q of %d nodes: %d, want %d", c.surge, c.nodes, got, c.want)
		}
	}
}
