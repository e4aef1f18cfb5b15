package mcpserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// whole is an integer as models write it: 5, 5.0 or "5".
type whole int64

// UnmarshalJSON reads a whole number.
func (n *whole) UnmarshalJSON(data []byte) error {
	s := strings.Trim(string(data), `"`)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return errors.New("must be a whole number")
	}
	*n = whole(f)
	return nil
}

// words are a list of strings, or one string with commas.
type words []string

// UnmarshalJSON reads either form.
func (w *words) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*w = nil
		for word := range strings.SplitSeq(one, ",") {
			if word = strings.TrimSpace(word); word != "" {
				*w = append(*w, word)
			}
		}
		return nil
	}
	var list []string
	if json.Unmarshal(data, &list) != nil {
		return errors.New("must be a list of strings")
	}
	*w = list
	return nil
}

// decode reads arguments into a struct. A name that the tool does not have is refused,
// with those that it has: what a model thinks it has said must not be ignored.
func decode(arguments json.RawMessage, into any) error {
	if trimmed := bytes.TrimSpace(arguments); len(trimmed) == 0 || string(trimmed) == "null" {
		return nil
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(arguments, &given); err != nil {
		return invalid("", "the arguments must be a JSON object")
	}
	target := reflect.ValueOf(into).Elem()
	var known []string
	for i := range target.NumField() {
		name, _, _ := strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
		known = append(known, name)
		value, has := given[name]
		delete(given, name)
		if !has || string(value) == "null" {
			continue
		}
		if err := json.Unmarshal(value, target.Field(i).Addr().Interface()); err != nil {
			return invalid(name, "%s", mistake(err, target.Type().Field(i).Type))
		}
	}
	for name := range given {
		return invalid(name, "is no argument of this tool; it takes %s", orNone(known))
	}
	return nil
}

func mistake(err error, t reflect.Type) string {
	if errors.As(err, new(*json.UnmarshalTypeError)) {
		return "must be " + wire.Kind(t)
	}
	return err.Error()
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func invalid(field, format string, args ...any) *market.Error {
	message := fmt.Sprintf(format, args...)
	if field != "" {
		message = fmt.Sprintf("%.100q: %s", field, message)
	}
	return &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Field: field, Message: message}
}

// read is a number that may be left out. A zero that was written is out of range like
// any number below one, of which the market is told another.
func (n *whole) read() int64 {
	switch {
	case n == nil:
		return 0
	case *n == 0:
		return -1
	}
	return int64(*n)
}

// deliverable is a text, or the JSON object that a task of the platform asks for.
type deliverable string

// UnmarshalJSON keeps an object as it is written.
func (d *deliverable) UnmarshalJSON(data []byte) error {
	var s string
	switch {
	case data[0] == '{':
		*d = deliverable(data)
		return nil
	case json.Unmarshal(data, &s) != nil:
		return errors.New("must be a text")
	}
	*d = deliverable(s)
	return nil
}
