package replay

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"strings"
)

// values knows which emulated value stands for which recorded one. Azure makes up ids, names and addresses; so does
// the emulator, and what has to be the same is not the value but where it comes again.
type values struct {
	emulated map[string]string // recorded -> emulated, for guids and names
	address  map[string]string // recorded path, lower-case -> emulated path and query, for polling addresses
	sent     map[string]bool   // guids and days the client wrote: these are compared as they are
	base     string            // the emulator's address
}

func newValues() *values {
	return &values{base: azure, emulated: map[string]string{}, address: map[string]string{}, sent: map[string]bool{}}
}

const (
	zeroGUID = "00000000-0000-0000-0000-000000000000"
	azure    = "https://management.azure.com"
)

var (
	guid     = regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`)
	moment   = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`)
	bare     = regexp.MustCompile(`(\b|_)([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})\b`)
	hex24    = regexp.MustCompile(`^[0-9a-f]{24}$`)
	imageDay = regexp.MustCompile(`-(\d{6}\.\d{2}\.\d+|\d{4}\.\d{2}\.\d{2})$`)
	token    = regexp.MustCompile(`[A-Za-z0-9+]{40,}={0,2}`)
	hostZone = regexp.MustCompile(`^[a-z0-9]{26}\.[a-z]{2}\.internal\.cloudapp\.net$`)
	wait     = regexp.MustCompile(`in \d+ seconds`)
	redacted = regexp.MustCompile(`\{(KEY|PASSWORD)\}`) // what upstream has in the place of secrets
	day      = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	days     = regexp.MustCompile(`\d{4}-\d\d-\d\d`)
	// What ARM signs a polling address with, in use since 2023.
	signature = regexp.MustCompile(`&t=[^&\s]*&c=[^&\s]*&s=[^&\s]*&h=[\w<>%-]*`)
	// The suffix AKS gives to the first label of a cluster's names: aso-abcd1234.hcp.westus3.azmk8s.io.
	dnsSuffix = regexp.MustCompile(`-[a-z0-9]{8}(\.(portal\.|privatelink\.)?(hcp\.)?[a-z0-9]+\.azmk8s\.io)`)
)

// same compares two texts at a property called key, and learns from it when the recorded one is Azure's invention.
func (v *values) same(key, recorded, emulated string) bool {
	if redacted.MatchString(recorded) {
		pattern := regexp.QuoteMeta(redacted.ReplaceAllString(recorded, "\x00"))
		return regexp.MustCompile("^" + strings.ReplaceAll(pattern, "\x00", ".+") + "$").MatchString(emulated)
	}
	recorded = plain(signature.ReplaceAllString(recorded, ""))
	emulated = plain(signature.ReplaceAllString(strings.ReplaceAll(emulated, v.base, azure), ""))
	if recorded == emulated {
		return true
	}
	if shape := shapes[strings.ToLower(key)]; shape != nil && shape(recorded, emulated) {
		return true
	}
	if moment.MatchString(recorded) && moment.MatchString(emulated) || day.MatchString(recorded) && day.MatchString(emulated) && !v.sent[recorded] {
		return true
	}
	if v.sameAddress(recorded, emulated) {
		return true
	}
	a, b := dnsSuffix.ReplaceAllString(recorded, "-<dns>$1"), dnsSuffix.ReplaceAllString(emulated, "-<dns>$1")
	if guid.ReplaceAllString(a, "<guid>") != guid.ReplaceAllString(b, "<guid>") {
		return false
	}
	if !v.pair(guid.FindAllString(recorded, -1), guid.FindAllString(emulated, -1)) {
		return false
	}
	return a == recorded || v.pair([]string{recorded}, []string{emulated})
}

// plain writes guids in one way: with dashes, which some error texts leave out, and outside of the base64 in which some
// providers wrap the ids of their operations. It leaves out how many seconds something else still takes.
func plain(s string) string {
	s = token.ReplaceAllStringFunc(s, func(wrapped string) string {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(wrapped, "="))
		if err != nil || !guid.Match(raw) {
			return wrapped
		}
		return string(raw)
	})
	return bare.ReplaceAllString(wait.ReplaceAllString(s, "in <n> seconds"), "${1}${2}-$3-$4-$5-$6")
}

// shapes are the properties whose values are Azure's alone and of which only the form can be compared. The text " "
// in base64 is what the recordings have in place of a kubeconfig.
var shapes = map[string]func(recorded, emulated string) bool{
	"etag": func(a, b string) bool {
		return guid.ReplaceAllString(a, "<guid>") == guid.ReplaceAllString(b, "<guid>")
	},
	"resourceuid":              func(a, b string) bool { return hex24.MatchString(a) && hex24.MatchString(b) },
	"nodeimageversion":         func(a, b string) bool { return imageDay.ReplaceAllString(a, "") == imageDay.ReplaceAllString(b, "") },
	"internaldomainnamesuffix": func(a, b string) bool { return hostZone.MatchString(a) && hostZone.MatchString(b) },
	"createdby":                person,
	"createdbytype":            present,
	"lastmodifiedby":           person,
	"lastmodifiedbytype":       present,
	"value":                    func(a, b string) bool { return a == "IA==" && b != "" },
}

func present(_, emulated string) bool { return emulated != "" }

// person is somebody's name; ids have to come again like all others.
func person(recorded, emulated string) bool { return emulated != "" && !guid.MatchString(recorded) }

// sameAddress lets public addresses and prefixes, which Azure picks, differ as long as they come again as they were.
func (v *values) sameAddress(recorded, emulated string) bool {
	if a, err := netip.ParseAddr(recorded); err == nil {
		b, err := netip.ParseAddr(emulated)
		return err == nil && a.Is4() == b.Is4() && !a.IsPrivate() && !b.IsPrivate() && v.pair([]string{recorded}, []string{emulated})
	}
	a, err := netip.ParsePrefix(recorded)
	if err != nil {
		return false
	}
	b, err := netip.ParsePrefix(emulated)
	return err == nil && a.Bits() == b.Bits() && !a.Addr().IsPrivate() && !b.Addr().IsPrivate() && v.pair([]string{recorded}, []string{emulated})
}

// pair decides about values that stand for each other, one by one, and remembers them. Those upstream has zeroed may
// stand for anything.
func (v *values) pair(recorded, emulated []string) bool {
	if len(recorded) != len(emulated) {
		return false
	}
	for i, a := range recorded {
		b := emulated[i]
		a = strings.ToLower(a)
		known, seen := v.emulated[a]
		switch {
		case a == zeroGUID, strings.EqualFold(a, b):
		case v.sent[a]:
			return false
		case seen && !strings.EqualFold(known, b):
			return false
		case !seen:
			v.emulated[a] = b
		}
	}
	return true
}

// learnAddress remembers where a recorded polling address is in the emulator.
func (v *values) learnAddress(recorded, emulated string) {
	_, local, ok := strings.Cut(strings.TrimPrefix(emulated, "https://"), "/")
	if recorded != "" && ok {
		v.address[pollingKey(recorded)] = "/" + local
	}
}

// pollingKey tells a compute operation's document from the address of its result, which differs in the query only.
func pollingKey(address string) string {
	if strings.Contains(address, "monitor=true") {
		return path(address) + "?monitor=true"
	}
	return path(address)
}

// translate turns what a recorded client sent into what it would have sent to the emulator.
func (v *values) translate(recorded string) string {
	if strings.HasPrefix(recorded, "/") {
		if local := v.address[pollingKey(recorded)]; local != "" {
			return local
		}
	}
	for _, id := range guid.FindAllString(recorded, -1) {
		if id = strings.ToLower(id); v.emulated[id] == "" {
			v.sent[id] = true
		}
	}
	for _, d := range days.FindAllString(recorded, -1) {
		v.sent[d] = true
	}
	return v.renamed(recorded)
}

// renamed puts the emulated ids in the place of the recorded ones.
func (v *values) renamed(recorded string) string {
	return guid.ReplaceAllStringFunc(recorded, func(id string) string {
		if known := v.emulated[strings.ToLower(id)]; known != "" {
			return known
		}
		return id
	})
}
