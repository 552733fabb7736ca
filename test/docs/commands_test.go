package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/capaks/capaks/internal/cli"
)

// command is one command line of a page, as words.
type command struct {
	where string
	words []string
}

var assignment = regexp.MustCompile(`^[A-Z_]+=`)

// commands are the lines of code blocks that a shell would run, continuation lines joined, pipelines apart.
func commands(p page) (out []command) {
	for i := 0; i < len(p.lines); i++ {
		l := p.lines[i]
		if !l.code || l.lang == "yaml" || l.lang == "json" {
			continue
		}
		text := strings.TrimSpace(l.text)
		where := p.path + ": " + text
		for strings.HasSuffix(text, `\`) && i+1 < len(p.lines) {
			i++
			text = strings.TrimSuffix(text, `\`) + strings.TrimSpace(p.lines[i].text)
		}
		if before, _, comment := strings.Cut(text, " # "); comment {
			text = before
		}
		for _, part := range regexp.MustCompile(`\|\||\||&&|;|\$\(|\)`).Split(text, -1) {
			words := strings.Fields(part)
			for len(words) > 0 && (words[0] == "$" || words[0] == "&" || words[0] == "eval" || strings.HasPrefix(words[0], `"$`) || assignment.MatchString(words[0])) {
				words = words[1:]
			}
			if len(words) > 0 {
				out = append(out, command{where, words})
			}
		}
	}
	return out
}

// TestCommands: targets of make exist, and so do subcommands and flags of our programs, verbs of kubectl and the kinds they name.
func TestCommands(t *testing.T) {
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z][a-z0-9.-]*):`).FindAllStringSubmatch(contents(t, "Makefile"), -1) {
		targets[m[1]] = true
	}
	seen := map[string]int{}
	for _, p := range pages(t) {
		for _, c := range commands(p) {
			var problem string
			switch program := strings.TrimPrefix(c.words[0], "bin/"); program {
			case "make":
				problem = unknownTarget(targets, c.words[1:])
				seen[program]++
			case "capaks":
				problem = unknownFlag(cli.NewRootCommand(), c.words[1:])
				seen[program]++
			case "azuresim":
				if program == c.words[0] {
					continue // what it prints begins with its name; as a command it is written bin/azuresim
				}
				problem = unknownToHelp(t, c.words[1:])
				seen[program]++
			case "kubectl":
				problem = unknownKind(c.words[1:])
				seen[program]++
			}
			if problem != "" {
				t.Errorf("%s\n\t%s", c.where, problem)
			}
		}
	}
	for _, program := range []string{"make", "capaks", "azuresim", "kubectl"} {
		if seen[program] == 0 {
			t.Errorf("no command of %s was found on any page", program)
		}
	}
}

func unknownTarget(targets map[string]bool, words []string) string {
	for _, word := range words {
		if !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") && !strings.HasPrefix(word, "bin/") && !targets[word] {
			return "there is no target " + word
		}
	}
	return ""
}

// unknownFlag walks the commands of a program of ours.
func unknownFlag(root *cobra.Command, words []string) string {
	found, rest, err := root.Find(words)
	if err != nil {
		return err.Error()
	}
	for _, word := range rest {
		if found.HasSubCommands() && !strings.HasPrefix(word, "-") {
			return found.CommandPath() + " has no command " + word
		}
		name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if !strings.HasPrefix(word, "-") || name == "" || name == "help" || name == "h" {
			continue
		}
		long := strings.HasPrefix(word, "--")
		known := func(flags *pflag.FlagSet) bool {
			return long && flags.Lookup(name) != nil || !long && flags.ShorthandLookup(name[:1]) != nil
		}
		if !known(found.Flags()) && !known(found.InheritedFlags()) {
			return found.CommandPath() + " has no flag " + word
		}
	}
	return ""
}

// unknownToHelp asks azuresim, whose commands are part of its program.
func unknownToHelp(t *testing.T, words []string) string {
	t.Helper()
	program := filepath.Join(root, "bin", "azuresim")
	if _, err := os.Stat(program); err != nil {
		t.Skipf("%v; run make programs", err)
	}
	help := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), program, append(args, "--help")...).CombinedOutput()
		if err != nil {
			t.Fatalf("azuresim %v: %v", args, err)
		}
		return string(out)
	}
	if len(words) == 0 || !strings.Contains(help(), "\n  "+words[0]+" ") {
		return "azuresim has no such command"
	}
	text := help(words[0])
	for _, word := range words[1:] {
		name, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(word, "--") && !strings.Contains(text, name+" ") {
			return "azuresim " + words[0] + " has no flag " + name
		}
	}
	return ""
}

var (
	verbs = set("get", "describe", "apply", "delete", "patch", "annotate", "label", "create", "wait", "events", "diff", "logs", "explain",
		"edit", "scale", "replace", "rollout", "config", "version", "top", "auth", "cluster-info", "drain", "cordon", "api-resources", "port-forward", "set")
	withKind = set("get", "describe", "delete", "patch", "annotate", "label", "edit", "scale", "explain")
	kinds    = set("cluster-api", "cluster", "clusters", "machinepool", "machinepools", "machines", "clusterclass", "clusterclasses",
		"azuremanagedcontrolplane", "azuremanagedcontrolplanes", "amcp", "azuremanagedcluster", "azuremanagedclusters", "amc",
		"azuremanagedmachinepool", "azuremanagedmachinepools", "ammp", "azureclusteridentity", "azureclusteridentities", "aci",
		"azuremanagedcontrolplanetemplate", "azuremanagedclustertemplate", "azuremanagedmachinepooltemplate",
		"secret", "secrets", "configmap", "configmaps", "cm", "events", "ev", "nodes", "node", "pods", "pod", "po", "deployment", "deployments", "deploy", "certificate", "certificates",
		"crd", "crds", "customresourcedefinition", "namespace", "namespaces", "ns", "pdb", "lease", "leases", "all", "services", "svc", "networkpolicy", "validatingwebhookconfiguration", "validatingwebhookconfigurations", "mutatingwebhookconfiguration", "mutatingwebhookconfigurations", "sa", "serviceaccount")
	valueFlags = []string{"-n", "--namespace", "--kubeconfig", "-o", "--context", "--type", "-l", "-f", "--selector", "-p"}
)

func unknownKind(words []string) string {
	var plain []string
	for i := 0; i < len(words); i++ {
		switch {
		case slices.Contains(valueFlags, words[i]):
			i++
		case !strings.HasPrefix(words[i], "-"):
			plain = append(plain, words[i])
		}
	}
	if len(plain) == 0 {
		return ""
	}
	if !verbs[plain[0]] {
		return "kubectl has no " + plain[0]
	}
	if !withKind[plain[0]] || len(plain) == 1 || slices.Contains(words, "-f") {
		return ""
	}
	for _, kind := range strings.Split(plain[1], ",") {
		kind, _, _ = strings.Cut(kind, "/")
		kind, _, _ = strings.Cut(kind, ".")
		if !kinds[strings.ToLower(kind)] {
			return "there is no kind " + kind
		}
	}
	return ""
}
