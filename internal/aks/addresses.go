package aks

import (
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/capaks/capaks/api/v1beta1"
	"github.com/capaks/capaks/internal/fieldset"
)

// Permission is what a role allows.
type Permission struct{ Actions, NotActions []string }

// joinAction is what AKS needs of whoever puts nodes into a subnet.
const joinAction = "Microsoft.Network/virtualNetworks/subnets/join/action"

// roles that let their owner join a subnet, by the last segment of their definition's id.
var joiningRoles = []string{
	"8e3af657-a8ff-443c-a75c-2fe8c4bcb635", // Owner
	"b24988ac-6180-42a0-ab88-20f7382dd24c", // Contributor
	"4d97b98b-1d4f-4787-a291-c67834d212e7", // Network Contributor
}

// AuthorizationAPIVersion and IdentityAPIVersion are those of roles and of user-assigned identities.
const (
	AuthorizationAPIVersion = "2022-04-01"
	IdentityAPIVersion      = "2018-11-30"
)

// Allows tells whether the permission includes an action. Patterns have any number of stars and no case.
func (p Permission) Allows(action string) bool {
	fits := func(pattern string) bool {
		ok, err := path.Match(strings.ReplaceAll(strings.ToLower(pattern), "/", "."), strings.ReplaceAll(strings.ToLower(action), "/", "."))
		return ok && err == nil
	}
	return slices.ContainsFunc(p.Actions, fits) && !slices.ContainsFunc(p.NotActions, fits)
}

// PermissionOf reads a permission of Azure's list.
func PermissionOf(item fieldset.Object) Permission {
	return Permission{Actions: stringsAt(item, "actions"), NotActions: stringsAt(item, "notActions")}
}

// PreflightSubnets are the subnets in which rights have to be looked at before the cluster is created: in a network of its own the
// provider has them anyway.
func PreflightSubnets(in Inputs, obs Observation) []string {
	if !broughtNetwork(in, obs) || obs.Cluster.Exists {
		return nil
	}
	n := NamesOf(in)
	var ids []string
	for _, pool := range in.Pools {
		id := nodeSubnetID(n, pool)
		if !pool.Deleting && !in.observedOnly(pool) && !slices.ContainsFunc(ids, func(other string) bool { return SameID(id, other) }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// ClusterIdentityID is the user-assigned identity of the cluster; empty where AKS makes one.
func ClusterIdentityID(in Inputs) string {
	if identity := in.ControlPlane.Spec.Identity; identity != nil {
		return identity.UserAssignedIdentityResourceID
	}
	return ""
}

func broughtNetwork(in Inputs, obs Observation) bool {
	return obs.VirtualNetwork.Exists && !ownedByTag(obs.VirtualNetwork.Body, in.Cluster.Name)
}

func nodeSubnetID(n Names, pool Pool) string {
	if id := pool.Object.Spec.VnetSubnetID; id != "" {
		return id
	}
	return poolSubnetID(n, pool)
}

// rightChecks: whoever creates the cluster must be allowed to join its subnets, and the cluster's identity, too.
func rightChecks(in Inputs, n Names, obs Observation, pools []Pool) []Check {
	if !broughtNetwork(in, obs) {
		return nil
	}
	p := obs.Preflight
	var checks []Check
	for _, id := range PreflightSubnets(in, obs) {
		key := strings.ToLower(id)
		if why, unread := p.Unread[key]; unread {
			checks = append(checks, warned("NotChecked", "", "rights on subnet %s could not be checked: %s", id, why))
		}
		rights, read := p.Rights[key]
		if read && !slices.ContainsFunc(rights, func(r Permission) bool { return r.Allows(joinAction) }) {
			checks = append(checks, failedCheck("LinkedAuthorizationFailed", "", "the identity of this provider may not put nodes into subnet %s (%s): give it the role Network Contributor on the subnet", id, joinAction))
		}
		roles, read := p.Roles[key]
		if read && !slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(joiningRoles, strings.ToLower(lastSegment(role))) }) {
			checks = append(checks, warned("LinkedAuthorizationFailed", "", "the cluster's identity %s has no role on subnet %s that is known to let it in: give it the role Network Contributor on the subnet", ClusterIdentityID(in), id))
		}
	}
	return checks
}

// room is a subnet as far as its addresses count.
type room struct {
	id, cidr         string
	total, free      int64
	now, surge, most int64
	pools            []string
	subnetOfPods     bool
}

// reservedAddresses are kept by Azure in every subnet: the first four and the last.
const reservedAddresses = 5

// addressChecks count the addresses the nodes of all pools take in their subnets, and those of pods where they come from there, too.
func addressChecks(in Inputs, n Names, obs Observation, pools []Pool) []Check {
	rooms, checks := roomsOf(in, n, obs, pools)
	for _, r := range rooms {
		names := strings.Join(r.pools, ", ")
		switch {
		case r.subnetOfPods && r.now > r.free:
			checks = append(checks, warned("InsufficientSubnetSize", "", "pod subnet %s (%s) has %d free addresses, and the nodes of pools %s can run pods for %d: pods beyond that do not start", r.id, r.cidr, r.free, names, r.now))
		case r.subnetOfPods:
		case r.now > r.free || r.most > r.total:
			checks = append(checks, failedCheck("InsufficientSubnetSize", "", "subnet %s (%s) has %d of %d addresses free, and pools %s take %d, with their autoscaler up to %d: %s", r.id, r.cidr, r.free, r.total, names, r.now, r.most, largerSubnet))
		case max(r.now+r.surge, r.most) > r.free:
			checks = append(checks, warned("InsufficientSubnetSize", "", "subnet %s (%s) has %d of %d addresses free, and pools %s take up to %d with upgrades (maxSurge) and their autoscaler: those may fail: %s", r.id, r.cidr, r.free, r.total, names, max(r.now+r.surge, r.most), largerSubnet))
		}
	}
	return checks
}

func roomsOf(in Inputs, n Names, obs Observation, pools []Pool) (rooms []*room, checks []Check) {
	find := func(id string, pool Pool, ofPods bool) *room {
		for _, r := range rooms {
			if SameID(r.id, id) && r.subnetOfPods == ofPods {
				return r
			}
		}
		r, known := subnetRoom(in, n, obs, id)
		if !known {
			if obs.VirtualNetwork.Exists && strings.HasPrefix(strings.ToLower(id), strings.ToLower(n.NetworkID)+"/") && !ofPods {
				checks = append(checks, failedCheck("SubnetNotFound", PoolName(pool.Object), "subnet %s of pool %s does not exist: create it, or name one of %s", id, PoolName(pool.Object), strings.Join(subnetNames(obs.VirtualNetwork.Body), ", ")))
			}
			return nil
		}
		r.subnetOfPods = ofPods
		rooms = append(rooms, r)
		return r
	}
	for _, pool := range pools {
		spec := pool.Object.Spec
		nodes, most := newNodes(obs, pool)
		perNode := int64(1)
		if podsInNodeSubnet(in.ControlPlane.Spec, pool) {
			perNode += maxPods(spec, 30)
		}
		if r := find(nodeSubnetID(n, pool), pool, false); r != nil {
			r.now, r.most = r.now+nodes*perNode, r.most+most*perNode
			r.surge += surgeNodes(pool, count(pool)) * perNode
			r.pools = append(r.pools, PoolName(pool.Object))
		}
		if spec.PodSubnetID == "" {
			continue
		}
		if r := find(spec.PodSubnetID, pool, true); r != nil {
			r.now += nodes * maxPods(spec, 110)
			r.pools = append(r.pools, PoolName(pool.Object))
		}
	}
	return rooms, checks
}

// podsInNodeSubnet: with Azure CNI and neither overlay nor a subnet of their own, pods take addresses of the nodes' subnet, all at once.
func podsInNodeSubnet(spec v1beta1.AzureManagedControlPlaneSpec, pool Pool) bool {
	return spec.NetworkPlugin == "azure" && spec.NetworkPluginMode != "overlay" && pool.Object.Spec.PodSubnetID == ""
}

func maxPods(spec v1beta1.AzureManagedMachinePoolSpec, otherwise int64) int64 {
	if spec.MaxPods != nil {
		return int64(*spec.MaxPods)
	}
	return otherwise
}

// subnetRoom is the room in a subnet of the cluster's network: as it was read, or as it will be created.
func subnetRoom(in Inputs, n Names, obs Observation, id string) (*room, bool) {
	switch {
	case obs.VirtualNetwork.Exists:
		if !strings.HasPrefix(strings.ToLower(id), strings.ToLower(n.NetworkID)+"/subnets/") {
			return nil, false
		}
		subnet := findSubnet(obs.VirtualNetwork.Body, lastSegment(id))
		if subnet != nil {
			prefixes := append(stringsAt(subnet, "properties", "addressPrefixes"), stringAt(subnet, "properties", "addressPrefix"))
			return roomIn(id, prefixes, int64(len(objectsAt(subnet, "properties", "ipConfigurations"))))
		}
		if !broughtNetwork(in, obs) && SameID(id, n.SubnetID) {
			return plannedRoom(in, id)
		}
	case SameID(id, n.SubnetID):
		return plannedRoom(in, id)
	}
	return nil, false
}

func plannedRoom(in Inputs, id string) (*room, bool) {
	spec := in.ControlPlane.Spec.DeepCopy()
	DefaultControlPlane(spec, in.ControlPlane.Name, in.Cluster.Name)
	return roomIn(id, []string{spec.VirtualNetwork.Subnet.CIDRBlock}, 0)
}

// roomIn counts IPv4 addresses: a dual-stack subnet has far more of the others.
func roomIn(id string, prefixes []string, used int64) (*room, bool) {
	r := &room{id: id}
	for _, text := range prefixes {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !prefix.Addr().Is4() || r.cidr == text {
			continue
		}
		r.total += int64(1)<<(32-prefix.Bits()) - reservedAddresses
		if r.cidr == "" {
			r.cidr = text
		}
	}
	r.total = max(r.total, 0)
	r.free = max(r.total-used, 0)
	return r, r.cidr != ""
}
