package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/capaks/capaks/internal/convert"
)

func newConvertCommand() *cobra.Command {
	f := &convertFlags{}
	cmd := &cobra.Command{
		Use:   "convert -f FILE",
		Short: "Rewrite old manifests into what an API server accepts",
		Long: `Rewrite manifests that no API server can accept any more: the group exp.infrastructure.cluster.x-k8s.io, v1alpha3
and v1alpha4, MachinePools without bootstrap, a bare string as sku.

The manifest keeps its comments, its order and its ${VARIABLES}; every change is printed to standard error, and so is
what only its author can decide (note:). Converting twice changes nothing more.`,
		Example: `  capaks convert -f old.yaml > new.yaml
  kubectl get cluster,machinepool -o yaml | capaks convert -f - | kubectl apply -f -
  capaks convert -f manifests/ -o converted/
  capaks convert --check -f manifests/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.run(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.inputs, "filename", "f", nil, "file, directory (its .yaml, .yml and .json files) or - for standard input; may be repeated")
	flags.StringVarP(&f.output, "output", "o", "", "file to write, or directory where several files are read (default: standard output)")
	flags.BoolVar(&f.check, "check", false, "write nothing and fail if anything would change")
	if err := cmd.MarkFlagRequired("filename"); err != nil {
		panic(err) // the flag is declared three lines above
	}
	return cmd
}

type convertFlags struct {
	inputs []string
	output string
	check  bool
}

// manifest is one file that is read. Its path is relative to the directory it was found in.
type manifest struct {
	label, path string
	text        []byte
}

func (f *convertFlags) run(in io.Reader, out, log io.Writer) error {
	var manifests []manifest
	for _, input := range f.inputs {
		found, err := readManifests(input, in)
		if err != nil {
			return err
		}
		manifests = append(manifests, found...)
	}
	changes := 0
	for i := range manifests {
		m := &manifests[i]
		result, err := convert.Convert(m.text)
		if err != nil {
			return fmt.Errorf("%s: %w", m.label, err)
		}
		for _, change := range result.Changes {
			printf(log, "%s: %s\n", m.label, change)
		}
		for _, note := range result.Notes {
			printf(log, "%s: note: %s\n", m.label, note)
		}
		changes += len(result.Changes)
		m.text = result.Output
	}
	if f.check {
		if changes > 0 {
			return fmt.Errorf("%d changes are needed: run without --check to make them", changes)
		}
		return nil
	}
	return f.write(manifests, out)
}

func (f *convertFlags) write(manifests []manifest, out io.Writer) error {
	if f.output == "" {
		for i, m := range manifests {
			if i > 0 {
				printf(out, "---\n")
			}
			if err := writeText(out, m.text, i+1 < len(manifests)); err != nil {
				return err
			}
		}
		return nil
	}
	if info, err := os.Stat(f.output); len(manifests) == 1 && (err != nil || !info.IsDir()) && !strings.HasSuffix(f.output, "/") {
		return os.WriteFile(f.output, manifests[0].text, 0o644)
	}
	for _, m := range manifests {
		target := filepath.Join(f.output, m.path)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, m.text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeText writes a document; one that another follows must end its last line.
func writeText(out io.Writer, text []byte, more bool) error {
	if more && len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	_, err := out.Write(text)
	return err
}

func readManifests(input string, in io.Reader) ([]manifest, error) {
	if input == "-" {
		text, err := io.ReadAll(in)
		return []manifest{{"-", "stdin.yaml", text}}, err
	}
	info, err := os.Stat(input)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		text, err := os.ReadFile(input)
		return []manifest{{input, filepath.Base(input), text}}, err
	}
	var manifests []manifest
	err = filepath.WalkDir(input, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(input, path)
		manifests = append(manifests, manifest{path, relative, text})
		return err
	})
	if err == nil && len(manifests) == 0 {
		err = errors.New(input + " has no .yaml, .yml or .json file")
	}
	return manifests, err
}

func isManifest(path string) bool {
	switch filepath.Ext(path) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
