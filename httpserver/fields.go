package httpserver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
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
	// element has the fields of an element, when the field is a list of objects.
	element *fields
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
		known := field{index: sf.Index, plain: wire.Plain(sf.Type), direct: sf.Type.Kind() == reflect.String}
		if known.plain.Kind() == reflect.Slice && known.plain.Elem().Kind() == reflect.Struct {
			known.element = fieldsOf(known.plain.Elem())
		}
		f.byName[name] = known
	}
	return f
}

// example is a body with the first of the fields.
func (f *fields) example() string {
	if len(f.names) == 0 {
		return "{}"
	}
	value := `"…"`
	switch f.byName[f.names[0]].plain.Kind() {
	case reflect.Slice:
		value = "[…]"
	case reflect.Bool:
		value = "true"
	case reflect.Int, reflect.Int64:
		value = "5"
	}
	return `{"` + f.names[0] + `": ` + value + `}`
}

// fill sets the fields that members name; all of them are known. It collects the names
// in elements of lists that are not fields.
func (f *fields) fill(into reflect.Value, members []member, others *strangers) (err error) {
	for i, m := range members {
		for _, earlier := range members[:i] {
			if earlier.name == m.name {
				return both(err, invalid(m.name, "is given twice"))
			}
		}
		set := f.byName[m.name].set
		if f.byName[m.name].element != nil && m.json[0] == '[' {
			set = func(into reflect.Value, m member) error { return f.byName[m.name].setEach(into, m, others) }
		}
		if wrong := set(into, m); wrong != nil {
			err = both(err, wrong)
		}
	}
	return err
}

// both says two refusals in one answer, as long as it stays short. The first counts.
func both(first, second error) error {
	one, is := errors.AsType[*market.Error](first)
	two, are := errors.AsType[*market.Error](second)
	if !is || !are {
		return cmp.Or(first, second)
	}
	said := *one
	if len(said.Message)+len(two.Message) <= longestRefusal {
		said.Message += "; " + two.Message
	}
	return &said
}

// longestRefusal bounds refusals that say several things, in bytes.
const longestRefusal = 600

// setEach sets a list of objects. A refusal names the element.
func (f field) setEach(into reflect.Value, m member, others *strangers) error {
	list := reflect.MakeSlice(f.plain, 0, 1)
	var room [16]member
	err := eachElement(m.json, func(value []byte) error {
		i := list.Len()
		if i == maxListed {
			return invalid(m.name, "has more than %d elements", maxListed)
		}
		list = reflect.Append(list, reflect.Zero(f.plain.Elem()))
		return inElement(m.name, i, f.element.fillObject(list.Index(i), room[:0], value, others))
	})
	into.FieldByIndex(f.index).Set(list)
	return err
}

// fillObject sets the fields of an element, whose members it appends to room.
func (f *fields) fillObject(into reflect.Value, room []member, value []byte, others *strangers) error {
	if value[0] != '{' {
		return refuse(market.CodeInvalid, "must be an object")
	}
	others.fields, others.body = f.names, f
	members, err := f.membersOf(room, value, others)
	if err != nil {
		return err
	}
	return both(others.refusal(), f.fill(into, members, others))
}

func inElement(list string, i int, err error) error {
	if refusal, is := errors.AsType[*market.Error](err); is {
		return refusal.In(list, i)
	}
	return err
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
	value := m.json
	switch f.plain.Kind() {
	case reflect.Int, reflect.Int64:
		if whole, is := wholeNumber(string(value)); is {
			value = strconv.AppendInt(nil, whole, 10)
		}
	case reflect.Slice:
		if value[0] == '[' {
			if err := checkList(m.name, value, f.plain); err != nil {
				return err
			}
		}
	case reflect.Map:
		if value[0] == '{' {
			if err := checkMap(m.name, value, f.plain); err != nil {
				return err
			}
		}
	}
	if err := json.Unmarshal(value, target.Addr().Interface()); err != nil {
		return invalid(m.name, "must be %s", wire.Kind(f.plain))
	}
	return nil
}

// maxListed is more than any list of an endpoint may hold; the market checks
// the limit of each.
const maxListed = 100

// checkList refuses elements that are null, which would become "", and more
// elements than any endpoint takes.
func checkList(name string, array []byte, list reflect.Type) error {
	n := 0
	return eachElement(array, func(value []byte) error {
		if n++; n > maxListed {
			return invalid(name, "has more than %d elements", maxListed)
		}
		if value[0] == 'n' {
			return invalid(name, "must be %s", wire.Kind(list))
		}
		return nil
	})
}

// checkMap refuses values that are null, which would become "", keys that are given
// twice, of which encoding/json would keep one, and more than any endpoint takes.
func checkMap(name string, object []byte, of reflect.Type) error {
	seen := map[string]bool{}
	return eachMember(object, func(key string, value []byte) error {
		switch {
		case len(seen) == maxListed:
			return invalid(name, "has more than %d elements", maxListed)
		case value[0] != '"':
			return invalid(name, "must be %s", wire.Kind(of))
		case seen[key]:
			return invalid(name, "has a key that is given twice")
		}
		seen[key] = true
		return nil
	})
}

// wholeNumber reads whole numbers that are written with a point or an exponent,
// such as 5.0 and 4e0.
func wholeNumber(s string) (int64, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(s), "e")
	whole, fraction, pointed := strings.Cut(mantissa, ".")
	if mantissa == s && !pointed || !json.Valid([]byte(s)) || len(mantissa) > maxDigits {
		return 0, false
	}
	shift := 0
	if exponent != "" {
		var err error
		if shift, err = strconv.Atoi(exponent); err != nil || shift > maxDigits || shift < -maxDigits {
			return 0, false
		}
	}
	digits, shift := whole+fraction, shift-len(fraction)
	if shift < 0 {
		keep := max(len(digits)+shift, 0)
		if strings.Trim(digits[keep:], "0-") != "" {
			return 0, false
		}
		digits, shift = digits[:keep], 0
		if digits == "" || digits == "-" {
			digits = "0"
		}
	}
	n, err := strconv.ParseInt(digits+strings.Repeat("0", shift), 10, 64)
	return n, err == nil
}

// maxDigits is more than any number of an endpoint has.
const maxDigits = 64
