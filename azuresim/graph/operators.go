package graph

import (
	"slices"
	"strings"
)

// operatorsOf builds the step of each tabular operator from what follows its name. It is filled when the program
// starts, because the parser that the builders use looks into it.
var operatorsOf map[string]func(*parser) (step, error)

func init() {
	operatorsOf = map[string]func(*parser) (step, error){
		"where": where, "project": project, "project-away": projectAway, "extend": extend, "order": order, "sort": order, "limit": limited, "take": limited, "top": top, "count": count,
		"summarize": summarize, "distinct": distinct, "mv-expand": expand,
	}
}

func where(p *parser) (step, error) {
	condition, err := p.expression()
	if err != nil {
		return nil, err
	}
	return func(rows []row, probe bool) ([]row, error) {
		var out []row
		for _, r := range rows {
			v, err := condition(r)
			if err != nil {
				return nil, err
			}
			if probe || truth(v) {
				out = append(out, r)
			}
		}
		return out, nil
	}, nil
}

// eachRow is a step that turns every row into one other.
func eachRow(change func(row) (row, error)) step {
	return func(rows []row, _ bool) ([]row, error) {
		out := make([]row, 0, len(rows))
		for _, r := range rows {
			changed, err := change(r)
			if err != nil {
				return nil, err
			}
			out = append(out, changed)
		}
		return out, nil
	}
}

func project(p *parser) (step, error) {
	columns, err := list(p, p.column)
	if err != nil {
		return nil, err
	}
	return eachRow(func(r row) (row, error) { return pick(columns, r) }), nil
}

func pick(columns []column, r row) (row, error) {
	var out row
	for _, c := range columns {
		v, err := c.value(r)
		if err != nil {
			return nil, err
		}
		out = out.with(c.name, v)
	}
	return out, nil
}

func projectAway(p *parser) (step, error) {
	names, err := list(p, p.name)
	if err != nil {
		return nil, err
	}
	return eachRow(func(r row) (row, error) {
		return slices.DeleteFunc(slices.Clone(r), func(c cell) bool { return slices.Contains(names, c.name) }), nil
	}), nil
}

func extend(p *parser) (step, error) {
	columns, err := list(p, p.column)
	if err != nil {
		return nil, err
	}
	return eachRow(func(r row) (row, error) {
		for _, c := range columns {
			v, err := c.value(r)
			if err != nil {
				return nil, err
			}
			r = r.with(c.name, v)
		}
		return r, nil
	}), nil
}

// by is one key of a sort order.
type by struct {
	value     expr
	ascending bool
}

// sortKey reads "expression [asc|desc]"; Kusto sorts downwards unless told otherwise.
func (p *parser) sortKey() (by, error) {
	value, err := p.expression()
	if err != nil {
		return by{}, err
	}
	if p.accept("asc") {
		return by{value, true}, nil
	}
	p.accept("desc")
	return by{value, false}, nil
}

func order(p *parser) (step, error) {
	if err := p.expect("by"); err != nil {
		return nil, err
	}
	keys, err := list(p, p.sortKey)
	if err != nil {
		return nil, err
	}
	return sorted(keys), nil
}

func sorted(keys []by) step {
	return func(rows []row, _ bool) ([]row, error) {
		var failed error
		out := slices.Clone(rows)
		slices.SortStableFunc(out, func(a, b row) int {
			for _, k := range keys {
				x, err := k.value(a)
				y, err2 := k.value(b)
				if err != nil || err2 != nil {
					failed = err
					return 0
				}
				sign := -1
				if k.ascending {
					sign = 1
				}
				switch {
				case less(x, y):
					return -sign
				case less(y, x):
					return sign
				}
			}
			return 0
		})
		return out, failed
	}
}

func first(n int) step {
	return func(rows []row, probe bool) ([]row, error) {
		if probe {
			return rows, nil
		}
		return rows[:min(n, len(rows))], nil
	}
}

func limited(p *parser) (step, error) {
	n, err := p.number()
	if err != nil {
		return nil, err
	}
	return first(n), nil
}

func top(p *parser) (step, error) {
	n, err := p.number()
	if err != nil {
		return nil, err
	}
	sort, err := order(p)
	if err != nil {
		return nil, err
	}
	return func(rows []row, probe bool) ([]row, error) {
		rows, err := sort(rows, probe)
		if err != nil {
			return nil, err
		}
		return first(n)(rows, probe)
	}, nil
}

func count(*parser) (step, error) {
	return func(rows []row, _ bool) ([]row, error) { return []row{{{"Count", int64(len(rows))}}}, nil }, nil
}

func distinct(p *parser) (step, error) {
	columns, err := list(p, p.column)
	if err != nil {
		return nil, err
	}
	return func(rows []row, _ bool) ([]row, error) {
		var out []row
		seen := map[string]bool{}
		for _, r := range rows {
			picked, err := pick(columns, r)
			if err != nil {
				return nil, err
			}
			if key := keyOf(picked); !seen[key] {
				seen[key] = true
				out = append(out, picked)
			}
		}
		return out, nil
	}, nil
}

func keyOf(r row) string {
	var b strings.Builder
	for _, c := range r {
		b.WriteString(text(c.value) + "\x00")
	}
	return b.String()
}

// expand makes one row for each element of an array.
func expand(p *parser) (step, error) {
	c, err := p.column()
	if err != nil {
		return nil, err
	}
	return func(rows []row, _ bool) ([]row, error) {
		var out []row
		for _, r := range rows {
			v, err := c.value(r)
			if err != nil {
				return nil, err
			}
			elements, ok := v.([]any)
			if !ok {
				elements = []any{v}
			}
			for _, e := range elements {
				out = append(out, r.with(c.name, e))
			}
		}
		return out, nil
	}, nil
}

// aggregate makes one value of many rows.
type aggregate struct {
	name  string
	apply func([]row) (any, error)
}

func summarize(p *parser) (step, error) {
	var aggregates []aggregate
	var err error
	if !p.accept("by") {
		if aggregates, err = list(p, p.aggregate); err != nil {
			return nil, err
		}
		if p.peek().text != "by" {
			return grouped(aggregates, nil), nil
		}
		p.pos++
	}
	keys, err := list(p, p.column)
	if err != nil {
		return nil, err
	}
	return grouped(aggregates, keys), nil
}

// aggregate reads "[name =] function([expression])".
func (p *parser) aggregate() (aggregate, error) {
	name := ""
	if p.named() {
		name = p.next().text
		p.pos++
	}
	fn := p.next()
	kind := strings.ToLower(fn.text)
	if fn.kind != 'i' || !slices.Contains([]string{"count", "countif", "sum", "min", "max", "dcount"}, kind) {
		return aggregate{}, p.unexpected(fn, "this aggregation is not supported")
	}
	if err := p.expect("("); err != nil {
		return aggregate{}, err
	}
	var arg column
	if kind != "count" {
		var err error
		if arg, err = p.column(); err != nil {
			return aggregate{}, err
		}
	}
	if name == "" {
		name = kind + "_" + arg.name
	}
	return aggregate{name, func(rows []row) (any, error) { return aggregated(kind, arg.value, rows) }}, p.expect(")")
}

func aggregated(kind string, value expr, rows []row) (any, error) {
	if kind == "count" {
		return int64(len(rows)), nil
	}
	var values []any
	for _, r := range rows {
		v, err := value(r)
		if err != nil {
			return nil, err
		}
		if v != nil {
			values = append(values, v)
		}
	}
	total, seen := 0.0, map[string]bool{}
	var lowest, highest any
	for i, v := range values {
		n, _ := number(v)
		if kind == "countif" && truth(v) {
			n = 1
		}
		total += n
		seen[text(v)] = true
		if i == 0 || less(v, lowest) {
			lowest = v
		}
		if i == 0 || less(highest, v) {
			highest = v
		}
	}
	switch kind {
	case "min":
		return lowest, nil
	case "max":
		return highest, nil
	case "dcount":
		return int64(len(seen)), nil
	}
	return integer(total), nil
}

// grouped puts rows with equal keys together, in the order they first appear.
func grouped(aggregates []aggregate, keys []column) step {
	return func(rows []row, _ bool) ([]row, error) {
		groups, heads, names := map[string][]row{}, map[string]row{}, []string{}
		for _, r := range rows {
			head, err := pick(keys, r)
			if err != nil {
				return nil, err
			}
			k := keyOf(head)
			if heads[k] == nil && groups[k] == nil {
				names = append(names, k)
				heads[k] = head
			}
			groups[k] = append(groups[k], r)
		}
		if len(keys) == 0 && len(names) == 0 {
			names = []string{""}
		}
		var out []row
		for _, k := range names {
			r := slices.Clone(heads[k])
			for _, a := range aggregates {
				v, err := a.apply(groups[k])
				if err != nil {
					return nil, err
				}
				r = r.with(a.name, v)
			}
			out = append(out, r)
		}
		return out, nil
	}
}
