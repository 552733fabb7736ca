package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	kjson "k8s.io/apimachinery/pkg/util/json"

	"github.com/capaks/capaks/azuresim/arm"
)

// maxBody bounds what the control API reads.
const maxBody = 16 << 20

func readAll(r *http.Request) ([]byte, error) { return io.ReadAll(io.LimitReader(r.Body, maxBody)) }

// read decodes the body of a request.
func read(r *http.Request, into any) error {
	raw, err := readAll(r)
	if err != nil {
		return err
	}
	return strict(raw, into)
}

// readList decodes one document or a list of them.
func readList[T any](r *http.Request) ([]T, error) {
	raw, err := readAll(r)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(strings.TrimSpace(string(raw)), "[") {
		var list []T
		return list, strict(raw, &list)
	}
	one := make([]T, 1)
	return one, strict(raw, &one[0])
}

// strict decodes JSON in which every field is known, and says what is wrong so that it can be put right.
func strict(raw []byte, into any) error {
	if len(bytes.TrimSpace(raw)) == 0 {
		return fmt.Errorf("the body is empty; send JSON with %s", strings.Join(fieldsOf(reflect.TypeOf(into)), ", "))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	err := dec.Decode(into)
	if err == nil && dec.More() {
		err = errors.New("there is something after the JSON document")
	}
	var wrongType *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrongType):
		return fmt.Errorf("%s is a %s and must be %s", field(wrongType.Field), wrongType.Value, kindName(wrongType.Type))
	case errors.As(err, &syntax):
		return fmt.Errorf("the body is no JSON: %w at byte %d", err, syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the body is no JSON: it ends too early")
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		name := strings.TrimPrefix(err.Error(), "json: unknown field ")
		return fmt.Errorf("there is no field %s; the fields are %s", name, strings.Join(fieldsOf(reflect.TypeOf(into)), ", "))
	}
	return err
}

func field(path string) string {
	if path == "" {
		return "the body"
	}
	return fmt.Sprintf("field %q", path)
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Int, reflect.Int64, reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// fieldsOf lists the JSON names of a type's fields.
func fieldsOf(t reflect.Type) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	var out []string
	if t.Kind() != reflect.Struct {
		return out
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			out = append(out, name)
		}
	}
	return out
}

// object decodes a document the way resources are stored: whole numbers stay whole.
func object(raw json.RawMessage) (arm.Object, error) {
	var out arm.Object
	if err := kjson.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("merge must be an object: %w", err)
	}
	return out, nil
}
