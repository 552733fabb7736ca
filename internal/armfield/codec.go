package armfield

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/capaks/capaks/api/v1beta1"
)

// codec translates one value. encode is only called with a value that is set; decode gets a value that is not nil and
// a settable target.
type codec interface {
	encode(reflect.Value) any
	decode(any, reflect.Value) error
}

// codecs by the option that selects them.
var codecs = map[string]codec{
	"lower":  lowerCodec{},
	"float":  floatCodec{},
	"taints": taintsCodec{},
	"sshkey": sshKeyCodec{},

	"identitymap": identityMapCodec{},
}

// codecFor chooses the codec of a type that needs no option, or nil.
func codecFor(t reflect.Type, path string) codec {
	switch t.Kind() {
	case reflect.String:
		return stringCodec{}
	case reflect.Bool:
		return boolCodec{}
	case reflect.Pointer:
		switch t.Elem().Kind() {
		case reflect.Bool, reflect.Int32, reflect.Int64, reflect.String:
			return pointerCodec{}
		}
	case reflect.Slice:
		switch elem := t.Elem(); {
		case elem.Kind() == reflect.String:
			_, member, _ := strings.Cut(path, "[].")
			return listCodec{member: member}
		case elem.Kind() == reflect.Int32:
			return integersCodec{}
		case elem.Kind() == reflect.Struct && tagged(elem):
			return objectsCodec{}
		}
	case reflect.Map:
		if t.Key().Kind() == reflect.String && t.Elem().Kind() == reflect.String {
			return mapCodec{}
		}
	}
	return nil
}

func mismatch(v any, want string) error { return fmt.Errorf("%v (%T) is not %s", v, v, want) }

type stringCodec struct{}

func (stringCodec) encode(v reflect.Value) any { return v.String() }

func (stringCodec) decode(v any, into reflect.Value) error {
	s, ok := v.(string)
	if !ok {
		return mismatch(v, "a string")
	}
	into.SetString(s)
	return nil
}

// pointerCodec is for scalars whose zero value means something.
type pointerCodec struct{}

func (pointerCodec) encode(v reflect.Value) any {
	switch v = v.Elem(); v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return v.String()
	default:
		return v.Int()
	}
}

func (pointerCodec) decode(v any, into reflect.Value) error {
	p := reflect.New(into.Type().Elem())
	switch p.Elem().Kind() {
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			return mismatch(v, "a boolean")
		}
		p.Elem().SetBool(b)
	case reflect.String:
		if err := (stringCodec{}).decode(v, p.Elem()); err != nil {
			return err
		}
	default:
		n, ok := integer(v)
		if !ok || p.Elem().OverflowInt(n) {
			return mismatch(v, "an integer that fits")
		}
		p.Elem().SetInt(n)
	}
	into.Set(p)
	return nil
}

// integer accepts what JSON decoders make of a whole number.
func integer(v any) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case float64:
		return int64(n), n == math.Trunc(n) && math.Abs(n) <= 1<<53
	}
	return 0, false
}

// listCodec is a list of strings, or of objects with one string member each.
type listCodec struct{ member string }

func (c listCodec) encode(v reflect.Value) any {
	out := make([]any, v.Len())
	for i := range out {
		out[i] = v.Index(i).String()
		if c.member != "" {
			out[i] = map[string]any{c.member: out[i]}
		}
	}
	return out
}

func (c listCodec) decode(v any, into reflect.Value) error {
	items, ok := v.([]any)
	if !ok {
		return mismatch(v, "a list")
	}
	out := reflect.MakeSlice(into.Type(), 0, len(items))
	for _, item := range items {
		if object, ok := item.(map[string]any); ok && c.member != "" {
			item = object[c.member]
		}
		s, ok := item.(string)
		if !ok {
			return mismatch(item, "a string")
		}
		out = reflect.Append(out, reflect.ValueOf(s).Convert(into.Type().Elem()))
	}
	return setUnlessEmpty(into, out)
}

// setUnlessEmpty keeps an empty list or map nil, since both count as not set.
func setUnlessEmpty(into, value reflect.Value) error {
	if value.Len() > 0 {
		into.Set(value)
	}
	return nil
}

type mapCodec struct{}

func (mapCodec) encode(v reflect.Value) any {
	out := make(map[string]any, v.Len())
	for pairs := v.MapRange(); pairs.Next(); {
		out[pairs.Key().String()] = pairs.Value().String()
	}
	return out
}

func (mapCodec) decode(v any, into reflect.Value) error {
	object, ok := v.(map[string]any)
	if !ok {
		return mismatch(v, "an object")
	}
	out := reflect.MakeMapWithSize(into.Type(), len(object))
	for key, item := range object {
		s, ok := item.(string)
		if !ok {
			return mismatch(item, "a string")
		}
		out.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(s))
	}
	return setUnlessEmpty(into, out)
}

// versionCodec: Kubernetes versions have a leading v in Cluster API and none in Azure.
type versionCodec struct{}

func (versionCodec) encode(v reflect.Value) any { return strings.TrimPrefix(v.String(), "v") }

func (versionCodec) decode(v any, into reflect.Value) error {
	s, ok := v.(string)
	if !ok {
		return mismatch(v, "a string")
	}
	if s != "" {
		s = "v" + strings.TrimPrefix(s, "v")
	}
	into.SetString(s)
	return nil
}

// lowerCodec: Standard is sent as standard, which is how Azure writes it.
type lowerCodec struct{}

func (lowerCodec) encode(v reflect.Value) any { return strings.ToLower(v.String()) }

func (lowerCodec) decode(v any, into reflect.Value) error {
	s, ok := v.(string)
	if !ok {
		return mismatch(v, "a string")
	}
	if s != "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	into.SetString(s)
	return nil
}

// aliasCodec: an old name of a value is sent as the new one.
type aliasCodec struct {
	stringCodec
	from, to string
}

func (c aliasCodec) encode(v reflect.Value) any {
	if s := v.String(); s != c.from {
		return s
	}
	return c.to
}

// floatCodec: a quantity such as 0.05 is a JSON number in Azure.
type floatCodec struct{}

func (floatCodec) encode(v reflect.Value) any {
	q := v.Interface().(*resource.Quantity).DeepCopy()
	f, _ := strconv.ParseFloat(q.AsDec().String(), 64)
	if n, ok := integer(f); ok {
		return n
	}
	return f
}

func (floatCodec) decode(v any, into reflect.Value) error {
	f, ok := v.(float64)
	if n, whole := integer(v); whole {
		f, ok = float64(n), true
	}
	if !ok {
		return mismatch(v, "a number")
	}
	q, err := resource.ParseQuantity(strconv.FormatFloat(f, 'f', -1, 64))
	if err != nil {
		return mismatch(v, "a number")
	}
	into.Set(reflect.ValueOf(&q))
	return nil
}

// taintsCodec: AKS writes a taint the way kubectl does, key=value:effect.
type taintsCodec struct{}

func (taintsCodec) encode(v reflect.Value) any {
	taints := v.Interface().([]v1beta1.Taint)
	out := make([]any, len(taints))
	for i, t := range taints {
		out[i] = t.Key + "=" + t.Value + ":" + string(t.Effect)
	}
	return out
}

func (taintsCodec) decode(v any, into reflect.Value) error {
	items, ok := v.([]any)
	if !ok {
		return mismatch(v, "a list")
	}
	var taints []v1beta1.Taint
	for _, item := range items {
		s, _ := item.(string)
		colon := strings.LastIndex(s, ":")
		if colon < 0 {
			return mismatch(item, "a taint key=value:effect")
		}
		key, value, _ := strings.Cut(s[:colon], "=")
		taints = append(taints, v1beta1.Taint{Key: key, Value: value, Effect: corev1.TaintEffect(s[colon+1:])})
	}
	into.Set(reflect.ValueOf(taints))
	return nil
}

// sshKeyCodec: the spec has one base64-encoded line of an authorized_keys file, AKS has a list with one key.
type sshKeyCodec struct{}

func (sshKeyCodec) encode(v reflect.Value) any {
	text := v.Elem().String()
	if line, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(line)
	}
	return []any{map[string]any{"keyData": strings.TrimSpace(text)}}
}

func (sshKeyCodec) decode(v any, into reflect.Value) error {
	items, ok := v.([]any)
	if !ok {
		return mismatch(v, "a list")
	}
	if len(items) == 0 {
		return nil
	}
	key, _ := items[0].(map[string]any)
	data, ok := key["keyData"].(string)
	if !ok {
		return mismatch(items[0], "a key with keyData")
	}
	text := base64.StdEncoding.EncodeToString([]byte(data))
	into.Set(reflect.ValueOf(&text))
	return nil
}
