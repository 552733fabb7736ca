package aks

import (
	"reflect"
	"strings"
	"sync"

	"github.com/blang/semver/v4"

	"github.com/capaks/capaks/azuresim/arm"
)

// One stored object has as many views as there are api-versions. Described versions are cut down by their
// description (spec.Between); this file is about what no description says: from when on the service shows what it
// fills in by itself. That depends on the api-version and on the day: the service of November 2023 filled in less than
// today's under the same api-version (recorded). The day is told by the Kubernetes version that is the default.

// era is a range of api-versions and days in which a rule holds. Stable and preview versions are two lines, because a
// property shows in previews long before it shows in a stable version of a later date.
type era struct {
	line          string // "stable", "preview" or "" for both
	since, before string // api-versions
	from, until   string // default Kubernetes versions: the day
}

func since(version string) era            { return era{since: version} }
func stable(version string) era           { return era{line: "stable", since: version} }
func preview(version string) era          { return era{line: "preview", since: version} }
func (e era) day(from string) era         { e.from = from; return e }
func (e era) days(from, until string) era { e.from, e.until = from, until; return e }

// settable marks a property that every api-version knows and that is filled in only in the other eras of its rule.
var settable = era{until: "0.0.0"}

func (e era) versionsBefore(version string) era { e.before = version; return e }

// knows says that an api-version belongs to the era, whatever the day.
func (e era) knows(version string) bool {
	date, isPreview := strings.CutSuffix(version, "-preview")
	if e.line == "stable" && isPreview || e.line == "preview" && !isPreview {
		return false
	}
	return date >= e.since && (e.before == "" || date < e.before)
}

func (e era) covers(version, day string) bool {
	return e.knows(version) && (e.from == "" || !less(day, e.from)) && (e.until == "" || less(day, e.until))
}

// shown is one rule: where and when a property is part of the answer.
type shown struct {
	path string
	fill any // what the service fills in; nil when the value is stored or nothing is filled in
	in   []era
}

func show(path string, fill any, in ...era) shown { return shown{path, fill, in} }

// step is what a rule comes down to for one api-version on one day.
type step struct {
	path   string
	fill   any
	remove bool
	filled bool // remove only what the service filled in
}

type moment struct{ table, version, day string }

var compiled sync.Map // moment -> []step

// shape applies a table of rules to a view, in place.
func shape(o arm.Object, name string, table []shown, version, day string) {
	key := moment{name, version, day}
	steps, ok := compiled.Load(key)
	if !ok {
		steps, _ = compiled.LoadOrStore(key, compile(table, version, day))
	}
	for _, s := range steps.([]step) {
		switch {
		case !s.remove:
			fillIn(o, s.path, s.fill)
		case !s.filled || reflect.DeepEqual(arm.Get(o, s.path), s.fill):
			arm.Remove(o, s.path)
		}
	}
}

func compile(table []shown, version, day string) []step {
	var steps []step
	for _, rule := range table {
		known, covered := false, false
		for _, e := range rule.in {
			known = known || e.knows(version)
			covered = covered || e.covers(version, day)
		}
		switch {
		case covered && rule.fill != nil:
			steps = append(steps, step{path: rule.path, fill: rule.fill})
		case covered:
		case !known:
			steps = append(steps, step{path: rule.path, remove: true})
		default:
			steps = append(steps, step{path: rule.path, fill: rule.fill, remove: true, filled: rule.fill != nil})
		}
	}
	return steps
}

// fillIn sets what has no value yet, also inside objects.
func fillIn(o arm.Object, path string, fill any) {
	m, isMap := fill.(map[string]any)
	if !isMap {
		arm.Default(o, path, fill)
		return
	}
	arm.Default(o, path, arm.Object{})
	for k, v := range m {
		fillIn(o, path+"."+k, v)
	}
}

// today is the Kubernetes version a cluster gets that asks for none: it dates the service.
func (p *Provider) today() string {
	w := p.World.Get()
	patch, ok := w.Resolve(w.DefaultMinor())
	if _, err := semver.Parse(patch); !ok || err != nil {
		return "1.999.0"
	}
	return patch
}

// onDay says whether the emulated service is at least as new as the one whose default Kubernetes version was from.
func (p *Provider) onDay(from string) bool { return !less(p.today(), from) }
