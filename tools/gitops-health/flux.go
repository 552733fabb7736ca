package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
	"sigs.k8s.io/yaml"
)

// check are the expressions of a Kustomization for one kind.
type check struct {
	APIVersion, Kind            string
	Current, InProgress, Failed string
}

type checks []check

// readChecks reads all Kustomizations of a file.
func readChecks(file string) (checks, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var all checks
	for document := range bytes.SplitSeq(raw, []byte("\n---\n")) {
		var kustomization struct {
			Kind string
			Spec struct{ HealthCheckExprs checks }
		}
		if err := yaml.Unmarshal(document, &kustomization); err != nil {
			return nil, err
		}
		if kustomization.Kind == "Kustomization" {
			all = append(all, kustomization.Spec.HealthCheckExprs...)
		}
	}
	return all, nil
}

// status is what Flux says: an object whose last change nobody has looked at yet is in progress; then the expressions are asked,
// inProgress first, and an object none of them is true of is in progress.
func (c checks) status(o object) (string, error) {
	for _, one := range c {
		if one.APIVersion != o["apiVersion"] || one.Kind != o["kind"] {
			continue
		}
		metadata, _ := o["metadata"].(object)
		status, _ := o["status"].(object)
		if observed, known := status["observedGeneration"]; known && observed != metadata["generation"] {
			return "InProgress", nil
		}
		for _, expression := range []struct{ text, says string }{{one.InProgress, "InProgress"}, {one.Failed, "Failed"}, {one.Current, "Current"}} {
			if expression.text == "" {
				continue
			}
			is, err := evaluate(expression.text, o)
			if err != nil {
				return "", fmt.Errorf("%s: %w", expression.text, err)
			}
			if is {
				return expression.says, nil
			}
		}
		return "InProgress", nil
	}
	return "", nil
}

func evaluate(expression string, o object) (bool, error) {
	variables := []string{"apiVersion", "kind", "metadata", "spec", "status"}
	options := []cel.EnvOption{cel.OptionalTypes()}
	values := object{}
	for _, name := range variables {
		options = append(options, cel.Variable(name, cel.DynType))
		if values[name] = o[name]; o[name] == nil {
			values[name] = object{}
		}
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return false, err
	}
	ast, issues := env.Compile(expression)
	if issues.Err() != nil {
		return false, issues.Err()
	}
	program, err := env.Program(ast)
	if err != nil {
		return false, err
	}
	result, _, err := program.Eval(values)
	if err != nil {
		return false, err
	}
	is, ok := result.Value().(bool)
	if !ok {
		return false, fmt.Errorf("the result is %v, not a truth value", result.Value())
	}
	return is, nil
}
