package httpserver

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/pinchwork/pinchwork/market"
)

// validJSON refuses data that is not one JSON text, including trailing garbage
// and nesting of more than 10,000 levels.
func validJSON(data []byte) error {
	if json.Valid(data) {
		return nil
	}
	var discard json.RawMessage
	err := json.Unmarshal(data, &discard)
	if syntax, is := errors.AsType[*json.SyntaxError](err); is {
		return refuse(market.CodeInvalid, "body: is not valid JSON: %s (at byte %d)%s", syntax, syntax.Offset, writeInstead(data, syntax.Offset))
	}
	return refuse(market.CodeInvalid, "body: is not valid JSON")
}

// jsonMembers appends the known members of an object to list.
func jsonMembers(list []member, data []byte, fields *fields, others *strangers) ([]member, error) {
	if err := validJSON(data); err != nil {
		return list, err
	}
	data = bytes.TrimSpace(data)
	if data[0] != '{' {
		return list, noObject(fields)
	}
	return fields.membersOf(list, data, others)
}

// membersOf appends the known members of a valid object to list.
func (f *fields) membersOf(list []member, object []byte, others *strangers) ([]member, error) {
	err := eachMember(object, func(name string, value []byte) error {
		if _, known := f.byName[name]; known {
			list = append(list, member{name, value})
			return nil
		}
		others.meet(name, value)
		return nil
	})
	return list, err
}

// eachMember calls f with the members of a valid JSON object, in their order.
func eachMember(object []byte, f func(name string, value []byte) error) error {
	for i := nextToken(object, 1); object[i] != '}'; {
		end := skipString(object, i)
		name := unquote(object[i:end])
		i = nextToken(object, nextToken(object, end)+1) // over the colon
		end = skipValue(object, i)
		if err := f(name, object[i:end]); err != nil {
			return err
		}
		if i = nextToken(object, end); object[i] == ',' {
			i = nextToken(object, i+1)
		}
	}
	return nil
}

// eachElement calls f with the elements of a valid JSON array, in their order.
func eachElement(array []byte, f func(value []byte) error) error {
	for i := nextToken(array, 1); array[i] != ']'; {
		end := skipValue(array, i)
		if err := f(array[i:end]); err != nil {
			return err
		}
		if i = nextToken(array, end); array[i] == ',' {
			i = nextToken(array, i+1)
		}
	}
	return nil
}

func nextToken(data []byte, i int) int {
	for data[i] == ' ' || data[i] == '\t' || data[i] == '\n' || data[i] == '\r' {
		i++
	}
	return i
}

// skipString returns the index behind the string that starts at i.
func skipString(data []byte, i int) int {
	for i++; data[i] != '"'; i++ {
		if data[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the index behind the value that starts at i.
func skipValue(data []byte, i int) int {
	for depth := 0; i < len(data); {
		switch data[i] {
		case '"':
			i = skipString(data, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r':
			i++
			continue
		default:
			i = skipLiteral(data, i)
		}
		if depth == 0 {
			break
		}
	}
	return i
}

// skipLiteral returns the index behind a number, true, false or null.
func skipLiteral(data []byte, i int) int {
	for i < len(data) && bytes.IndexByte(literalEnd, data[i]) < 0 {
		i++
	}
	return i
}

var literalEnd = []byte(",]} \t\r\n")

// unquote decodes a valid JSON string. Most hold no escapes.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}

// badEscape finds what encoding/json lets pass in the strings of a value: NUL,
// which no store takes, and half surrogate pairs, which it would replace.
func badEscape(raw []byte) string {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return ""
		}
		if raw[i+1] != 'u' {
			raw = raw[i+2:]
			continue
		}
		unit := codeUnit(raw[i:])
		raw = raw[i+6:]
		switch {
		case unit == 0:
			return "must not contain NUL characters"
		case unit >= 0xd800 && unit < 0xdc00 && isLowHalf(raw):
			raw = raw[6:]
		case unit >= 0xd800 && unit < 0xe000:
			return "must be valid Unicode, not half a surrogate pair"
		}
	}
}

func isLowHalf(raw []byte) bool {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return false
	}
	unit := codeUnit(raw)
	return unit >= 0xdc00 && unit < 0xe000
}

// codeUnit reads \uXXXX.
func codeUnit(escape []byte) (unit int) {
	for _, b := range escape[2:6] {
		unit <<= 4
		switch {
		case b <= '9':
			unit |= int(b - '0')
		default:
			unit |= int(b|0x20-'a') + 10
		}
	}
	return unit
}
