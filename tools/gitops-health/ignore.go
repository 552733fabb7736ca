package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/itchyny/gojq"
	"sigs.k8s.io/yaml"
)

// exceptions are the paths whose differences Argo CD ignores, by "group_Kind".
type exceptions map[string][]string

const ignoreKey = "resource.customizations.ignoreDifferences."

func readExceptions(file string) (exceptions, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config struct{ Data map[string]string }
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, err
	}
	found := exceptions{}
	for key, text := range config.Data {
		name, ok := strings.CutPrefix(key, ignoreKey)
		if !ok {
			continue
		}
		var rule struct{ JQPathExpressions []string }
		if err := yaml.UnmarshalStrict([]byte(text), &rule); err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		found[name] = rule.JQPathExpressions
	}
	return found, nil
}

// compared is what is left of an object for a comparison.
func (e exceptions) compared(o object) (object, error) {
	group, _, _ := strings.Cut(fmt.Sprint(o["apiVersion"]), "/")
	for _, path := range e[group+"_"+fmt.Sprint(o["kind"])] {
		query, err := gojq.Parse("del(" + path + ")")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		result, _ := query.Run(o).Next()
		if err, failed := result.(error); failed {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		o, _ = result.(object)
	}
	return o, nil
}
