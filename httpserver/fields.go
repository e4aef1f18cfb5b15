package httpserver

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// fields knows the fields of a struct by their JSON names, exactly as spelled.
// Decoding field by field, unlike decoding the whole struct, can name the field
// that is wrong.
type fields struct {
	byName map[string]field
	names  []string // in the order of the struct
}

type field struct {
	index []int
	// plain is the type without pointer or Optional.
	plain reflect.Type
	// direct is set when the field itself is of kind string.
	direct bool
}

// fieldsOf lists the fields of a struct type, those of embedded structs
// included.
func fieldsOf(t reflect.Type) *fields {
	f := &fields{byName: map[string]field{}}
	for _, sf := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" || !sf.IsExported() {
			continue
		}
		f.names = append(f.names, name)
		f.byName[name] = field{index: sf.Index, plain: plainType(sf.Type), direct: sf.Type.Kind() == reflect.String}
	}
	return f
}

// plainType is T for T, *T and market.Optional[T].
func plainType(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	if get, is := t.MethodByName("Get"); is && t.Kind() == reflect.Struct {
		return get.Type.Out(0)
	}
	return t
}

// fill sets the fields that members name; all of them are known.
func (f *fields) fill(into reflect.Value, members []member) error {
	for i, m := range members {
		for _, earlier := range members[:i] {
			if earlier.name == m.name {
				return invalid(m.name, "is given twice")
			}
		}
		if err := f.byName[m.name].set(into, m); err != nil {
			return err
		}
	}
	return nil
}

func (f field) set(into reflect.Value, m member) error {
	if bytes.IndexByte(m.json, '\\') >= 0 {
		if problem := badEscape(m.json); problem != "" {
			return invalid(m.name, "%s", problem)
		}
	}
	target := into.FieldByIndex(f.index)
	if f.direct && m.json[0] == '"' {
		target.SetString(unquote(m.json))
		return nil
	}
	if err := json.Unmarshal(m.json, target.Addr().Interface()); err != nil {
		return invalid(m.name, "must be %s", describe(f.plain))
	}
	return nil
}

// describe names a type as users know it.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list of strings"
	case reflect.String:
		return "a string"
	}
	return "of another type"
}
