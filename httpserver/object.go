package httpserver

import (
	"encoding/json"
	"slices"

	"github.com/pinchwork/pinchwork/market"
)

// objects reads what language models send where a text is asked for: a JSON object
// as the text, or as the whole body the object that a system task asks for. It
// appends the fields of such a body, as those of a usual one; done is false for
// any other.
func objects(list []member, data []byte, text string) (_ []member, done bool) {
	if !json.Valid(data) || data[nextToken(data, 0)] != '{' {
		return list, false
	}
	data = data[nextToken(data, 0):]
	answers, others := false, list
	_ = eachMember(data, func(name string, value []byte) error {
		switch {
		case name == text:
			done = true
		case name == "credits_claimed":
			others = append(others, member{name, value})
		case slices.Contains(market.AnswerFields(), name):
			answers = true
		}
		return nil
	})
	if done || !answers {
		return list, false
	}
	return append(others, member{text, quoted(data)}), true
}

// asText replaces an object that was given for a text by the object's JSON as
// text.
func asText(list []member, text string) error {
	for i, m := range list {
		if m.name != text {
			continue
		}
		switch m.json[0] {
		case '{':
			list[i].json = quoted(m.json)
		case '"', 'n':
		default:
			return invalid(text, "must be a string or an object")
		}
	}
	return nil
}

// quoted is a text as a JSON string.
func quoted(text []byte) []byte {
	data, err := json.Marshal(string(text))
	if err != nil {
		return text // no string fails
	}
	return data
}
