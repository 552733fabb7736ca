package aks

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/plan"
)

const (
	longestPoolName = 12
	// longestWindowsPoolName is what Windows host names leave room for.
	longestWindowsPoolName = 6
)

var legalPoolName = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// PoolName is the name of the pool in Azure: the one a rotation gave it, or else spec.name, or else the object's own name
// where AKS takes it, or else one made of that.
func PoolName(pool *v1beta1.AzureManagedMachinePool) string {
	if name := RotationOf(pool).Name; name != "" {
		return name
	}
	return declaredPoolName(pool)
}

func declaredPoolName(pool *v1beta1.AzureManagedMachinePool) string {
	if pool.Spec.Name != "" {
		return pool.Spec.Name
	}
	return LegalPoolName(pool.Name, pool.Spec.OSType)
}

// LegalPoolName makes a name AKS accepts for a pool out of any other: the same where it is one, and otherwise its letters and
// digits with a few characters that differ with the whole name, so that two names never become one.
func LegalPoolName(name, osType string) string {
	longest := longestPool(osType)
	if legalPoolName.MatchString(name) && len(name) <= longest {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	mark := strconv.FormatUint(binary.BigEndian.Uint64(sum[:])|1<<63, 36)
	mark = mark[len(mark)-4:]
	plain := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	plain = strings.TrimLeft(plain, "0123456789")
	if plain == "" {
		plain = "p"
	}
	return plain[:min(len(plain), longest-len(mark))] + mark
}

func longestPool(osType string) int {
	if osType == "Windows" {
		return longestWindowsPoolName
	}
	return longestPoolName
}

// anotherPoolName is a name for the agent pool that takes the place of a pool's present one: the declared name where it is
// free (after an earlier rotation), or else one made of it that nobody has.
func anotherPoolName(pool *v1beta1.AzureManagedMachinePool, taken []string) string {
	free := func(name string) bool {
		return !slices.ContainsFunc(taken, func(other string) bool { return strings.EqualFold(other, name) })
	}
	base := declaredPoolName(pool)
	if free(base) {
		return base
	}
	for i := 1; ; i++ {
		suffix := "r"
		if i > 1 {
			suffix += strconv.Itoa(i)
		}
		if name := base[:min(len(base), longestPool(pool.Spec.OSType)-len(suffix))] + suffix; free(name) {
			return name
		}
	}
}

// agentPools are the names in Azure that belong to a declared pool: its own and those it replaces.
func (p Pool) agentPools() []string {
	return append([]string{PoolName(p.Object)}, RotationOf(p.Object).Replaces...)
}

// DeclaresAgentPool tells whether an agent pool belongs to the object: it is its own, or one it replaces.
func DeclaresAgentPool(object *v1beta1.AzureManagedMachinePool, name string) bool {
	return slices.ContainsFunc(Pool{Object: object}.agentPools(), func(own string) bool { return strings.EqualFold(own, name) })
}

// ReasonNameTaken is the reason of what is not sent about a pool because its agent pool is another object's.
const ReasonNameTaken = "NameTaken"

// twin is the object to which the agent pool of a pool belongs, where that is not the pool itself. Admission refuses two pools with
// one name where it can see both; of two that got past it the one whose agent pool it is already keeps it, or else the older one.
func (in Inputs) twin(pool Pool) string {
	for _, other := range in.Pools {
		if other.Object.Name == pool.Object.Name || !DeclaresAgentPool(other.Object, PoolName(pool.Object)) {
			continue
		}
		before, after := other.Object.CreationTimestamp, pool.Object.CreationTimestamp
		switch {
		case (other.Owned != nil) != (pool.Owned != nil):
			if other.Owned != nil {
				return other.Object.Name
			}
		case !before.Equal(&after):
			if before.Before(&after) {
				return other.Object.Name
			}
		case other.Object.Name < pool.Object.Name:
			return other.Object.Name
		}
	}
	return ""
}

// Twins are the pool objects whose agent pool is another object's, with that object.
func Twins(in Inputs) map[string]string {
	twins := map[string]string{}
	for _, pool := range in.Pools {
		if twin := in.twin(pool); twin != "" {
			twins[pool.Object.Name] = twin
		}
	}
	return twins
}

// twinStep is the plan for a pool whose agent pool is another object's: it is neither changed nor deleted with this one.
func twinStep(d plan.Desired, pool Pool, twin string) plan.Action {
	if pool.Deleting {
		return plan.Action{Verb: plan.None, ID: d.ID, Kind: d.Kind, Name: d.Name, APIVersion: d.APIVersion, Reason: ReasonNameTaken,
			Message: fmt.Sprintf("agent pool %s belongs to AzureManagedMachinePool %s and stays", d.Name, twin)}
	}
	return blocked(d, ReasonNameTaken, TwinMessage(d.Name, twin))
}

// TwinMessage says that a pool has the name of another one in Azure, and the way out.
func TwinMessage(name, twin string) string {
	return fmt.Sprintf("the name %q in Azure is that of AzureManagedMachinePool %q of the same Cluster: delete this one and create it anew with another spec.name, or without (in a ClusterClass: leave name out of the template)",
		name, twin)
}
