package storetest

import (
	"fmt"
	"reflect"
	"time"
)

var timeType = reflect.TypeFor[time.Time]()

// diff says where got differs from want, or "". Instants are compared as
// instants and must have come in UTC and in microseconds; an empty slice or map
// is as good as a nil one.
func diff(got, want any) string {
	return differ{}.values("", reflect.ValueOf(got), reflect.ValueOf(want))
}

type differ struct{}

func (d differ) values(path string, got, want reflect.Value) string {
	if got.IsValid() != want.IsValid() {
		return mismatch(path, got, want)
	}
	if !got.IsValid() {
		return ""
	}
	if got.Type() != want.Type() {
		return fmt.Sprintf("%s: got a %s, want a %s", path, got.Type(), want.Type())
	}
	if got.Type() == timeType {
		return d.instants(path, got.Interface().(time.Time), want.Interface().(time.Time))
	}
	switch got.Kind() {
	case reflect.Pointer, reflect.Interface:
		return d.pointers(path, got, want)
	case reflect.Struct:
		return d.structs(path, got, want)
	case reflect.Slice, reflect.Array:
		return d.slices(path, got, want)
	case reflect.Map:
		return d.maps(path, got, want)
	}
	if !got.Equal(want) {
		return mismatch(path, got, want)
	}
	return ""
}

func (differ) instants(path string, got, want time.Time) string {
	switch {
	case !got.Equal(want):
		return fmt.Sprintf("%s: got %v, want %v", path, got, want)
	case got.Location() != time.UTC:
		return fmt.Sprintf("%s: %v is not in UTC", path, got)
	case got.Nanosecond()%1000 != 0:
		return fmt.Sprintf("%s: %v is finer than a microsecond", path, got)
	}
	return ""
}

func (d differ) pointers(path string, got, want reflect.Value) string {
	if got.IsNil() || want.IsNil() {
		if got.IsNil() != want.IsNil() {
			return mismatch(path, got, want)
		}
		return ""
	}
	return d.values(path, got.Elem(), want.Elem())
}

func (d differ) structs(path string, got, want reflect.Value) string {
	for i := range got.NumField() {
		name := got.Type().Field(i).Name
		if found := d.values(path+"."+name, got.Field(i), want.Field(i)); found != "" {
			return found
		}
	}
	return ""
}

func (d differ) slices(path string, got, want reflect.Value) string {
	if got.Len() != want.Len() {
		return fmt.Sprintf("%s: got %d elements, want %d: got %s, want %s",
			path, got.Len(), want.Len(), short(got), short(want))
	}
	for i := range got.Len() {
		if found := d.values(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i)); found != "" {
			return found
		}
	}
	return ""
}

func (d differ) maps(path string, got, want reflect.Value) string {
	if got.Len() != want.Len() {
		return mismatch(path, got, want)
	}
	for _, key := range want.MapKeys() {
		at := fmt.Sprintf("%s[%v]", path, key)
		if found := d.values(at, got.MapIndex(key), want.MapIndex(key)); found != "" {
			return found
		}
	}
	return ""
}

func mismatch(path string, got, want reflect.Value) string {
	if path != "" {
		path += ": "
	}
	return fmt.Sprintf("%sgot %s, want %s", path, short(got), short(want))
}

// short prints a value that may hold half a million characters.
func short(v reflect.Value) string {
	s := "nothing"
	switch {
	case v.IsValid() && v.Kind() == reflect.String:
		s = fmt.Sprintf("%q", v)
	case v.IsValid():
		s = fmt.Sprintf("%+v", v)
	}
	if len(s) > 300 {
		return fmt.Sprintf("%s… (%d bytes)", s[:300], len(s))
	}
	return s
}
