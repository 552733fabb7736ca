package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	troubleshooting = "docs/troubleshooting.md"
	errorReference  = "docs/reference/errors.md" // generated: a row for each code of Azure
)

// row is the start of a table row that explains a reason or a condition.
var row = regexp.MustCompile("^\\| *((?:`[A-Za-z]+`(?:, )?)+) *\\|")

// TestReasons: everything that can stand in a condition is explained. Reasons that come from Azure's errors are in the generated reference.
func TestReasons(t *testing.T) {
	explained := map[string]bool{}
	for _, l := range split(contents(t, troubleshooting)) {
		if m := row.FindStringSubmatch(l.text); m != nil {
			for _, name := range strings.Split(m[1], ",") {
				explained[strings.Trim(name, " `")] = true
			}
		}
	}
	reference := contents(t, errorReference)
	found := findReasons(t)
	if len(found) < 60 {
		t.Fatalf("only %d reasons found: %v", len(found), slices.Sorted(maps.Keys(found)))
	}
	for _, reason := range slices.Sorted(maps.Keys(found)) {
		if !explained[reason] && !strings.Contains(reference, "| "+reason+" |") {
			t.Errorf("%s has no row in %s; it is set in %s", reason, troubleshooting, found[reason])
		}
	}
	types := findConditionTypes(t)
	for _, conditionType := range types {
		if !explained[conditionType] {
			t.Errorf("condition %s has no row in %s", conditionType, troubleshooting)
		}
	}
	for name := range explained {
		if found[name] == "" && !slices.Contains(types, name) && !azureStates[name] && !strings.Contains(reference, "| "+name+" |") {
			t.Errorf("%s explains %s, which nothing sets", troubleshooting, name)
		}
	}
}

// azureStates are provisioning states and health states that Azure names and conditions repeat.
var azureStates = set("Succeeded", "Creating", "Updating", "Upgrading", "Scaling", "Starting", "Stopping", "Deleting", "Canceled", "Failed",
	"Canceling", "Migrating", "Reconciling", "Unavailable", "Degraded", "Unknown")

func set(words ...string) map[string]bool {
	out := map[string]bool{}
	for _, word := range words {
		out[word] = true
	}
	return out
}

var camel = regexp.MustCompile(`^[A-Z][A-Za-z]+$`)

// findReasons reads the code of whatever takes part in making conditions: constants that are called reasons, reasons of verdicts,
// of credential problems, of plan steps, of events.
func findReasons(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, folder := range []string{"controller", "aks", "plan", "engine"} {
		dir := filepath.Join(root, "internal", folder)
		files := token.NewFileSet()
		parsed, err := parser.ParseDir(files, dir, func(info fs.FileInfo) bool { return !strings.HasSuffix(info.Name(), "_test.go") }, 0) //nolint:staticcheck // build tags do not matter here
		if err != nil {
			t.Fatal(err)
		}
		for _, pkg := range parsed {
			ast.Inspect(pkg, func(node ast.Node) bool {
				for _, literal := range reasonsOf(node) {
					if text, err := strconv.Unquote(literal.Value); err == nil && camel.MatchString(text) {
						position := files.Position(literal.Pos())
						found[text] = "internal/" + folder + "/" + filepath.Base(position.Filename) + ":" + strconv.Itoa(position.Line)
					}
				}
				return true
			})
		}
	}
	return found
}

// reasonsOf are the string literals of a node that become reasons.
func reasonsOf(node ast.Node) (out []*ast.BasicLit) {
	add := func(expressions ...ast.Expr) {
		for _, e := range expressions {
			if literal, ok := e.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				out = append(out, literal)
			}
		}
	}
	switch n := node.(type) {
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if i < len(n.Values) && (strings.HasPrefix(name.Name, "Reason") || strings.HasPrefix(name.Name, "reason") || strings.HasSuffix(name.Name, "Reason")) {
				add(n.Values[i])
			}
		}
	case *ast.CallExpr:
		switch name := called(n.Fun); {
		case slices.Contains([]string{"bad", "unknown", "well"}, name) && len(n.Args) > 0:
			add(n.Args[0])
		case name == "condition" && len(n.Args) == 2:
			add(n.Args[1])
		case name == "event" && len(n.Args) == 4:
			add(n.Args[2])
		}
	case *ast.CompositeLit:
		if called(n.Type) == "credentialProblem" && len(n.Elts) > 0 {
			add(n.Elts[0])
		}
	case *ast.KeyValueExpr:
		if called(n.Key) == "Reason" || called(n.Key) == "reason" {
			add(n.Value)
		}
	case *ast.AssignStmt:
		for i, target := range n.Lhs {
			if i < len(n.Rhs) && len(n.Lhs) == len(n.Rhs) && called(target) == "Reason" {
				add(n.Rhs[i])
			}
		}
	}
	return out
}

// called is the last name of an expression: of a function, a type or a field.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// findConditionTypes are the constants of the API whose names end in Condition.
func findConditionTypes(t *testing.T) (out []string) {
	t.Helper()
	matches := regexp.MustCompile(`(?m)^\t\w+Condition = "(\w+)"`)
	files, err := filepath.Glob(filepath.Join(root, "api", "v1beta1", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		relative, _ := filepath.Rel(root, file)
		for _, m := range matches.FindAllStringSubmatch(contents(t, relative), -1) {
			out = append(out, m[1])
		}
	}
	if len(out) < 15 {
		t.Fatalf("condition types: %v", out)
	}
	return out
}
