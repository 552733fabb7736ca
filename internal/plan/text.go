package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/capaks/capaks/internal/fieldset"
)

// Hidden stands for a secret in a Change.
const Hidden = "(hidden)"

// maxLine bounds Action.Line in runes: the note of an event holds 1 kB, and conditions and status say the same.
const maxLine = 900

func (a Action) subject() string { return strings.TrimSpace(a.Kind + " " + a.Name) }

// Line is the action in one line, for events and logs, with as many of its changes as there is room for:
//
//	Update managedCluster my-cluster: sku.tier "Free" -> "Standard"; tags.team (none) -> "blue"; +2 more
func (a Action) Line() string {
	head := a.deed() + " " + a.subject()
	if m := a.message(); m != "" {
		head += ": " + m
	}
	switch n := len(a.Changes); {
	case n == 0 || a.Verb == Create:
		return cut(head, maxLine)
	case a.Verb == Wait || a.Verb == Blocked:
		tail := "; " + count(n, "change") + " pending"
		return cut(head, maxLine-len(tail)) + tail
	}
	return InLine(cut(head, maxLine/3)+": ", a.Details())
}

// InLine is head and as many changes after it as fit into a line; the last word is how many are left out.
func InLine(head string, changes []Change) string {
	const more = len("; +1000 more")
	var b strings.Builder
	b.WriteString(head)
	room := maxLine - utf8.RuneCountInString(head)
	for i, c := range changes {
		text := c.String()
		if i > 0 {
			text = "; " + text
		}
		if left := len(changes) - i; left > 1 && utf8.RuneCountInString(text) > room-more || utf8.RuneCountInString(text) > room {
			if i == 0 {
				b.WriteString(cut(text, room-more))
				left--
			}
			if left > 0 {
				fmt.Fprintf(&b, "; +%d more", left)
			}
			break
		}
		b.WriteString(text)
		room -= utf8.RuneCountInString(text)
	}
	return b.String()
}

// deed is what is done to the resource: the verb, or the operation that is called.
func (a Action) deed() string {
	if a.Verb != Call || a.Operation == "" {
		return string(a.Verb)
	}
	return strings.ToUpper(a.Operation[:1]) + a.Operation[1:]
}

// message is Message without the subject, for texts that have it already.
func (a Action) message() string { return strings.TrimPrefix(a.Message, a.subject()+" ") }

// String is the change in a few words, without a leading "properties.": sku.tier "Free" -> "Standard" (drift).
func (c Change) String() string {
	if c.Why == WhyReleased && c.Impact == ImpactKept {
		return short(c.Path) + " " + show(c.From) + " (released: " + c.Impact + ")"
	}
	if c.Why == WhyReleased && c.Impact == ImpactUnseen {
		return short(c.Path) + " (released: " + c.Impact + ")"
	}
	from, to := showBoth(c.From, c.To)
	s := short(c.Path) + " " + from + " -> " + to
	overwrites := c.Why == WhyTakeover && c.From != nil
	if c.Why == WhyDrift || c.Why == WhyReleased || c.Why == WhyContested || overwrites {
		s += " (" + string(c.Why) + ")"
	}
	if c.Impact != "" {
		s += " [" + c.Impact + "]"
	}
	return s
}

var marks = map[Verb]string{Create: "+ create", Update: "~ update", Delete: "- delete", Call: "> call",
	Wait: ". wait", Blocked: "! blocked", None: "= unchanged"}

// Text is a whole plan for people: every resource with its fields, and a sum at the end.
func Text(actions []Action) string {
	var b strings.Builder
	sum := map[Verb]int{}
	for _, a := range actions {
		sum[a.Verb]++
		fmt.Fprintf(&b, "%s %s", a.mark(), a.subject())
		if m := a.message(); m != "" {
			b.WriteString(": " + m)
		}
		b.WriteByte('\n')
		for _, c := range a.Details() {
			b.WriteString("    " + c.line() + "\n")
		}
	}
	fmt.Fprintf(&b, "Plan: %d to create, %d to update, %d to delete, ", sum[Create], sum[Update], sum[Delete])
	if sum[Call] > 0 {
		fmt.Fprintf(&b, "%d to call, ", sum[Call])
	}
	fmt.Fprintf(&b, "%d waiting, %d blocked, %d unchanged.\n", sum[Wait], sum[Blocked], sum[None])
	return b.String()
}

func (a Action) mark() string {
	if a.Verb == Call && a.Operation != "" {
		return "> " + a.Operation
	}
	return marks[a.Verb]
}

// line is the change with a mark for what happens to the field: + set, ~ replaced, - taken away.
func (c Change) line() string {
	switch {
	case c.Why == WhyCreate:
		return "+ " + short(c.Path) + " " + show(c.To)
	case c.Why == WhyReleased && (c.Impact == ImpactKept || c.Impact == ImpactUnseen), c.Why == WhyContested:
		return "= " + c.String()
	case c.From == nil:
		return "+ " + c.String()
	case c.To == nil:
		return "- " + c.String()
	default:
		return "~ " + c.String()
	}
}

func short(path string) string { return strings.TrimPrefix(path, "properties.") }

// hide replaces secrets and shortens keys, at any depth. A public SSH key is no secret, but it fills a screen and
// its comment often names a person: the algorithm and the last characters are enough to recognise it.
func hide(key string, v any) any {
	return mapText(key, v, func(key, text string) any {
		switch {
		case secret(key):
			return hideAny(text)
		case fold(key) == "keydata":
			return shortKey(text)
		}
		return text
	})
}

// WithoutSecrets is a body to be shown: as it is sent, with Hidden in the place of secrets.
func WithoutSecrets(body fieldset.Object) fieldset.Object {
	shown, _ := mapText("", body, func(key, text string) any {
		if secret(key) {
			return hideAny(text)
		}
		return text
	}).(fieldset.Object)
	return shown
}

// mapText copies a value with all its texts replaced; an item of a list has the key of the list.
func mapText(key string, v any, replace func(key, text string) any) any {
	switch v := v.(type) {
	case fieldset.Object:
		result := make(fieldset.Object, len(v))
		for k, value := range v {
			result[k] = mapText(k, value, replace)
		}
		return result
	case []any:
		result := make([]any, len(v))
		for i, item := range v {
			result[i] = mapText(key, item, replace)
		}
		return result
	case string:
		return replace(key, v)
	}
	return v
}

func hideAny(v any) any {
	if v == nil || v == "" {
		return v
	}
	return Hidden
}

// secret: the properties of ARM bodies that hold credentials end like this (adminPassword, secret, serverAppSecret).
func secret(key string) bool {
	key = fold(key)
	for _, end := range []string{"password", "secret", "token", "privatekey"} {
		if strings.HasSuffix(key, end) {
			return true
		}
	}
	return false
}

func shortKey(s string) string {
	fields := strings.Fields(s)
	if len(fields) < 2 {
		return cut(s, 16)
	}
	data := fields[1]
	return fields[0] + " ..." + data[max(0, len(data)-8):]
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
