package redis

import "strconv"

// The functions below read the replies of scripts, which are nested []any of
// string, int64 and nil. They rely on what the script's header promises; a
// value of another type gives the zero value.

func text(v any) string {
	s, _ := v.(string)
	return s
}

// integer reads a decimal number, 0 for "".
func integer(s string) int64 {
	n, _ := strconv.ParseInt(s, 10, 64)
	return n
}

// number reads a number that comes as an integer or as a string.
func number(v any) int64 {
	if n, ok := v.(int64); ok {
		return n
	}
	return integer(text(v))
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// at returns the i-th element of a list, nil beyond its end.
func at(v any, i int) any {
	if l := list(v); i < len(l) {
		return l[i]
	}
	return nil
}

// fields reads an element of a stream, [id, [name, value, …]].
func fields(v any) map[string]string {
	flat := list(at(v, 1))
	m := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		m[text(flat[i])] = text(flat[i+1])
	}
	return m
}

func texts[S ~string](v any) []S {
	l := list(v)
	if len(l) == 0 {
		return nil
	}
	out := make([]S, len(l))
	for i := range l {
		out[i] = S(text(l[i]))
	}
	return out
}

func decodeList[T any](v any, decode func(any) (T, error)) ([]T, error) {
	l := list(v)
	if len(l) == 0 {
		return nil, nil
	}
	out := make([]T, len(l))
	for i := range l {
		var err error
		if out[i], err = decode(l[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
