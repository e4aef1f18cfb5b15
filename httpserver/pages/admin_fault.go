package pages

import (
	"errors"
	"html/template"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// fault is what is wrong in the form that was just sent. Form, Field and ID, which is the
// field's on the page, are "" where it is none of the fields.
type fault struct{ Form, Field, ID, Words string }

// deskFields are what the forms of the desk call the fields of the API.
var deskFields = map[string]string{
	"amount": "Credits", "worker_credits": "Credits for the worker in a split", "reason": "Reason", "note": "Reason",
	fieldSure: "I am sure", "outcome": "What happens to the credits", "name": "Name", "role": "May", "status": "How to close it",
	"event_id": "Delivery", "dead_letters": "Which", "until": "Until",
}

// deskTexts are those of them that people write in.
var deskTexts = map[string]string{
	"amount": deskFields["amount"], "worker_credits": deskFields["worker_credits"], "reason": deskFields["reason"], "name": deskFields["name"],
}

// fieldSure is the box without which no form does anything.
const fieldSure = "sure"

// blame finds the field of the form just sent that a refusal is about.
func (d *desk) blame(err error) {
	_, words := httpserver.Explain(err)
	d.Fault = fault{Form: d.Tried, Field: d.fieldOf(err), Words: words}
	if d.Fault.Field == "" || d.Tried == "" {
		d.Fault.Field = ""
		return
	}
	var refusal *market.Error
	if errors.As(err, &refusal) && refusal.Field != "" {
		words = strings.TrimPrefix(words, refusal.Field+": ")
	}
	if d.Fault.Words = deskFields[d.Fault.Field] + ": " + words; deskFields[d.Fault.Field] == "" {
		d.Fault.Field, d.Fault.Words = "", words
		return
	}
	d.Fault.ID = d.idOf(d.Fault.Field)
}

// fieldOf is the field of the form that a refusal is about.
func (d *desk) fieldOf(err error) string {
	var refusal *market.Error
	if !errors.As(err, &refusal) {
		return ""
	}
	switch field := refusal.Field; {
	case field == "note":
		return "reason"
	case field != "":
		return field
	case d.Tried == "add" && errors.Is(refusal, market.ErrConflict):
		return "name"
	}
	return ""
}

// idOf is where a field of the form just sent stands.
func (d *desk) idOf(field string) string {
	switch {
	case field == "amount" && d.Tried == "clawback":
		return "claw-amount"
	case field == "worker_credits":
		return "worker-credits"
	case field == "reason":
		return "why-" + d.formID()
	case field == "dead_letters":
		return "" // of many boxes none is wrong
	case field == fieldSure:
		return fieldSure + "-" + d.formID()
	}
	return field
}

// formID tells forms of a kind apart that stand on one page.
func (d *desk) formID() string {
	if which := d.Sent.Get("which"); which != "" {
		return which
	}
	return d.Tried
}

// Wrong is what is wrong with a field of a form, nil for nothing.
func (d *desk) Wrong(form, field string) *fault {
	if d.Fault.ID == "" || d.Fault.Form != form || d.Fault.Field != field {
		return nil
	}
	return &d.Fault
}

// Mark are the attributes of a field that is wrong.
func (d *desk) Mark(form, field string) template.HTMLAttr {
	wrong := d.Wrong(form, field)
	if wrong == nil {
		return ""
	}
	return template.HTMLAttr(` aria-invalid="true" aria-describedby="` + template.HTMLEscapeString(wrong.ID) + `-wrong"`) //nolint:gosec // it is escaped
}
