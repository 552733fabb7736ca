// Command armspec turns Microsoft's descriptions of Azure's management API (Swagger, Bicep types, template
// JSON schemas) into compact property tables: one file per resource type and api-version, one line per
// property, no prose. The provider and the emulator each embed their own copy and read it with code of their
// own. It must not know anything about either of them.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	specs := flag.String("specs", "", "folder with the API descriptions (bicep-types, openapi-rebuilt, ...)")
	provider := flag.String("out-provider", "", "folder for the tables of the provider")
	sim := flag.String("out-sim", "", "folder for the tables of the emulator")
	flag.Parse()
	if err := run(*specs, *provider, *sim, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "armspec:", err)
		os.Exit(1)
	}
}

func run(specs, provider, sim string, report io.Writer) error {
	if specs == "" || provider == "" || sim == "" {
		return fmt.Errorf("-specs, -out-provider and -out-sim are all required")
	}
	tables, err := (&reader{specs: specs, report: report}).all()
	if err != nil {
		return err
	}
	for _, out := range []struct {
		dir    string
		wanted func(table) bool
	}{{provider, forProvider}, {sim, forEmulator}} {
		if err := write(out.dir, specs, tables, out.wanted, report); err != nil {
			return err
		}
	}
	return nil
}

// forProvider selects the api-versions the provider pins; anything else would be dead weight in its binary.
func forProvider(t table) bool {
	pinned := map[string][]string{
		aks:             {"2026-05-01", "2026-05-02-preview"},
		agentPools:      {"2026-05-01", "2026-05-02-preview"},
		maintenance:     {"2026-05-01"},
		fleetMember:     {"2024-04-01"},
		extension:       {"2023-05-01"},
		privateEndpoint: {"2024-05-01"},
		virtualNetwork:  {"2021-02-01"},
		subnet:          {"2021-02-01"},
		resourceGroup:   {"2021-04-01"},
	}
	return slices.Contains(pinned[t.resourceType], t.apiVersion)
}

// forEmulator leaves out private endpoints: their only description is one of templates, and the emulator's own type is
// written after recorded answers.
func forEmulator(t table) bool { return t.resourceType != privateEndpoint }

func write(dir, specs string, tables []table, wanted func(table) bool, report io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	stale, err := filepath.Glob(filepath.Join(dir, "*.tsv"))
	if err != nil {
		return err
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	files, bytes := 0, 0
	for _, t := range tables {
		if !wanted(t) {
			continue
		}
		text := t.text()
		if err := os.WriteFile(filepath.Join(dir, t.fileName()), []byte(text), 0o644); err != nil {
			return err
		}
		files, bytes = files+1, bytes+len(text)
	}
	licence, err := os.ReadFile(filepath.Join(specs, "arm-json-schema", "LICENSE"))
	if err != nil {
		return err
	}
	fmt.Fprintf(report, "%d tables, %d bytes\n", files, bytes)
	return os.WriteFile(filepath.Join(dir, "LICENSE"), licence, 0o644)
}
