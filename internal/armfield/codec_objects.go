package armfield

import (
	"maps"
	"reflect"
	"slices"
	"strings"
)

// boolCodec is for switches that must be given: false says something, so a plain bool is always sent where the struct
// around it is there.
type boolCodec struct{}

func (boolCodec) encode(v reflect.Value) any { return v.Bool() }

func (boolCodec) decode(v any, into reflect.Value) error {
	b, ok := v.(bool)
	if !ok {
		return mismatch(v, "a boolean")
	}
	into.SetBool(b)
	return nil
}

// integersCodec is a list of whole numbers.
type integersCodec struct{}

func (integersCodec) encode(v reflect.Value) any {
	out := make([]any, v.Len())
	for i := range out {
		out[i] = v.Index(i).Int()
	}
	return out
}

func (integersCodec) decode(v any, into reflect.Value) error {
	items, ok := v.([]any)
	if !ok {
		return mismatch(v, "a list")
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		n, ok := integer(item)
		if !ok || out.Index(i).OverflowInt(n) {
			return mismatch(item, "an integer that fits")
		}
		out.Index(i).SetInt(n)
	}
	return setUnlessEmpty(into, out)
}

// identityMapCodec: Azure has the id of a user-assigned identity as the key of a map with an empty object; its answer fills
// that object.
type identityMapCodec struct{}

func (identityMapCodec) encode(v reflect.Value) any {
	return map[string]any{v.String(): map[string]any{}}
}

func (identityMapCodec) decode(v any, into reflect.Value) error {
	object, ok := v.(map[string]any)
	if !ok {
		return mismatch(v, "an object")
	}
	if ids := slices.Sorted(maps.Keys(object)); len(ids) > 0 {
		into.SetString(ids[0]) // AKS takes one
	}
	return nil
}

// objectsCodec is a list of structs with arm tags of their own, whose paths begin at the object. With a key, the JSON name
// of a field, Azure has a map instead, with that field's value as key.
type objectsCodec struct{ key string }

// tableOf lists the leaves of the structs in a list.
func tableOf(list reflect.Type) []Field { return Table(reflect.Zero(list.Elem()).Interface()) }

func (c objectsCodec) encode(v reflect.Value) any {
	list, keyed := make([]any, v.Len()), make(map[string]any, v.Len())
	for i := range list {
		item := v.Index(i)
		body := Encode(item.Interface())
		list[i] = body
		if c.key != "" {
			keyed[c.keyOf(item).String()] = body
		}
	}
	if c.key != "" {
		return keyed
	}
	return list
}

func (c objectsCodec) decode(v any, into reflect.Value) error {
	items, keys, err := c.items(v)
	if err != nil {
		return err
	}
	out := reflect.MakeSlice(into.Type(), len(items), len(items))
	for i, item := range items {
		body, ok := item.(map[string]any)
		if !ok {
			return mismatch(item, "an object")
		}
		if err := Decode(body, out.Index(i).Addr().Interface()); err != nil {
			return err
		}
		if c.key != "" {
			c.keyOf(out.Index(i)).SetString(keys[i])
		}
	}
	return setUnlessEmpty(into, out)
}

func (c objectsCodec) items(v any) (items []any, keys []string, err error) {
	if c.key == "" {
		items, ok := v.([]any)
		if !ok {
			return nil, nil, mismatch(v, "a list")
		}
		return items, nil, nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, nil, mismatch(v, "an object")
	}
	keys = slices.Sorted(maps.Keys(object))
	for _, key := range keys {
		items = append(items, object[key])
	}
	return items, keys, nil
}

// keyOf is the field of an item that is its key.
func (c objectsCodec) keyOf(item reflect.Value) reflect.Value {
	for i := range item.NumField() {
		if name, _, _ := strings.Cut(item.Type().Field(i).Tag.Get("json"), ","); name == c.key {
			return item.Field(i)
		}
	}
	panic("armfield: " + item.Type().String() + " has no field " + c.key)
}

// Items lists the leaves of the structs in a list, with paths that begin at the item, and the JSON name of the field that
// tells items apart; nil for a field that is no such list.
func (f Field) Items() (fields []Field, key string) {
	c, ok := f.codec.(objectsCodec)
	if !ok {
		return nil, ""
	}
	return tableOf(f.GoType), c.key
}
