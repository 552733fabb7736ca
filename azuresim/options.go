package azuresim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-logr/logr"

	"github.com/capaks/capaks/azuresim/aks"
	"github.com/capaks/capaks/azuresim/clock"
	"github.com/capaks/capaks/azuresim/world"
)

// Options of Start. The zero value works: a free port, nothing on disk, the default world, real time.
type Options struct {
	Addr    string // 127.0.0.1:0; with a data directory the port of the last run is tried first
	DataDir string // "" keeps everything in memory
	Clock   *clock.Clock
	Speed   float64 // of the emulated clock, when Clock is nil
	// Durations of operations by name, see DurationNames; what is missing has its default.
	Durations map[string]time.Duration
	// ThrottleScale multiplies the token buckets; 0 means real limits. NoThrottle turns them off.
	ThrottleScale float64
	NoThrottle    bool
	PageSize      int           // items per page of a list; 0 means 1000
	TokenLifetime time.Duration // of access tokens; 0 means the 3599 s of Entra ID
	// EmulatedTokenTime lets tokens expire by the emulated clock: advancing it by an hour is what a client with a cached
	// token needs to meet 401 ExpiredAuthenticationToken. Otherwise tokens live in real time.
	EmulatedTokenTime bool
	World             *world.World // replaces the default world
	Log               logr.Logger
}

// defaultDurations are short enough to watch and long enough to see states in.
var defaultDurations = map[string]time.Duration{
	"managedCluster.create": 30 * time.Second, "managedCluster.update": 30 * time.Second, "managedCluster.upgrade": 30 * time.Second, "managedCluster.delete": 30 * time.Second,
	"agentPool.create": 30 * time.Second, "agentPool.update": 30 * time.Second, "agentPool.upgrade": 30 * time.Second, "agentPool.delete": 30 * time.Second,
	"unchanged": 5 * time.Second, "resourceGroup.delete": 5 * time.Second, "network": 200 * time.Millisecond,
	"fleet.create": 30 * time.Second, "fleet.delete": 30 * time.Second, "fleet.member": 30 * time.Second,
	"extension": 20 * time.Second, "compute": 10 * time.Second, "registration": 10 * time.Second,
}

// DurationNames lists the keys of Options.Durations. A prefix ("agentPool") stands for all keys below it.
func DurationNames() []string {
	var out []string
	for k := range defaultDurations {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// durations resolves the options against the defaults.
func durations(given map[string]time.Duration) (map[string]time.Duration, error) {
	out := map[string]time.Duration{}
	for k, v := range defaultDurations {
		out[k] = v
	}
	keys := make([]string, 0, len(given))
	for k := range given {
		keys = append(keys, k)
	}
	slices.Sort(keys) // a prefix sorts before the keys below it, so the specific one wins
	for _, k := range keys {
		known := false
		for name := range defaultDurations {
			if name == k || strings.HasPrefix(name, k+".") {
				out[name], known = given[k], true
			}
		}
		if !known {
			return nil, fmt.Errorf("unknown duration %q; use one of %s or a prefix of them", k, strings.Join(DurationNames(), ", "))
		}
		if given[k] < 0 {
			return nil, fmt.Errorf("duration %s is negative: %s", k, given[k])
		}
	}
	return out, nil
}

func aksDurations(d map[string]time.Duration) aks.Durations {
	return aks.Durations{
		ClusterCreate: d["managedCluster.create"], ClusterUpdate: d["managedCluster.update"], ClusterUpgrade: d["managedCluster.upgrade"], ClusterDelete: d["managedCluster.delete"],
		PoolCreate: d["agentPool.create"], PoolUpdate: d["agentPool.update"], PoolUpgrade: d["agentPool.upgrade"], PoolDelete: d["agentPool.delete"], Unchanged: d["unchanged"],
	}
}
