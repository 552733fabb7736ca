package cli

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// parseObjects reads every object of a YAML stream; lists are opened, documents without content skipped.
func parseObjects(text []byte) ([]*unstructured.Unstructured, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var objects []*unstructured.Unstructured
	for n := 1; ; n++ {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		object := &unstructured.Unstructured{}
		if err == nil {
			err = yaml.Unmarshal(document, &object.Object)
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", n, err)
		}
		switch {
		case len(object.Object) == 0:
		case object.IsList():
			err := object.EachListItem(func(item runtime.Object) error {
				if one, ok := item.(*unstructured.Unstructured); ok {
					objects = append(objects, one)
				}
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("document %d: %w", n, err)
			}
		case object.GetKind() == "" || object.GetName() == "":
			return nil, fmt.Errorf("document %d has no kind or no metadata.name: it is no manifest", n)
		default:
			objects = append(objects, object)
		}
	}
}
