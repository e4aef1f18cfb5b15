package httpserver

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// samples are the values of fields in examples, by name. "Type.name" takes
// precedence over "name", and that over 1, true and "…".
var samples = map[string]any{
	"agent_id": "ag-abc123xyz", "id": "ag-abc123xyz", "poster_id": "ag-abc123xyz", "rated_id": "ag-abc123xyz", "trusted_id": "ag-abc123xyz",
	"worker_id": "ag-def456uvw", "sender_id": "ag-def456uvw", "asker_id": "ag-def456uvw",
	"task_id": "tk-abc123", "report_id": "rp-abc123", "event_id": "17",
	"QuestionView.id": "qa-abc123", "MessageView.id": "msg-abc123", "LedgerEntry.id": "le-abc123", "Report.id": "rp-abc123",
	"api_key": "pwk-shown-this-once-keep-it", "name": "my-agent", "good_at": "code review, Python", "Capabilities.name": "Pinchwork",
	"need": "Review this API endpoint for vulnerabilities", "context": "FastAPI", "result": "Line 4: SQL injection (CWE-89).",
	"tags": "python", "tag": "python", "max_credits": 15, "credits_charged": 12, "granted": 500,
	"median_credits": 25, "p25": 15, "p75": 40, "Estimate.tasks": 37, "TagDemand.open_tasks": 4, "agents": 12, "median_minutes_to_claim": 1.5, "median_minutes_to_approval": 42.25, "approved_30d": 37,
	"credits": 100, "balance": 85, "escrowed": 15, "amount": 11, "LedgerEntry.reason": "payment", "reputation": 4.5, "poster_reputation": 4.5,
	"avg_rating": 4.5, "score": 0.55, "approval_rate": 0.95, "rating": 4, "match_rank": 0, "rejection_count": 0, "attempts": 4,
	"status": "delivered", "Posted.status": "posted", "Health.status": "ok", "Reported.status": "open", "Report.status": "open",
	"reason": "spam", "note": "Task removed.", "message": "Can you focus on the auth module first?",
	"Registration.message": "Welcome. Keep the key: it is shown this once.", "KeyRotation.message": "Keep the key: it is shown this once.", "overlap": 3600, "valid_for": 86400, "invitation": "pwi-shown-this-once", "question": "Which input format?", "answer": "JSON lines",
	"webhook_url": "https://agent.example.com/hook", "error": "max_credits: must be 1 to 100000", "code": "invalid", "error_codes": "invalid", "version": "1.0.0",
	"base_url": "https://pinchwork.example.com", "Capability.method": "GET", "Capability.path": "/v1/me", "auth": "agent", "purpose": "Your profile and credits",
	"OperatorAction.number": 17, "operator": "root", "action": "grant", "Operator.name": "ada", "NewOperator.name": "ada", "role": "look", "NewOperator.api_key": "pwo-shown-this-once-keep-it",
	"DeskHealth.store_seconds": 0.001, "DeskHealth.timers_late_seconds": 0, "DeskHealth.webhooks_late_seconds": 0, "registered": 1200, "DeskMoney.granted": 500, "clawed_back": 14,
	"system_pay": 30, "fees": 41, "held": 1640, "DeskMoney.escrowed": 35, "DeskOverview.agents": 12, "Replica.name": "market-1", "Replica.id": "mk-abc123", "DeadWebhook.event_id": "17", "RedeliverInput.event_id": "17", "RedeliveredOf.event_id": "17",
	"RedeliverInput.reason": "Their endpoint is back", "RedeliveredOf.reason": "Their endpoint is back",
	"RedeliverBatchInput.reason": "Their endpoint is back", "SeeDeadInput.reason": "Their endpoint is gone", "SeenDead.reason": "Their endpoint is gone", "waiting": 1,
	"posted_total": 1, "worked_total": 1,
	"sum": 0, "problems": nil,
}

var sampleTime = market.NewTime(time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC))

// sampleJSON is an example of what a type looks like on the wire, without the
// fields that may be left out.
func sampleJSON(t reflect.Type) json.RawMessage {
	v := reflect.New(t).Elem()
	fillSample(v, "", "")
	data, err := json.Marshal(v.Interface())
	if err != nil {
		return nil // no type of a table's answer fails
	}
	return data
}

func sampleFor(owner, name string) (any, bool) {
	if value, there := samples[owner+"."+name]; there {
		return value, true
	}
	value, there := samples[name]
	return value, there
}

// fillSample fills the field of the given name of a struct type.
func fillSample(v reflect.Value, owner, name string) {
	sample, known := sampleFor(owner, name)
	if v.Type() == reflect.TypeFor[market.Time]() {
		v.Set(reflect.ValueOf(sampleTime))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillSample(v.Elem(), owner, name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		if known && sample == nil {
			v.SetLen(0)
			return
		}
		fillSample(v.Index(0), owner, name)
	case reflect.Struct:
		fillFields(v)
	case reflect.Bool:
		v.SetBool(true)
	default:
		fillPlain(v, sample)
	}
}

func fillFields(v reflect.Value) {
	for _, sf := range reflect.VisibleFields(v.Type()) {
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if name != "" && name != "-" && sf.IsExported() && !strings.Contains(options, "omit") {
			fillSample(v.FieldByIndex(sf.Index), v.Type().Name(), name)
		}
	}
}

// fillPlain sets a string or a number.
func fillPlain(v reflect.Value, sample any) {
	if values := enums[v.Type()]; values != nil && !slices.Contains(values, sample) {
		sample = values[0]
	}
	if sample == nil {
		sample = 1
		if v.Kind() == reflect.String {
			sample = "…"
		}
	}
	if given := reflect.ValueOf(sample); given.CanConvert(v.Type()) {
		v.Set(given.Convert(v.Type()))
	}
}

// markdownExample is the same answer as the server writes it in markdown.
func markdownExample(object json.RawMessage, note string) string {
	var out bytes.Buffer
	writeMarkdown(&out, object, note)
	return out.String()
}

// markdownBody is the example of a body in its other form.
func markdownBody(r *Route, example doc) string {
	front := doc{}
	for name, value := range example {
		if name != r.Body.Text {
			front[name] = value
		}
	}
	object, err := json.Marshal(front)
	if err != nil {
		return "" // it has strings, numbers and lists only
	}
	text, _ := example[r.Body.Text].(string)
	var out bytes.Buffer
	out.WriteString("---\n")
	_ = eachMember(object, func(name string, value []byte) error {
		if string(value) == "null" { // in a body it says something
			out.WriteString(name + ": null\n")
		}
		writeYAML(&out, "", name, value)
		return nil
	})
	out.WriteString("---\n" + text)
	return out.String()
}

// streamExample is what an event stream looks like.
const streamExample = ": stream open\nid: 16\n\n" +
	"id: 17\nevent: task_delivered\ndata: {\"type\":\"task_delivered\",\"task_id\":\"tk-abc123\",\"at\":\"2025-01-15T10:30:00+00:00\"}\n\n"
