// Command gitops-health tells what Argo CD and Flux make of objects: it runs the health checks of the manifests it is given, as these tools
// would, on the objects that it reads as JSON from standard input. It knows no kind; the expressions are all in the manifests.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
)

// object is a Kubernetes object as JSON.
type object = map[string]any

// answer is what the tools say of one object. A tool that has no check for its kind says nothing.
type answer struct {
	Argo, Message, Flux string
	// Compared is the object without what Argo CD ignores.
	Compared object
}

func main() {
	argo := flag.String("argocd", "", "file with the ConfigMap argocd-cm")
	flux := flag.String("flux", "", "file with a Kustomization")
	flag.Parse()
	if err := run(*argo, *flux, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gitops-health:", err)
		os.Exit(1)
	}
}

// run answers each object of the input, in its order.
func run(argoFile, fluxFile string, in io.Reader, out io.Writer) error {
	scripts, err := readScripts(argoFile)
	if err != nil {
		return fmt.Errorf("%s: %w", argoFile, err)
	}
	checks, err := readChecks(fluxFile)
	if err != nil {
		return fmt.Errorf("%s: %w", fluxFile, err)
	}
	ignored, err := readExceptions(argoFile)
	if err != nil {
		return fmt.Errorf("%s: %w", argoFile, err)
	}
	var objects []object
	if err := json.NewDecoder(in).Decode(&objects); err != nil {
		return err
	}
	answers := make([]answer, len(objects))
	for i, o := range objects {
		if answers[i].Argo, answers[i].Message, err = scripts.health(o); err != nil {
			return fmt.Errorf("argocd, %v: %w", o["kind"], err)
		}
		if answers[i].Compared, err = ignored.compared(o); err != nil {
			return fmt.Errorf("argocd, %v: %w", o["kind"], err)
		}
		if answers[i].Flux, err = checks.status(o); err != nil {
			return fmt.Errorf("flux, %v: %w", o["kind"], err)
		}
	}
	return json.NewEncoder(out).Encode(answers)
}
