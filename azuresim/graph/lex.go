package graph

import (
	"fmt"
	"strings"
	"unicode"
)

// token is one word of a query. kind: i identifier, s string, n number, p punctuation or operator, e the end.
type token struct {
	kind byte
	text string
	at   int // position in the query
}

// syntaxError names the token a query was refused for.
type syntaxError struct {
	query string
	at    int
	token string
	want  string
}

func (e *syntaxError) Error() string {
	before := e.query[:min(e.at, len(e.query))]
	line := strings.Count(before, "\n") + 1
	column := len(before) - strings.LastIndex(before, "\n") - 1
	text := fmt.Sprintf("ParserFailure at line %d, characterPositionInLine %d, token '%s'", line, column, e.token)
	if e.want != "" {
		text += ": " + e.want
	}
	return text
}

// operators of more than one character, the longest first.
var operators = []string{"==", "!=", "=~", "!~", "<=", ">="}

func lex(query string) ([]token, error) {
	var out []token
	for i := 0; i < len(query); {
		c := query[i]
		start := i
		switch {
		case unicode.IsSpace(rune(c)):
			i++
			continue
		case strings.HasPrefix(query[i:], "//"): // a comment, to the end of the line
			for i < len(query) && query[i] != '\n' {
				i++
			}
			continue
		case c == '\'' || c == '"':
			end := strings.IndexByte(query[i+1:], c)
			if end < 0 {
				return nil, &syntaxError{query, i, query[i:], "the string is not closed"}
			}
			out = append(out, token{'s', query[i+1 : i+1+end], start})
			i += end + 2
			continue
		case c == '_' || unicode.IsLetter(rune(c)):
			for i < len(query) && (query[i] == '_' || query[i] == '-' && dashes(query[start:i]) || unicode.IsLetter(rune(query[i])) || unicode.IsDigit(rune(query[i]))) {
				i++
			}
			if i < len(query) && query[i] == '~' && (query[start:i] == "in") {
				i++
			}
			out = append(out, token{'i', query[start:i], start})
			continue
		case unicode.IsDigit(rune(c)):
			for i < len(query) && (unicode.IsDigit(rune(query[i])) || query[i] == '.') {
				i++
			}
			out = append(out, token{'n', query[start:i], start})
			continue
		}
		text := string(c)
		for _, op := range operators {
			if strings.HasPrefix(query[i:], op) {
				text = op
				break
			}
		}
		i += len(text)
		out = append(out, token{'p', text, start})
	}
	return append(out, token{'e', "<EOF>", len(query)}), nil
}

// dashes are part of a few operator names only; elsewhere a dash is a minus.
func dashes(word string) bool { return word == "project" || word == "mv" || word == "project-away" }
