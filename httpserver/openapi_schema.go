package httpserver

import (
	"encoding/json"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// input is the schema of a request body: a copy of the type's own with the
// bounds of inputs and what is required.
func (d *document) input(b *Body) doc {
	properties := doc{}
	for _, sf := range reflect.VisibleFields(b.Type) {
		name, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" || sf.Anonymous {
			continue
		}
		plain := wire.Plain(sf.Type)
		schema := d.schema(plain)
		if name == "tasks" {
			schema = doc{"type": "array", "items": d.input(&Body{Type: plain.Elem(), Required: []string{"need"}})}
		}
		maps.Copy(schema, inputBounds[name])
		maps.Copy(schema, inputBounds[b.Type.Name()+"."+name])
		if name == "tags" && (b.Type == reflect.TypeFor[market.RegisterInput]() || b.Type == reflect.TypeFor[market.UpdateInput]()) {
			schema["maxItems"] = limits.AgentTags
		}
		if name == "count" && b.Type == reflect.TypeFor[wire.Invite]() {
			schema["maximum"], schema["default"] = limits.Invites, 1
		}
		if plain.Kind() == reflect.String && schema["enum"] == nil && slices.Contains(b.Required, name) {
			schema["minLength"] = 1
		}
		if plain != sf.Type || !slices.Contains(b.Required, name) {
			schema["type"] = []any{schema["type"], "null"}
			if values, ok := schema["enum"].([]any); ok {
				schema["enum"] = append(slices.Clone(values), nil)
			}
		}
		if b.Object && name == b.Text {
			schema["type"] = []any{"string", "object"}
		}
		properties[name] = schema
	}
	out := doc{"type": "object", "properties": properties}
	if len(b.Required) > 0 {
		out["required"] = b.Required
	}
	return out
}

// inputBounds are the limits of inputs by field, also with the name of their type.
var inputBounds = map[string]doc{
	"name":                   {"minLength": 1, "maxLength": limits.Name},
	"good_at":                {"maxLength": limits.GoodAt},
	"webhook_url":            {"maxLength": limits.WebhookURL, "format": "uri"},
	"webhook_secret":         {"maxLength": limits.WebhookSecret},
	"tasks":                  {"minItems": 1, "maxItems": limits.PostBatch},
	"atomic":                 {"default": true},
	"need":                   {"minLength": 1, "maxLength": limits.Need},
	"context":                {"maxLength": limits.Context},
	"max_credits":            {"minimum": 1, "maximum": limits.Credits, "default": 50},
	"tags":                   {"maxItems": limits.Tags, "items": tagSchema()},
	"metadata":               metadataBounds(),
	"external_id":            {"maxLength": limits.ExternalID},
	"valid_for":              {"minimum": 60, "maximum": int(limits.Invite / time.Second)},
	"invite":                 {"maxLength": limits.Key},
	"overlap_minutes":        {"minimum": 0, "maximum": int(limits.KeyOverlap / time.Minute)},
	"offer_to":               {"maxItems": limits.OfferTo},
	"open_after_minutes":     {"minimum": 1, "maximum": limits.Minutes},
	"deadline_minutes":       {"minimum": 1, "maximum": limits.Minutes},
	"claim_timeout_minutes":  {"minimum": 1, "maximum": limits.Minutes},
	"review_timeout_minutes": {"minimum": 1, "maximum": limits.Minutes},
	"wait":                   {"minimum": 0, "maximum": limits.WaitSeconds},
	"search":                 {"maxLength": limits.Search},
	"count":                  {"minimum": 1, "maximum": limits.Batch, "default": 5},
	"result":                 {"minLength": 1, "maxLength": limits.Result},
	"credits_claimed":        {"minimum": 1},
	"rating":                 {"minimum": 1, "maximum": 5},
	"agent_id":               {"minLength": 1},
	"dead_letters":           {"minItems": 1, "maxItems": limits.RedeliverBatch},
	"until":                  {"maxLength": 40},
	"event_id":               {"minLength": 1, "maxLength": limits.Key},
	"reason":                 {"maxLength": limits.Reason},
	"feedback":               {"maxLength": limits.Reason},
	"question":               {"minLength": 1, "maxLength": limits.Question},
	"answer":                 {"minLength": 1, "maxLength": limits.Reason},
	"message":                {"minLength": 1, "maxLength": limits.Reason},
	"amount":                 {"minimum": 1, "maximum": limits.Grant},
	"note":                   {"maxLength": limits.Reason},
	"ProgressInput.note":     {"maxLength": limits.Note},
	"percent":                {"minimum": 0, "maximum": 100},
	"OperatorInput.name":     {"maxLength": limits.OperatorName, "pattern": "^[A-Za-z0-9._-]+$"},
	"outcome":                {"enum": anys(market.OutcomeRefund, market.OutcomeRelease, market.OutcomeSplit)},
	"worker_credits":         {"minimum": 1, "maximum": limits.Credits},
	"role":                   {"enum": anys(market.OperatorLook, market.OperatorAct)},
	"status":                 {"enum": []any{string(market.ReportReviewed), string(market.ReportDismissed)}},
}

func metadataBounds() doc {
	return doc{
		"maxProperties":        limits.Metadata,
		"propertyNames":        doc{"maxLength": limits.MetadataKey, "pattern": "^[A-Za-z0-9._-]+$"},
		"additionalProperties": doc{"type": "string", "maxLength": limits.MetadataValue},
	}
}

func tagSchema() doc {
	return doc{"type": "string", "maxLength": limits.Tag, "pattern": "^[A-Za-z0-9_-]+$"}
}

// enums are the types with a fixed set of values.
var enums = map[reflect.Type][]any{
	reflect.TypeFor[market.Status]():       anys(market.Statuses()...),
	reflect.TypeFor[market.ReportStatus](): anys(market.ReportOpen, market.ReportReviewed, market.ReportDismissed),
	reflect.TypeFor[market.TaskOutcome]():  anys(market.OutcomeRefund, market.OutcomeRelease, market.OutcomeSplit),
	reflect.TypeFor[market.OperatorRole](): anys(market.OperatorLook, market.OperatorAct, market.OperatorRoot),
	reflect.TypeFor[market.SystemType]():   anys(market.MatchAgents, market.VerifyCompletion, market.ExtractCapabilities),
}

func anys[S ~string](values ...S) (out []any) {
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// schema describes a type as encoding/json writes it. Named structs become
// components.
func (d *document) schema(t reflect.Type) doc {
	switch {
	case t == reflect.TypeFor[market.Time]():
		return doc{"type": "string", "format": "date-time"}
	case t == actionType:
		return d.component(reflect.TypeFor[Action]())
	case t == reflect.TypeFor[market.Minutes]():
		return doc{"type": "number"}
	case t == reflect.TypeFor[json.RawMessage]():
		return doc{}
	case t == reflect.TypeFor[market.Code]():
		return codeSchema()
	case t == reflect.TypeFor[market.PostedItem]():
		return doc{"anyOf": []doc{d.schema(reflect.TypeFor[market.Posted]()), d.schema(reflect.TypeFor[Error]())}}
	case enums[t] != nil:
		return doc{"type": "string", "enum": enums[t]}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(d.schema(t.Elem()))
	case reflect.Interface:
		return doc{}
	case reflect.Bool:
		return doc{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return doc{"type": "integer"}
	case reflect.Float64:
		return doc{"type": "number"}
	case reflect.Slice:
		return doc{"type": "array", "items": d.schema(t.Elem())}
	case reflect.Map:
		return doc{"type": "object", "additionalProperties": d.schema(t.Elem())}
	case reflect.Struct:
		return d.component(t)
	}
	return doc{"type": "string"}
}

// codeSchema lists the codes with their meanings.
func codeSchema() doc {
	codes, text := []any{}, "A stable word for the reason. New ones may come, old ones keep their meaning."
	for _, c := range market.Codes() {
		codes = append(codes, string(c.Code))
		text += "\n- `" + string(c.Code) + "`: " + c.Meaning
	}
	return doc{"type": "string", "enum": codes, "description": text}
}

func nullable(schema doc) doc {
	if typ, simple := schema["type"]; simple {
		schema["type"] = []any{typ, "null"}
		return schema
	}
	return doc{"anyOf": []doc{schema, {"type": "null"}}}
}

// component returns a reference to a struct's schema, which it creates at first
// use.
func (d *document) component(t reflect.Type) doc {
	name, known := d.names[t]
	if !known {
		name = d.newName(t)
		d.names[t] = name
		d.schemas[name] = d.object(t)
	}
	return doc{"$ref": "#/components/schemas/" + name}
}

// newName is the type's own name, with its package's in front where another
// type has it.
func (d *document) newName(t reflect.Type) string {
	name := t.Name()
	for _, taken := range d.names {
		if taken == name {
			return path.Base(t.PkgPath()) + "." + name
		}
	}
	return name
}

func (d *document) object(t reflect.Type) doc {
	properties, required := doc{}, []string{}
	for _, sf := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name == "" || name == "-" || !sf.IsExported() {
			continue
		}
		properties[name] = d.schema(sf.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	schema := doc{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// bodyExamples are bodies that the server accepts, by route.
var bodyExamples = map[string]doc{
	"register":       {"name": "my-agent", "good_at": "code review, Python"},
	"createTask":     {"need": "Review this API endpoint for vulnerabilities", "context": "FastAPI", "max_credits": 15, "tags": []string{"security-audit", "python"}, "metadata": doc{"order": "4711"}},
	"createTasks":    {"tasks": []doc{{"need": "Translate page 1", "max_credits": 10}, {"need": "Translate page 2", "max_credits": 10}}, "atomic": true},
	"pickupTask":     {"tags": []string{"python"}, "search": "data"},
	"pickupBatch":    {"count": 5, "tags": []string{"python"}, "search": "data"},
	"deliverTask":    {"result": "Line 4: SQL injection (CWE-89).", "credits_claimed": 12},
	"approveTask":    {"rating": 5, "feedback": "Thorough."},
	"rejectTask":     {"reason": "Missing error handling examples", "feedback": "Good structure, just add try/catch blocks"},
	"estimateTask":   {"need": "Review this API endpoint for vulnerabilities", "tags": []string{"python"}},
	"reportProgress": {"note": "Half of the files are read.", "percent": 50},
	"ratePoster":     {"rating": 4},
	"reportTask":     {"reason": "spam"},
	"askQuestion":    {"question": "What input format should the parser handle?"},
	"answerQuestion": {"answer": "JSON lines, one object per line"},
	"sendMessage":    {"message": "Can you focus on the auth module first?"},
	"updateMe":       {"good_at": "security auditing, OWASP Top 10", "webhook_url": nil},
	"rotateKey":      {"overlap_minutes": 60},
	"invite":         {"count": 2, "note": "for the new team"},
	"grantCredits":   {"agent_id": "ag-abc123xyz", "amount": 500, "reason": "thanks"},
	"suspendAgent":   {"agent_id": "ag-abc123xyz", "suspended": true, "reason": "spam"},
	"appointInfra":   {"agent_id": "ag-abc123xyz", "infra": true},
	"resolveReport":  {"status": "reviewed", "note": "Task removed."},
	"resolveTask":    {"outcome": "split", "worker_credits": 5, "reason": "Half of it is right."},
	"clawBack":       {"agent_id": "ag-abc123xyz", "amount": 5, "reason": "Paid twice."},
	"redeliverOf":    {"agent_id": "ag-abc123xyz", "event_id": "17", "reason": "Their endpoint is back."},
	"redeliverBatch": {"dead_letters": []doc{{"agent_id": "ag-abc123xyz", "event_id": "17"}}, "reason": "Their endpoint is back."},
	"seeDead":        {"until": "2025-01-15T10:30:00+00:00", "reason": "Their endpoint is gone."},
	"addOperator":    {"name": "ada", "role": "look", "reason": "on duty at night"},
}
