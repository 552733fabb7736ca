package armfield

import (
	"fmt"
	"reflect"

	"github.com/capaks/capaks/internal/fieldset"
)

// Encode is the ARM body a spec asks for. Only what is set in the spec is in it; computed fields are not.
func Encode(spec any) map[string]any {
	root := reflect.Indirect(reflect.ValueOf(spec))
	body := map[string]any{}
	for _, f := range Table(spec) {
		if f.ARMPath == "" {
			continue
		}
		if v, ok := f.value(root); ok {
			fieldset.Put(body, f.Path(), f.codec.encode(v))
		}
	}
	return body
}

// Decode fills a spec, a pointer to a struct, with what an ARM body has. What the body has not stays as it is.
func Decode(body map[string]any, into any) error {
	root := reflect.ValueOf(into).Elem()
	for _, f := range Table(into) {
		if f.ARMPath == "" {
			continue
		}
		v, ok := fieldset.Get(body, f.Path())
		if !ok || v == nil || v == "" {
			continue
		}
		if err := f.codec.decode(v, f.target(root)); err != nil {
			return fmt.Errorf("%s: %w", f.ARMPath, err)
		}
	}
	return nil
}

// Get returns the value of the field in a spec; ok is false when it is not set.
func (f Field) Get(spec any) (value any, ok bool) {
	v, ok := f.value(reflect.Indirect(reflect.ValueOf(spec)))
	if !ok {
		return nil, false
	}
	return reflect.Indirect(v).Interface(), true
}

// value finds the field in a spec; ok is false when it, or a struct on the way, is not set.
func (f Field) value(root reflect.Value) (v reflect.Value, ok bool) {
	v = root
	for _, index := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.FieldByIndex(index)
	}
	switch v.Kind() {
	case reflect.Bool:
		return v, true // it is required wherever the struct around it is
	case reflect.Slice, reflect.Map:
		return v, v.Len() > 0
	case reflect.Pointer:
		if v.IsNil() {
			return v, false
		}
		// An empty string behind a pointer asks for a value (a generated key); it is none itself.
		return v, v.Elem().Kind() != reflect.String || v.Elem().Len() > 0
	default:
		return v, !v.IsZero()
	}
}

// target is the field in a spec, with the structs on the way created.
func (f Field) target(root reflect.Value) reflect.Value {
	v := root
	for _, index := range f.index {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.FieldByIndex(index)
	}
	return v
}
