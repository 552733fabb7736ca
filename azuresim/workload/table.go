package workload

import (
	"fmt"
	"strings"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/client-go/util/jsonpath"
)

// column is one column of what `kubectl get` prints; wide ones only with -o wide.
type column struct {
	name, typ string
	wide      bool
	value     func(obj object, now time.Time) any
}

// table renders objects in the form that kubectl asks for.
func (r *request) table(items [][]byte, rv string, definitions bool) *metav1.Table {
	now := r.cluster.manager.opts.Now()
	include := r.URL.Query().Get("includeObject")
	t := &metav1.Table{
		TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"},
		ListMeta: metav1.ListMeta{ResourceVersion: rv},
		Rows:     []metav1.TableRow{},
	}
	if definitions {
		for i, col := range r.kind.columns {
			d := metav1.TableColumnDefinition{Name: col.name, Type: col.typ}
			if i == 0 {
				d.Format = "name"
			}
			if col.wide {
				d.Priority = 1
			}
			t.ColumnDefinitions = append(t.ColumnDefinitions, d)
		}
	}
	for _, raw := range items {
		obj := decode(raw)
		row := metav1.TableRow{}
		for _, col := range r.kind.columns {
			row.Cells = append(row.Cells, col.value(obj, now))
		}
		switch include {
		case string(metav1.IncludeNone):
		case string(metav1.IncludeObject):
			row.Object = runtime.RawExtension{Raw: r.servedPlain(raw)}
		default:
			row.Object = runtime.RawExtension{Raw: encode(partial(obj))}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func fieldColumn(name, typ string, path ...string) column {
	return column{name: name, typ: typ, value: func(obj object, _ time.Time) any { return lookup(obj, path...) }}
}

func textColumn(name string, wide bool, value func(obj object) string) column {
	return column{name: name, typ: "string", wide: wide, value: func(obj object, _ time.Time) any { return value(obj) }}
}

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

func age(timestamp string, now time.Time) string {
	t, err := time.Parse(time.RFC3339, timestamp)
	if err != nil {
		return "<unknown>"
	}
	return duration.HumanDuration(now.Sub(t))
}

var (
	nameColumn = fieldColumn("Name", "string", "metadata", "name")
	ageColumn  = column{name: "Age", typ: "string", value: func(obj object, now time.Time) any {
		return age(text(obj, "metadata", "creationTimestamp"), now)
	}}
)

// builtinColumns are the columns a real API server prints for the kinds that
// people look at, and Name and Age for the rest.
func builtinColumns(k *kind) []column {
	count := func(name string, path ...string) column {
		return column{name: name, typ: "integer", value: func(obj object, _ time.Time) any { return number(obj, path...) }}
	}
	size := func(name string, path ...string) column {
		return column{name: name, typ: "integer", value: func(obj object, _ time.Time) any {
			m, _ := lookup(obj, path...).(object)
			return int64(len(m))
		}}
	}
	ready := func(want, have []string) column {
		return textColumn("Ready", false, func(obj object) string {
			return fmt.Sprintf("%d/%d", number(obj, have...), number(obj, want...))
		})
	}
	replicas := []string{"spec", "replicas"}
	readyReplicas := []string{"status", "readyReplicas"}
	var middle []column
	switch k.gvk.Kind {
	case "Node":
		return nodeColumns
	case "Pod":
		return podColumns
	case "Service":
		return serviceColumns
	case "Namespace":
		middle = []column{fieldColumn("Status", "string", "status", "phase")}
	case "Deployment":
		middle = []column{ready(replicas, readyReplicas), count("Up-to-date", "status", "updatedReplicas"), count("Available", "status", "availableReplicas")}
	case "StatefulSet":
		middle = []column{ready(replicas, readyReplicas)}
	case "ReplicaSet":
		middle = []column{count("Desired", "spec", "replicas"), count("Current", "status", "replicas"), count("Ready", "status", "readyReplicas")}
	case "DaemonSet":
		middle = []column{count("Desired", "status", "desiredNumberScheduled"), count("Current", "status", "currentNumberScheduled"), count("Ready", "status", "numberReady")}
	case "ConfigMap":
		middle = []column{size("Data", "data")}
	case "Secret":
		middle = []column{fieldColumn("Type", "string", "type"), size("Data", "data")}
	case "Lease":
		middle = []column{fieldColumn("Holder", "string", "spec", "holderIdentity")}
	case "StorageClass":
		middle = []column{fieldColumn("Provisioner", "string", "provisioner")}
	case "CustomResourceDefinition":
		return []column{nameColumn, fieldColumn("Created At", "date", "metadata", "creationTimestamp")}
	case "Event":
		return []column{
			{name: "Last Seen", typ: "string", value: func(obj object, now time.Time) any { return age(text(obj, "lastTimestamp"), now) }},
			fieldColumn("Type", "string", "type"), fieldColumn("Reason", "string", "reason"),
			textColumn("Object", false, func(obj object) string {
				return strings.ToLower(text(obj, "involvedObject", "kind")) + "/" + text(obj, "involvedObject", "name")
			}),
			fieldColumn("Message", "string", "message"),
		}
	}
	return append(append([]column{nameColumn}, middle...), ageColumn)
}

// customColumns are the additionalPrinterColumns of a CRD.
func customColumns(defs []apiextensionsv1.CustomResourceColumnDefinition) []column {
	if len(defs) == 0 {
		return []column{nameColumn, ageColumn}
	}
	columns := []column{nameColumn}
	for _, def := range defs {
		path := jsonpath.New(def.Name).AllowMissingKeys(true)
		if path.Parse("{"+def.JSONPath+"}") != nil {
			continue
		}
		columns = append(columns, column{name: def.Name, typ: def.Type, wide: def.Priority > 0, value: func(obj object, now time.Time) any {
			results, err := path.FindResults(obj)
			if err != nil || len(results) == 0 || len(results[0]) == 0 {
				return nil
			}
			value := results[0][0].Interface()
			if s, ok := value.(string); ok && def.Type == "date" {
				return age(s, now)
			}
			return value
		}})
	}
	return columns
}
