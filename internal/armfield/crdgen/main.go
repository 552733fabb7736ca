// Command crdgen completes the CRDs that controller-gen made, with what is derived from the arm tags or cannot be said
// in markers: rules for immutable fields, the version v1alpha4, the contract labels, the two forms of sku, conditions of
// the earlier provider. It also writes the field reference and the coverage report. It changes the files in place and must run right after
// controller-gen. It must not hold a rule about a single field that a marker could express.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	crds := flag.String("crds", "config/crd/bases", "folder with the CRDs to complete")
	docs := flag.String("docs", "docs/reference", "folder for the field reference and the coverage report; none if empty")
	flag.Parse()
	if err := run(*crds, *docs); err != nil {
		fmt.Fprintln(os.Stderr, "crdgen:", err)
		os.Exit(1)
	}
}

func run(dir, docs string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		return err
	}
	byKind := map[string]*apiextensionsv1.CustomResourceDefinition{}
	var errs []error
	for _, file := range files {
		crd, err := rewrite(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		}
		byKind[crd.Spec.Names.Kind] = crd
	}
	for _, k := range kinds {
		if byKind[k.name] == nil {
			errs = append(errs, fmt.Errorf("%s has no CRD of kind %s", dir, k.name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if docs == "" {
		return nil
	}
	return errors.Join(
		os.WriteFile(filepath.Join(docs, "api.md"), []byte(reference(byKind)), 0o644),
		os.WriteFile(filepath.Join(docs, "coverage.md"), []byte(coverageReport()), 0o644),
	)
}

func rewrite(file string) (*apiextensionsv1.CustomResourceDefinition, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		return nil, err
	}
	if err := complete(crd); err != nil {
		return nil, err
	}
	out, err := marshal(crd)
	if err != nil {
		return nil, err
	}
	return crd, os.WriteFile(file, out, 0o644)
}

// marshal writes a CRD without the empty status that a Go value always has.
func marshal(crd *apiextensionsv1.CustomResourceDefinition) ([]byte, error) {
	text, err := yaml.Marshal(crd)
	if err != nil {
		return nil, err
	}
	var object map[string]any
	if err := yaml.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	delete(object, "status")
	return yaml.Marshal(object)
}
