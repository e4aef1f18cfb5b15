package mcpserver

import (
	"encoding/json"
	"strings"

	"github.com/pinchwork/pinchwork/market/limits"
)

// field is an argument of a tool.
type field struct {
	name     string
	schema   map[string]any
	required bool
}

func (f field) must() field {
	f.required = true
	return f
}

func (f field) says(description string) field {
	f.schema["description"] = description
	return f
}

func text(name string, most int) field {
	return field{name: name, schema: map[string]any{"type": "string", "maxLength": most}}
}

func number(name string, least, most int) field {
	return field{name: name, schema: map[string]any{"type": "integer", "minimum": least, "maximum": most}}
}

func list(name string, most int) field {
	return field{name: name, schema: map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "maxItems": most}}
}

func tagList(most int) field {
	return field{name: "tags", schema: map[string]any{"type": "array", "items": tagged, "maxItems": most}}
}

func oneOf[T ~string](name string, values []T) field {
	return field{name: name, schema: map[string]any{"enum": values}}
}

var (
	taskID = field{name: "task_id", schema: map[string]any{"type": "string"}}
	tags   = tagList(limits.Tags)
	search = text("search", limits.Search)
	rating = number("rating", 1, 5)
	wait   = number("wait_seconds", 0, limits.WaitSeconds)
	tagged = map[string]any{"type": "string", "pattern": "^[A-Za-z0-9_-]{1,50}$"}
)

// repeatable is the argument that makes a call safe to repeat.
var repeatable = text("idempotency_key", limits.Key).says("Your name for this call: a repeat under it changes nothing more.")

func (f field) clone() field {
	schema := make(map[string]any, len(f.schema))
	for k, v := range f.schema {
		schema[k] = v
	}
	f.schema = schema
	return f
}

// schemaOf describes the arguments of a tool.
func schemaOf(fields []field) json.RawMessage {
	properties, required := map[string]any{}, []string{}
	for _, f := range fields {
		properties[f.name] = f.schema
		if f.required {
			required = append(required, f.name)
		}
	}
	return encode(map[string]any{"type": "object", "properties": properties, "required": required})
}

// answers describes answers with a message, and these objects beside it.
func answers(names ...string) json.RawMessage {
	properties := map[string]any{"message": map[string]any{"type": "string"}}
	for _, name := range names {
		name, isList := strings.CutSuffix(name, "[]")
		properties[name] = map[string]any{"type": map[bool]string{false: "object", true: "array"}[isList]}
	}
	return encode(map[string]any{"type": "object", "properties": properties, "required": []string{"message"}})
}
