package httpserver

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/pinchwork/pinchwork/market"
)

const (
	// maxFrontmatter bounds what goes through the YAML parser: its tree takes many
	// times the memory of its source.
	maxFrontmatter = 1 << 20
	// maxYAMLMarks bounds the marks that can begin another value: each value costs
	// some 200 bytes of tree, however short it is.
	maxYAMLMarks = 16 << 10
	// maxYAMLDepth is far more than any field needs.
	maxYAMLDepth = 20
)

// markdownMembers appends what a markdown body holds to list: the fields of its
// frontmatter, and its text as the field named textField.
func markdownMembers(list []member, data []byte, textField string, fields *fields, others *strangers) ([]member, error) {
	front, text, err := splitFrontmatter(data)
	if err != nil {
		return list, err
	}
	if list, err = yamlMembers(list, front, fields, others); err != nil {
		return list, err
	}
	text = bytes.Trim(text, "\r\n")
	if len(bytes.TrimSpace(text)) == 0 {
		return list, nil
	}
	if textField == "" {
		return list, refuse(market.CodeInvalid, "body: this endpoint takes no text; send JSON, such as %s, or fields between two lines of ---", fields.example())
	}
	if bytes.IndexByte(text, 0) >= 0 {
		return list, invalid(textField, "must not contain NUL characters")
	}
	for _, m := range list {
		if m.name == textField {
			return list, invalid(textField, "is given in the frontmatter and as the text")
		}
	}
	return append(list, member{textField, quote(string(text))}), nil
}

// splitFrontmatter cuts a body at its frontmatter: the lines between a first
// line of three hyphens and the next such line. Without that first line all of
// it is text.
func splitFrontmatter(data []byte) (front, text []byte, err error) {
	line, rest := cutLine(data)
	if !isFence(line) {
		return nil, data, nil
	}
	for front = rest; len(rest) > 0; {
		before := len(front) - len(rest)
		if line, rest = cutLine(rest); isFence(line) {
			return front[:before], rest, nil
		}
	}
	return nil, nil, refuse(market.CodeInvalid, "frontmatter: has no closing line of ---")
}

func cutLine(data []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(data, []byte("\n"))
	return line, rest
}

func isFence(line []byte) bool { return string(bytes.TrimRight(line, " \t\r")) == "---" }

// yamlMembers appends the known fields of a frontmatter to list.
func yamlMembers(list []member, front []byte, fields *fields, others *strangers) ([]member, error) {
	if len(bytes.TrimSpace(front)) == 0 {
		return list, nil
	}
	if len(front) > maxFrontmatter {
		return list, refuse(market.CodeTooLarge, "frontmatter: is larger than %d MiB; long texts belong below it", maxFrontmatter>>20)
	}
	if yamlMarks(front) > maxYAMLMarks {
		return list, refuse(market.CodeTooLarge, "frontmatter: has more than %d lines, commas, brackets and signs; long texts belong below it", maxYAMLMarks)
	}
	var documents []yaml.Node
	limits := yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxYAMLDepth)))
	if err := yaml.Load(front, &documents, limits, yaml.WithAllDocuments()); err != nil {
		return list, &market.Error{Kind: market.ErrInvalid, Code: market.CodeInvalid, Message: "frontmatter: is not valid YAML", Cause: err}
	}
	if len(documents) == 0 {
		return list, nil // comments alone
	}
	root := &documents[0]
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode || len(documents) > 1 {
		return list, refuse(market.CodeInvalid, `frontmatter: must be lines of "field: value"`)
	}
	return mappingMembers(list, root, fields, others)
}

// yamlMarks counts what can begin another value: line breaks, of which YAML has
// five, commas, brackets, and the signs of lists and mappings.
func yamlMarks(front []byte) int {
	n := 0
	for _, lineBreak := range []string{"\u0085", "\u2028", "\u2029"} {
		n += bytes.Count(front, []byte(lineBreak))
	}
	for i, b := range front {
		switch b {
		case '\n', '\r', ',', '[', '{':
			n++
		case '-', '?', ':':
			if i+1 < len(front) && (front[i+1] == ' ' || front[i+1] == '\t') {
				n++
			}
		}
	}
	return n
}

func mappingMembers(list []member, root *yaml.Node, fields *fields, others *strangers) ([]member, error) {
	seen := make(map[string]bool, len(root.Content)/2)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			return list, refuse(market.CodeInvalid, "frontmatter: every field needs a plain name")
		}
		if seen[key.Value] {
			return list, invalid(key.Value, "is given twice")
		}
		seen[key.Value] = true
		field, known := fields.byName[key.Value]
		if !known {
			others.meet(key.Value, nil)
			continue
		}
		if value.Kind == yaml.AliasNode {
			return list, invalid(key.Value, "must not be an alias")
		}
		list = append(list, member{key.Value, nodeJSON(value, field.plain)})
	}
	return list, nil
}

// nodeJSON writes a YAML value as JSON of the field's type, because YAML guesses
// types and takes a secret of digits for a number. A value that cannot be right
// is written as an object or a list, which its field does not accept.
func nodeJSON(n *yaml.Node, want reflect.Type) []byte {
	switch {
	case n.Kind == yaml.SequenceNode && want.Kind() == reflect.Slice:
		return listJSON(n, want.Elem())
	case n.Kind == yaml.SequenceNode:
		return []byte("[]")
	case n.Kind == yaml.MappingNode && want.Kind() == reflect.Map:
		return mapJSON(n, want.Elem())
	case n.Kind == yaml.MappingNode && want.Kind() == reflect.Struct:
		return objectJSON(n, fieldsOf(want))
	case n.Kind != yaml.ScalarNode && want.Kind() == reflect.Map:
		return []byte("[]")
	case n.Kind != yaml.ScalarNode:
		return []byte("{}")
	case n.ShortTag() == "!!null":
		return []byte("null")
	case want.Kind() == reflect.String:
		return quote(n.Value)
	}
	return scalarJSON(n, want)
}

func listJSON(n *yaml.Node, want reflect.Type) []byte {
	out := []byte("[")
	for i, element := range n.Content {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, nodeJSON(element, want)...)
	}
	return append(out, ']')
}

// objectJSON writes an element of a list of objects. What is no field keeps its name, by
// which it is judged.
func objectJSON(n *yaml.Node, fields *fields) []byte {
	out := []byte("{")
	for i := 0; i+1 < len(n.Content); i += 2 {
		if i > 0 {
			out = append(out, ',')
		}
		value := []byte("null")
		if field, known := fields.byName[n.Content[i].Value]; known {
			value = nodeJSON(n.Content[i+1], field.plain)
		}
		out = append(append(append(out, quote(n.Content[i].Value)...), ':'), value...)
	}
	return append(out, '}')
}

// mapJSON writes a mapping. A key that is none becomes one that no field accepts.
func mapJSON(n *yaml.Node, want reflect.Type) []byte {
	out := []byte("{")
	for i := 0; i+1 < len(n.Content); i += 2 {
		if i > 0 {
			out = append(out, ',')
		}
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			key = &yaml.Node{Kind: yaml.ScalarNode}
		}
		out = append(append(append(out, quote(key.Value)...), ':'), nodeJSON(value, want)...)
	}
	return append(out, '}')
}

// scalarJSON writes numbers and truth values; anything else becomes a string,
// which no field of these types accepts. YAML's yes and no are allowed, quoted
// ones are not.
func scalarJSON(n *yaml.Node, want reflect.Type) []byte {
	var whole int64
	var flag bool
	switch {
	case n.ShortTag() == "!!int" && n.Decode(&whole) == nil:
		return strconv.AppendInt(nil, whole, 10)
	case n.ShortTag() == "!!float" && json.Valid([]byte(n.Value)):
		return []byte(n.Value)
	case want.Kind() == reflect.Bool && n.Style == 0 && n.Decode(&flag) == nil:
		return strconv.AppendBool(nil, flag)
	}
	return quote(n.Value)
}

// quote writes a JSON string.
func quote(s string) []byte {
	out, err := json.Marshal(s)
	if err != nil {
		return []byte(`""`)
	}
	return out
}
