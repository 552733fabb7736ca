package sandbox

import (
	"bytes"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// Components rewrites a components file, as clusterctl installs it, for this sandbox: its webhooks point at the process that runs here
// instead of a Service, which nothing would serve. What clusterctl then installs does not change what the sandbox installed.
func (s *Sandbox) Components(component string, manifest []byte) ([]byte, error) {
	var to endpoint
	switch component {
	case ClusterAPI:
		to = s.clusterAPIEndpoint()
	case Manager:
		to = s.managerEndpoint()
	default:
		return nil, fmt.Errorf("sandbox: %q has no components file; choose from %s, %s", component, ClusterAPI, Manager)
	}
	objects, err := parse(manifest)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, object := range objects {
		if err := pointAt(object, to); err != nil {
			return nil, err
		}
		raw, err := yaml.Marshal(object.Object)
		if err != nil {
			return nil, err
		}
		_, _ = io.WriteString(&out, "---\n")
		_, _ = out.Write(raw)
	}
	return out.Bytes(), nil
}
