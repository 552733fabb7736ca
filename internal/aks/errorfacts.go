package aks

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fact is a value that Azure wrote into the text of an error.
type Fact struct{ Name, Value string }

// factPattern finds a fact in a text: each group that matched is a value of it, or a list of values. Of several patterns the
// first one that finds anything counts.
type factPattern struct {
	name string
	find []*regexp.Regexp
	// separators stand between the values of a list.
	separators string
}

func fact(name string, patterns ...string) factPattern {
	p := factPattern{name: name, separators: ","}
	for _, pattern := range patterns {
		p.find = append(p.find, regexp.MustCompile(pattern))
	}
	return p
}

// words is a fact whose values may stand in a list without commas.
func words(name, pattern string) factPattern {
	p := fact(name, pattern)
	p.separators = ", "
	return p
}

// What the messages carry, by what they are about. The texts are those of AKS, compute, network and Azure Policy.
var (
	quotaFacts = []factPattern{
		fact("family", `exceeding approved (\S+) Cores? quota|quota limits of (\S+) Core|for family (\w+)`),
		fact("region", `(?i)\bLocation: ?'?([a-z0-9]+)|for region '?([a-z0-9]+)|in region '?([a-z0-9]+)|in location '([a-z0-9]+)'`),
		fact("limit", `Current Limit: ?(\d+)|Maximum allowed: ?(\d+)`),
		fact("in use", `Current Usage: ?(\d+)|Current in use: ?(\d+)|Current usage: ?(\d+)`),
		fact("left", `remaining (\d+)|left regional vcpu quota (\d+)`),
		fact("requested", `Additional Required: ?(\d+)|Additional requested: ?(\d+)|requested (?:quota )?(\d+)`),
	}
	offerFacts = []factPattern{words("versions on offer", `Available upgrades: ?\[([^\]]+)\]`)}
	drainFacts = []factPattern{
		fact("node", `Drain (?:of )?node (\S+)`),
		fact(podFact, `PDB debug info: ?(\S+) blocked`, `evicting pod (\S+)`),
		fact(budgetFact, `blocked by pdb (\S+)`, `PDB (\S+) has maxUnavailable`),
		fact("unready pods", `with (\d+) unready pods`),
	}
	usageFacts = []factPattern{
		fact("API", `detected on API ([^\s,]+)`),
		fact("verb", `\bverb:? '?(\w+)`),
		fact(lastSeen, `recently seen at: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)`),
		fact("removed in", `removed in (\d+\.\d+)`),
	}
	placeFacts = []factPattern{
		fact("size", `Restrictions: ([\w,]+)|VM size of '?(\w+)`),
		fact("location", `in location '([^']+)'|zones for location '([^']+)'`),
		fact("zones", `location '[^']*' zones '([^']+)'|zone\(s\) '([^']+)'`),
		fact("zones on offer", `supported zones for location '[^']*' are ('[^.]+')`),
	}
	policyFacts = []factPattern{
		fact(assignment, `policyAssignment\\?": ?\{\\?"name\\?": ?\\?"([^"\\]+)`),
		fact("definition", `policyDefinition\\?": ?\{\\?"name\\?": ?\\?"([^"\\]+)`),
	}
	subnetFacts = []factPattern{
		fact("subnet", `Subnet Name ([\w.-]+)|[Ss]ubnet '?([\w.-]+)'? with address prefix`),
		fact("range", `Subnet Cidr ([0-9a-fA-F.:/]+\d)|address prefix ([0-9a-fA-F.:/]+\d)`),
		fact("needed addresses", `Pre-allocated IPs (\d+)|capacity for (\d+) IP addresses`),
		fact("free addresses", `IPs available (\d+)`),
	}
)

const (
	lastSeen   = "last seen"
	assignment = "assignment"
	// maxValues bounds how many values of one fact are told.
	maxValues = 5
)

// factsOf reads what the patterns find in the messages of an error.
func factsOf(patterns []factPattern, e AzureError) []Fact {
	var facts []Fact
	for _, p := range patterns {
		values := p.values(e)
		if p.name == assignment && len(values) == 0 {
			values = e.Policies
		}
		if len(values) > maxValues {
			values = append(values[:maxValues:maxValues], "...")
		}
		if len(values) > 0 {
			facts = append(facts, Fact{p.name, strings.Join(values, ", ")})
		}
	}
	return withShortage(facts)
}

// values are what the messages of an error say about a fact, in their order and each once.
func (p factPattern) values(e AzureError) []string {
	for _, find := range p.find {
		if values := p.found(find, e.texts()); len(values) > 0 {
			return values
		}
	}
	return nil
}

func (p factPattern) found(find *regexp.Regexp, texts []string) []string {
	var values []string
	separator := func(r rune) bool { return strings.ContainsRune(p.separators, r) }
	for _, text := range texts {
		for _, groups := range find.FindAllStringSubmatch(text, -1) {
			for _, value := range strings.FieldsFunc(firstGroup(groups), separator) {
				if value = strings.Trim(value, `'". `); value != "" && !slices.Contains(values, value) {
					values = append(values, value)
				}
			}
		}
	}
	return values
}

// firstGroup is the alternative of a pattern that matched.
func firstGroup(groups []string) string {
	for _, group := range groups[1:] {
		if group != "" {
			return group
		}
	}
	return ""
}

// withShortage adds what is missing to a quota: the figure to ask for.
func withShortage(facts []Fact) []Fact {
	number := func(name string) (int, bool) {
		n, err := strconv.Atoi(valueOf(facts, name))
		return n, err == nil
	}
	requested, asked := number("requested")
	left, known := number("left")
	if limit, ok := number("limit"); ok {
		if used, ok := number("in use"); ok {
			left, known = limit-used, true
		}
	}
	if asked && known && requested > left {
		facts = append(facts, Fact{"short by", strconv.Itoa(requested - left)})
	}
	return facts
}

func valueOf(facts []Fact, name string) string {
	for _, f := range facts {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// usageMemory is how long AKS remembers the use of an API that a version will not have.
const usageMemory = 12 * time.Hour

// forgottenAt is when AKS has forgotten the use of deprecated APIs that an error is about: an upgrade is refused until
// then. It is zero for an error about anything else.
func forgottenAt(patterns []factPattern, e AzureError) time.Time {
	var latest time.Time
	for _, p := range patterns {
		if p.name != lastSeen {
			continue
		}
		for _, value := range p.values(e) {
			if seen, err := time.Parse(time.DateTime, value); err == nil && seen.Add(usageMemory).After(latest) {
				latest = seen.Add(usageMemory)
			}
		}
	}
	return latest
}
