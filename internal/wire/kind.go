package wire

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Wrong is a member of an object that has no field, or that its field does not take.
type Wrong struct{ Name, Why string }

func (w *Wrong) Error() string { return w.Why }

// Fill sets the fields of a struct to the members of an object, each by its exact name,
// and refuses the first, in alphabetical order, that it cannot set: a *Wrong.
func Fill(into any, object map[string]json.RawMessage) error {
	target := reflect.ValueOf(into).Elem()
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(target.Type()) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			fields[name] = f
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		f, known := fields[name]
		if !known {
			return &Wrong{name, fmt.Sprintf("unknown field %q", name)}
		}
		if json.Unmarshal(object[name], target.FieldByIndex(f.Index).Addr().Interface()) != nil {
			return &Wrong{name, name + " must be " + Kind(f.Type)}
		}
	}
	return nil
}

// Kind says in words for users what a field of this type takes. A pointer and a
// market.Optional take what is in them.
func Kind(t reflect.Type) string {
	switch t = Plain(t); t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return "a list of objects"
		}
		return "a list of strings"
	case reflect.Map:
		return "an object of strings"
	case reflect.String:
		return "a string"
	}
	return "of another type"
}

// Plain is T for T, *T and market.Optional[T].
func Plain(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	if get, is := t.MethodByName("Get"); is && t.Kind() == reflect.Struct {
		return get.Type.Out(0)
	}
	return t
}
