package httpserver

import "encoding/json"

// writeInstead says how to write what stands at the end of the first n bytes, where JSON
// breaks off; "" when that is anybody's guess.
func writeInstead(data []byte, n int64) string {
	if n < 1 || n > int64(len(data)) {
		return ""
	}
	before := data[:n-1]
	switch data[n-1] {
	case '\'':
		return "; names and texts stand in double quotes"
	case '\n', '\r', '\t':
		return `; in a text a line break is \n and a tab \t`
	case 'T', 'F', 'N', 'U':
		if n > 1 {
			return "; true, false and null are written so"
		}
	case '}', ']':
		if endsWith(before, ',') {
			return "; take out the comma before it"
		}
	case '/', '#':
		return "; JSON has no comments"
	case '{', '[':
		if json.Valid(before) {
			return "; send one object, several tasks as tasks to POST /v1/tasks/batch"
		}
	}
	switch {
	case n == 1:
		return meantAsText
	case endsWith(before, '{') || endsWith(before, ','):
		return "; names and texts stand in double quotes"
	case endsWith(before, '"'):
		return `; double quotes inside of a text are written \"`
	case n == int64(len(data)) && !json.Valid(before):
		return "; it ends too early, or a text in it has double quotes that are not written \\\""
	}
	return ""
}

// endsWith reports whether the last byte that is not blank is b.
func endsWith(data []byte, b byte) bool {
	for i := len(data) - 1; i >= 0; i-- {
		switch data[i] {
		case ' ', '\t', '\n', '\r':
		default:
			return data[i] == b
		}
	}
	return false
}
