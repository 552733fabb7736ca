package workload

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

var nodeColumns = []column{
	nameColumn,
	textColumn("Status", false, nodeStatus),
	textColumn("Roles", false, nodeRoles),
	ageColumn,
	fieldColumn("Version", "string", "status", "nodeInfo", "kubeletVersion"),
	textColumn("Internal-IP", true, nodeAddress("InternalIP")),
	textColumn("External-IP", true, nodeAddress("ExternalIP")),
	wide(fieldColumn("OS-Image", "string", "status", "nodeInfo", "osImage")),
	wide(fieldColumn("Kernel-Version", "string", "status", "nodeInfo", "kernelVersion")),
	wide(fieldColumn("Container-Runtime", "string", "status", "nodeInfo", "containerRuntimeVersion")),
}

func wide(c column) column {
	c.wide = true
	return c
}

func nodeStatus(node object) string {
	status := "Unknown"
	for _, item := range list(node, "status", "conditions") {
		cond, _ := item.(object)
		if text(cond, "type") != "Ready" {
			continue
		}
		status = "NotReady"
		if text(cond, "status") == "True" {
			status = "Ready"
		}
	}
	if off, _ := lookup(node, "spec", "unschedulable").(bool); off {
		status += ",SchedulingDisabled"
	}
	return status
}

func nodeRoles(node object) string {
	var roles []string
	for label, value := range stringMap(node, "metadata", "labels") {
		if role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/"); ok && role != "" {
			roles = append(roles, role)
		} else if label == "kubernetes.io/role" && value != "" {
			roles = append(roles, value)
		}
	}
	sort.Strings(roles)
	return orNone(strings.Join(roles, ","))
}

func nodeAddress(kind string) func(object) string {
	return func(node object) string {
		for _, item := range list(node, "status", "addresses") {
			if a, _ := item.(object); text(a, "type") == kind {
				return text(a, "address")
			}
		}
		return "<none>"
	}
}

var podColumns = []column{
	nameColumn,
	textColumn("Ready", false, func(pod object) string {
		ready := 0
		for _, item := range list(pod, "status", "containerStatuses") {
			if s, _ := item.(object); s["ready"] == true {
				ready++
			}
		}
		return fmt.Sprintf("%d/%d", ready, len(list(pod, "spec", "containers")))
	}),
	textColumn("Status", false, func(pod object) string {
		if text(pod, "metadata", "deletionTimestamp") != "" {
			return "Terminating"
		}
		return text(pod, "status", "phase")
	}),
	{name: "Restarts", typ: "string", value: func(pod object, _ time.Time) any {
		restarts := int64(0)
		for _, item := range list(pod, "status", "containerStatuses") {
			if s, _ := item.(object); s != nil {
				restarts += number(s, "restartCount")
			}
		}
		return fmt.Sprint(restarts)
	}},
	ageColumn,
	textColumn("IP", true, func(pod object) string { return orNone(text(pod, "status", "podIP")) }),
	textColumn("Node", true, func(pod object) string { return orNone(text(pod, "spec", "nodeName")) }),
}

var serviceColumns = []column{
	nameColumn,
	fieldColumn("Type", "string", "spec", "type"),
	textColumn("Cluster-IP", false, func(svc object) string { return orNone(text(svc, "spec", "clusterIP")) }),
	textColumn("External-IP", false, func(svc object) string {
		for _, item := range list(svc, "status", "loadBalancer", "ingress") {
			if ingress, _ := item.(object); text(ingress, "ip") != "" {
				return text(ingress, "ip")
			}
		}
		if text(svc, "spec", "type") == "LoadBalancer" {
			return "<pending>"
		}
		return "<none>"
	}),
	textColumn("Port(s)", false, func(svc object) string {
		var ports []string
		for _, item := range list(svc, "spec", "ports") {
			port, _ := item.(object)
			protocol := text(port, "protocol")
			if protocol == "" {
				protocol = "TCP"
			}
			ports = append(ports, fmt.Sprintf("%d/%s", number(port, "port"), protocol))
		}
		return orNone(strings.Join(ports, ","))
	}),
	ageColumn,
}
