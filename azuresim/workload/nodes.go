package workload

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// Node is one instance of a node pool, as the cluster should see it.
type Node struct {
	Name          string            `json:"name"`
	ProviderID    string            `json:"providerID"`        // azure:///subscriptions/.../virtualMachines/<n>
	Version       string            `json:"version,omitempty"` // default: the cluster's
	Pool          string            `json:"pool,omitempty"`
	Mode          string            `json:"mode,omitempty"` // System or User
	Zone          string            `json:"zone,omitempty"` // "1" or eastus-1
	VMSize        string            `json:"vmSize,omitempty"`
	InternalIP    string            `json:"internalIP,omitempty"`
	OS            string            `json:"os,omitempty"` // Linux (default) or Windows
	NodeImage     string            `json:"nodeImage,omitempty"`
	Labels        map[string]string `json:"labels,omitempty"`
	Taints        []corev1.Taint    `json:"taints,omitempty"`
	Ready         bool              `json:"ready"`
	Unschedulable bool              `json:"unschedulable,omitempty"`
}

// nodeRecord is what a Node object was last made from. The difference between
// it and the next wish is all that is written, so that labels, taints and a
// cordon that others put on the object stay.
type nodeRecord struct {
	Node
	ReadySince time.Time `json:"readySince"` // last change of Ready
}

var nodeKind = builtin("", "nodes")

// SetNodes makes the Node objects of a cluster exactly those of the list: it
// creates, deletes and updates what differs, and writes nothing otherwise. A
// node with a new ProviderID is a new instance: its object is replaced. A Node
// object that a client deleted while its instance still exists comes back with
// the next SetNodes, as a kubelet would register it again; Node objects that
// clients created themselves are removed, as the cloud controller does with
// nodes that have no instance.
func (m *Manager) SetNodes(id string, nodes []Node) error {
	c, err := m.cluster(id)
	if err != nil {
		return err
	}
	wanted := make(map[string]Node, len(nodes))
	for _, n := range nodes {
		if err := checkName(nodeKind, n.Name); err != nil {
			return fmt.Errorf("workload cluster %q: node %q: %w", id, n.Name, err)
		}
		if _, twice := wanted[n.Name]; twice {
			return fmt.Errorf("workload cluster %q: node %q is listed twice; node names are unique in a cluster", id, n.Name)
		}
		wanted[n.Name] = n
	}
	return c.write(func() error {
		if c.asleep != nil {
			c.asleep.expect(nodes, c.now().Time)
			return nil
		}
		c.removeNodes(wanted)
		for _, n := range nodes {
			if err := c.setNode(n); err != nil {
				return fmt.Errorf("workload cluster %q: node %q: %w", id, n.Name, err)
			}
		}
		return nil
	})
}

// removeNodes deletes the nodes without an instance, finalizers or not.
func (c *cluster) removeNodes(wanted map[string]Node) {
	for key, raw := range c.table(nodeKind.gr()).items {
		name := strings.TrimPrefix(key, tableKey("", ""))
		record, ours := c.nodes[name]
		providerID := record.ProviderID
		if !ours {
			providerID = text(decode(raw), "spec", "providerID")
		}
		if want, ok := wanted[name]; !ok || (providerID != "" && providerID != want.ProviderID) {
			c.remove(nodeKind, decode(raw))
			delete(c.nodes, name)
		}
	}
	for name := range c.nodes {
		if _, ok := wanted[name]; !ok {
			delete(c.nodes, name)
			c.dirty = true
		}
	}
}

func (c *cluster) setNode(n Node) error {
	if n.Version == "" {
		n.Version = c.spec.Version // part of the record: an upgrade of the cluster is a difference
	}
	stored := c.find(nodeKind, "", n.Name)
	last, known := c.nodes[n.Name]
	if stored == nil {
		return c.registerNode(n)
	}
	if known && equality.Semantic.DeepEqual(last.Node, n) {
		return nil
	}
	next := nodeRecord{Node: n, ReadySince: last.ReadySince}
	if !known || last.Ready != n.Ready {
		next.ReadySince = c.now().Time
	}
	var base *corev1.Node // nil for an object somebody else created: everything is written
	if known {
		base = c.nodeObject(last)
	}
	merged, err := mergeNode(stored, base, c.nodeObject(next))
	if err != nil {
		return err
	}
	c.nodes[n.Name] = next
	c.dirty = true
	if err := normalise(nodeKind, merged, writeOptions{}); err != nil {
		return err
	}
	if string(encode(merged)) != string(stored) {
		c.put(nodeKind, merged)
	}
	return nil
}

func (c *cluster) registerNode(n Node) error {
	record := nodeRecord{Node: n, ReadySince: c.now().Time}
	raw, err := json.Marshal(c.nodeObject(record))
	if err != nil {
		return err
	}
	obj := decode(raw)
	if err := normalise(nodeKind, obj, writeOptions{}); err != nil {
		return err
	}
	if _, err := c.insert(nodeKind, obj, false); err != nil {
		return err
	}
	c.nodes[n.Name] = record
	return nil
}

// mergeNode applies the difference between two generated nodes to the stored
// one. Taints are an atomic list to a strategic patch, but have several owners.
func mergeNode(stored []byte, base, next *corev1.Node) (object, error) {
	if base == nil {
		base = &corev1.Node{}
	}
	added, removed := taintChanges(base.Spec.Taints, next.Spec.Taints)
	base.Spec.Taints, next.Spec.Taints = nil, nil
	before, err := json.Marshal(base)
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, corev1.Node{})
	if err != nil {
		return nil, err
	}
	merged, err := strategicpatch.StrategicMergePatch(stored, patch, corev1.Node{})
	if err != nil {
		return nil, err
	}
	obj := object{}
	if err := kjson.Unmarshal(merged, &obj); err != nil {
		return nil, err
	}
	return obj, editTaints(obj, added, removed)
}

func taintChanges(base, next []corev1.Taint) (added, removed []corev1.Taint) {
	for _, t := range next {
		if !holds(base, t, true) {
			added = append(added, t)
		}
	}
	for _, t := range base {
		if !holds(next, t, false) {
			removed = append(removed, t)
		}
	}
	return added, removed
}

// holds tells whether a list has a taint of the same key and effect, and value.
func holds(taints []corev1.Taint, t corev1.Taint, value bool) bool {
	for i := range taints {
		if taints[i].MatchTaint(&t) && (!value || taints[i].Value == t.Value) {
			return true
		}
	}
	return false
}

func editTaints(node object, added, removed []corev1.Taint) error {
	if len(added)+len(removed) == 0 {
		return nil
	}
	var spec corev1.NodeSpec
	if err := fromObject(child(node, "spec"), &spec); err != nil {
		return err
	}
	var taints []any
	keep := func(t corev1.Taint) {
		entry := object{"key": t.Key, "effect": string(t.Effect)}
		if t.Value != "" {
			entry["value"] = t.Value
		}
		if t.TimeAdded != nil {
			entry["timeAdded"] = t.TimeAdded.UTC().Format(time.RFC3339)
		}
		taints = append(taints, entry)
	}
	for _, t := range spec.Taints {
		if !holds(removed, t, false) && !holds(added, t, false) {
			keep(t)
		}
	}
	for _, t := range added {
		keep(t)
	}
	if taints == nil {
		delete(child(node, "spec"), "taints")
		return nil
	}
	child(node, "spec")["taints"] = taints
	return nil
}
