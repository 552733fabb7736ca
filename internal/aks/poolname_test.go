package aks

import (
	"math/rand/v2"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/capaks/capaks/api/v1beta1"
)

func named(object, spec, osType, remembered string) *v1beta1.AzureManagedMachinePool {
	pool := &v1beta1.AzureManagedMachinePool{ObjectMeta: metav1.ObjectMeta{Name: object}}
	pool.Spec.Name, pool.Spec.OSType = spec, osType
	if remembered != "" {
		pool.Annotations = map[string]string{v1beta1.AgentPoolAnnotation: remembered}
	}
	return pool
}

func TestPoolName(t *testing.T) {
	for name, c := range map[string]struct {
		pool *v1beta1.AzureManagedMachinePool
		want string
	}{
		"spec.name":                       {named("my-pool", "pool1", "", ""), "pool1"},
		"the object's name":               {named("pool1", "", "", ""), "pool1"},
		"made of the object's name":       {named("my-cluster-mp-0-x7k2p", "", "", ""), "myclustehoel"},
		"another one of the same class":   {named("my-cluster-mp-1-9qz4d", "", "", ""), "mycluster0j4"},
		"made of it for Windows":          {named("windows1", "", "Windows", ""), "wi48p1"},
		"what begins with digits":         {named("0-gpu", "", "", ""), "gpu6a5s"},
		"without any letter":              {named("0", "", "", ""), "pgoc8"},
		"a rotation's":                    {named("pool1", "", "", `{"name":"pool1r","replaces":["pool1"]}`), "pool1r"},
		"a mark that is not ours":         {named("pool1", "", "", `pool7`), "pool1"},
		"a mark with no name AKS accepts": {named("pool1", "", "", `{"name":"Pool-1"}`), "pool1"},
	} {
		if got := PoolName(c.pool); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Whatever an object is called, its pool has a name AKS accepts, always the same, and different names stay different.
func TestPoolNamesAreLegalAndDistinct(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 14))
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-.."
	for _, osType := range []string{"Linux", "Windows"} {
		seen := map[string]string{}
		for range 300 {
			var b strings.Builder
			b.WriteByte(letters[random.IntN(36)])
			for range random.IntN(40) {
				b.WriteByte(letters[random.IntN(len(letters))])
			}
			name := b.String() + "x"
			got := LegalPoolName(name, osType)
			if !legalPoolName.MatchString(got) || len(got) > longestPool(osType) {
				t.Fatalf("%q becomes %q, which AKS does not accept for %s", name, got, osType)
			}
			if other, twice := seen[got]; twice && other != name {
				t.Errorf("%q and %q both become %q", name, other, got)
			}
			seen[got] = name
			if again := LegalPoolName(got, osType); again != got {
				t.Errorf("%q is legal and becomes %q", got, again)
			}
		}
	}
}

func TestNameOfAReplacement(t *testing.T) {
	for name, c := range map[string]struct {
		pool  *v1beta1.AzureManagedMachinePool
		taken []string
		want  string
	}{
		"first":                {named("pool1", "", "", ""), []string{"pool0", "pool1"}, "pool1r"},
		"back":                 {named("pool1", "", "", `{"name":"pool1r"}`), []string{"pool0", "pool1r"}, "pool1"},
		"second in between":    {named("pool1", "", "", `{"name":"pool1r","replaces":["pool1"]}`), []string{"pool1", "pool1r"}, "pool1r2"},
		"somebody has it":      {named("pool1", "", "", ""), []string{"pool1", "POOL1R"}, "pool1r2"},
		"a name at its length": {named("abcdefghijkl", "", "", ""), []string{"abcdefghijkl"}, "abcdefghijkr"},
		"Windows":              {named("winpol", "", "Windows", ""), []string{"winpol", "winpor"}, "winpr2"},
	} {
		if got := anotherPoolName(c.pool, c.taken); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// Two objects with one name in Azure do not fight: one of them has the agent pool, and the other is told so and takes nothing away.
func TestTwoObjectsWithOneName(t *testing.T) {
	in := quickstart()
	twin := testPool("later", v1beta1.NodePoolModeUser, "Standard_D8s_v3", 128, 5)
	twin.Object.Spec.Name = "agentpool1"
	twin.Object.CreationTimestamp = metav1.NewTime(testTime)
	in.Pools = append(in.Pools, twin)
	obs := Observation{}
	sent := converge(t, &in, &obs)
	if pools := inlineProfiles(sent[len(sent)-1].Body); len(pools) != 2 {
		t.Errorf("the cluster is created with %d pools", len(pools))
	}
	d := Decide(in, obs, testTime)
	if d.Hold == nil || d.Hold.Reason != ReasonNameTaken || !strings.Contains(d.Hold.Message, `AzureManagedMachinePool "agentpool1"`) {
		t.Errorf("hold %+v", d.Hold)
	}
	in.Pools[2].Deleting = true
	wantLines(t, converge(t, &in, &obs))
	if d := Decide(in, obs, testTime); !d.Done {
		t.Errorf("hold %+v", d.Hold)
	}
}
