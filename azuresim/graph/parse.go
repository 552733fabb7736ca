package graph

import (
	"slices"
	"strconv"
	"strings"
)

// query is a table and the steps its rows go through.
type query struct {
	table string
	steps []step
}

// step turns rows into other rows. A probe keeps its one row whatever the filters say: it goes all the way to find
// columns that do not exist, which must be refused even when no resource gets that far.
type step func(rows []row, probe bool) ([]row, error)

func (q *query) run(rows []row) ([]row, error) {
	if _, err := q.through([]row{rowOf(nil)}, true); err != nil {
		return nil, err
	}
	return q.through(rows, false)
}

func (q *query) through(rows []row, probe bool) ([]row, error) {
	for _, s := range q.steps {
		var err error
		if rows, err = s(rows, probe); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

type parser struct {
	query  string
	tokens []token
	pos    int
}

// parse reads "table | operator | operator ...". A query may leave the table out.
func parse(text string) (*query, error) {
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{query: text, tokens: tokens}
	q := &query{table: "resources"}
	first := p.peek()
	if first.kind == 'i' && operatorsOf[strings.ToLower(first.text)] == nil {
		q.table = strings.ToLower(p.next().text)
		if q.table != "resources" && q.table != "resourcecontainers" {
			return nil, p.unexpected(first, "the tables are resources and resourcecontainers")
		}
		if p.peek().kind == 'e' {
			return q, nil
		}
		if err := p.expect("|"); err != nil {
			return nil, err
		}
	}
	for {
		name := p.next()
		build := operatorsOf[strings.ToLower(name.text)]
		if name.kind != 'i' || build == nil {
			return nil, p.unexpected(name, "this operator is not supported")
		}
		s, err := build(p)
		if err != nil {
			return nil, err
		}
		q.steps = append(q.steps, s)
		if p.peek().kind == 'e' {
			return q, nil
		}
		if err := p.expect("|"); err != nil {
			return nil, err
		}
	}
}

func (p *parser) peek() token { return p.tokens[p.pos] }

// named says that "name =" comes next.
func (p *parser) named() bool {
	return p.peek().kind == 'i' && p.tokens[p.pos+1].text == "="
}

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != 'e' {
		p.pos++
	}
	return t
}

func (p *parser) unexpected(t token, want string) error {
	return &syntaxError{p.query, t.at, t.text, want}
}

// accept consumes a keyword or a punctuation if it comes next.
func (p *parser) accept(text string) bool {
	if t := p.peek(); t.kind != 's' && strings.EqualFold(t.text, text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected(p.peek(), "expected '"+text+"'")
	}
	return nil
}

func (p *parser) name() (string, error) {
	t := p.next()
	if t.kind != 'i' {
		return "", p.unexpected(t, "expected a name")
	}
	return t.text, nil
}

func (p *parser) number() (int, error) {
	t := p.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != 'n' || err != nil {
		return 0, p.unexpected(t, "expected a number")
	}
	return n, nil
}

// list reads items separated by commas.
func list[T any](p *parser, item func() (T, error)) ([]T, error) {
	var out []T
	for {
		v, err := item()
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if !p.accept(",") {
			return out, nil
		}
	}
}

// expr computes a value from a row.
type expr func(row) (any, error)

// column is an expression with the name of the column it makes.
type column struct {
	name  string
	value expr
}

// column reads "name = expression", or an expression that names itself: a.b becomes a_b, as in Kusto.
func (p *parser) column() (column, error) {
	if p.named() {
		name := p.next().text
		p.pos++
		value, err := p.expression()
		return column{name, value}, err
	}
	start := p.pos
	value, err := p.expression()
	if err != nil {
		return column{}, err
	}
	var words []string
	for _, t := range p.tokens[start:p.pos] {
		if t.kind == 'i' || t.kind == 's' {
			words = append(words, t.text)
		}
	}
	return column{strings.Join(words, "_"), value}, nil
}

// expression is "a or b"; below it come and, not, comparisons and operands.
func (p *parser) expression() (expr, error) { return p.chain("or", p.conjunction) }

func (p *parser) conjunction() (expr, error) { return p.chain("and", p.comparison) }

func (p *parser) chain(word string, operand func() (expr, error)) (expr, error) {
	first, err := operand()
	if err != nil {
		return nil, err
	}
	all := []expr{first}
	for p.accept(word) {
		next, err := operand()
		if err != nil {
			return nil, err
		}
		all = append(all, next)
	}
	if len(all) == 1 {
		return first, nil
	}
	return func(r row) (any, error) {
		for _, e := range all {
			v, err := e(r)
			if err != nil {
				return nil, err
			}
			if truth(v) == (word == "or") {
				return word == "or", nil
			}
		}
		return word == "and", nil
	}, nil
}

// comparison is an operand, or two with a comparison between them, or one with "in (…)".
func (p *parser) comparison() (expr, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	at := p.pos
	op := strings.ToLower(p.next().text)
	if op == "!" {
		op += strings.ToLower(p.next().text)
	}
	compare, inverted := comparisons[op], false
	if compare == nil && strings.HasPrefix(op, "!") {
		compare, inverted = comparisons[op[1:]], true
	}
	if p.tokens[at].kind == 's' || compare == nil {
		p.pos = at
		return left, nil
	}
	rights := []expr(nil)
	if strings.TrimPrefix(op, "!") == "in" || strings.TrimPrefix(op, "!") == "in~" {
		if err := p.expect("("); err != nil {
			return nil, err
		}
		if rights, err = list(p, p.operand); err != nil {
			return nil, err
		}
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	} else {
		right, err := p.operand()
		if err != nil {
			return nil, err
		}
		rights = []expr{right}
	}
	return func(r row) (any, error) {
		a, err := left(r)
		if err != nil {
			return nil, err
		}
		for _, right := range rights {
			b, err := right(r)
			if err != nil {
				return nil, err
			}
			if compare(a, b) {
				return !inverted, nil
			}
		}
		return inverted, nil
	}, nil
}

// operand is a literal, a function call, a path into a column or an expression in parentheses.
func (p *parser) operand() (expr, error) {
	t := p.next()
	switch {
	case t.kind == 's':
		return constant(t.text), nil
	case t.kind == 'n':
		return p.numeric(t, 1)
	case t.text == "-" && p.peek().kind == 'n':
		return p.numeric(p.next(), -1)
	case t.text == "(":
		inner, err := p.expression()
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case t.kind == 'i' && (t.text == "true" || t.text == "false"):
		return constant(t.text == "true"), nil
	case t.kind == 'i' && p.peek().text == "(":
		return p.call(t)
	case t.kind == 'i':
		return p.path(t.text)
	}
	return nil, p.unexpected(t, "expected an expression")
}

func (p *parser) numeric(t token, sign float64) (expr, error) {
	f, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		return nil, p.unexpected(t, "expected a number")
	}
	return constant(sign * f), nil
}

func constant(v any) expr { return func(row) (any, error) { return v, nil } }

func (p *parser) call(name token) (expr, error) {
	fn, ok := functions[strings.ToLower(name.text)]
	if !ok {
		return nil, p.unexpected(name, "this function is not supported")
	}
	p.pos++ // the parenthesis
	args, err := list(p, p.expression)
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if len(args) != fn.args && fn.args >= 0 {
		return nil, p.unexpected(name, "wrong number of arguments")
	}
	return func(r row) (any, error) {
		values := make([]any, len(args))
		for i, a := range args {
			var err error
			if values[i], err = a(r); err != nil {
				return nil, err
			}
		}
		return fn.apply(values), nil
	}, nil
}

// path reads column.property['other'][0].
func (p *parser) path(column string) (expr, error) {
	at := p.tokens[p.pos-1]
	var keys []any
	for {
		switch {
		case p.accept("."):
			name, err := p.name()
			if err != nil {
				return nil, err
			}
			keys = append(keys, name)
		case p.accept("["):
			t := p.next()
			if t.kind == 's' {
				keys = append(keys, t.text)
			} else if n, err := strconv.Atoi(t.text); t.kind == 'n' && err == nil {
				keys = append(keys, n)
			} else {
				return nil, p.unexpected(t, "expected a name in quotes or a number")
			}
			if err := p.expect("]"); err != nil {
				return nil, err
			}
		default:
			return func(r row) (any, error) {
				i := slices.IndexFunc(r, func(c cell) bool { return c.name == column })
				if i < 0 {
					return nil, p.unexpected(at, "there is no such column")
				}
				return dig(resolve(r[i].value), keys), nil
			}, nil
		}
	}
}
