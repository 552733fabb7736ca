package documented

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Block is a block of YAML in the text of the documentation.
type Block struct {
	Heading string
	YAML    string
}

// manifestLine is a line that goes on with a block: indented (but not a bullet), a key of an object, a separator or a comment.
var manifestLine = regexp.MustCompile(`^( +[^ •]|[a-zA-Z]+:|---|#)`)

// Blocks finds the blocks of YAML in the text, each below one of the given headings.
func Blocks(text string, headings []string) []Block {
	var blocks []Block
	heading := ""
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if slices.Contains(headings, strings.TrimSpace(lines[i])) {
			heading = strings.TrimSpace(lines[i])
		}
		if !strings.HasPrefix(lines[i], "apiVersion:") {
			continue
		}
		end := i
		for j := i; j < len(lines) && (strings.TrimSpace(lines[j]) == "" || manifestLine.MatchString(lines[j])); j++ {
			if strings.TrimSpace(lines[j]) != "" {
				end = j
			}
		}
		blocks = append(blocks, Block{heading, strings.Join(lines[i:end+1], "\n") + "\n"})
		i = end
	}
	return blocks
}

// Expand fills in ${NAME}, ${NAME:=default} and ${NAME/#prefix/instead}, as clusterctl generate does. A default may itself be a variable.
func Expand(text string, variables map[string]string) (string, error) {
	for {
		// The last one to begin has no other inside.
		begin := strings.LastIndex(text, "${")
		if begin < 0 {
			return text, nil
		}
		length := strings.IndexByte(text[begin:], '}')
		if length < 0 {
			return "", fmt.Errorf("variable without end: %.40q", text[begin:])
		}
		name, value, hasDefault := strings.Cut(text[begin+2:begin+length], ":=")
		name, replaced, _ := strings.Cut(name, "/#")
		if set, ok := variables[name]; ok {
			value = set
		} else if !hasDefault {
			return "", fmt.Errorf("variable %s has no value", name)
		}
		if prefix, instead, ok := strings.Cut(replaced, "/"); ok && strings.HasPrefix(value, prefix) {
			value = instead + strings.TrimPrefix(value, prefix)
		}
		text = text[:begin] + value + text[begin+length+1:]
	}
}
