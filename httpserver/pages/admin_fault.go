package pages

import (
	"errors"
	"html/template"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// fault is something that is wrong in the form that was just sent. Form, Field and ID, which is the
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

const (
	// fieldSure is the box without which no form does anything.
	fieldSure = "sure"
	// fieldMeant is the amount of an unusual grant whose figures were shown.
	fieldMeant = "meant"
)

// blame finds the fields of the form just sent that a refusal, or several at once, are
// about.
func (d *desk) blame(err error) {
	switch e := err.(type) { //nolint:errorlint // of several, each
	case *market.Error: // which has a kind and a cause, and is one
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			d.blame(one)
		}
		return
	}
	d.Faults = append(d.Faults, d.faultOf(err))
}

func (d *desk) faultOf(err error) fault {
	_, words := httpserver.Explain(err)
	f := fault{Form: d.Tried, Field: d.fieldOf(err), Words: words}
	if f.Field == "" || d.Tried == "" {
		f.Field = ""
		return f
	}
	var refusal *market.Error
	if errors.As(err, &refusal) && refusal.Field != "" {
		words = strings.TrimPrefix(words, refusal.Field+": ")
	}
	if f.Words = deskFields[f.Field] + ": " + words; deskFields[f.Field] == "" {
		f.Field, f.Words = "", words
		return f
	}
	f.ID = d.idOf(f.Field)
	return f
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
	for i := range d.Faults {
		if f := &d.Faults[i]; f.ID != "" && f.Form == form && f.Field == field {
			return f
		}
	}
	return nil
}

// Mark are the attributes of a field that is wrong.
func (d *desk) Mark(form, field string) template.HTMLAttr {
	wrong := d.Wrong(form, field)
	if wrong == nil {
		return ""
	}
	return template.HTMLAttr(` aria-invalid="true" aria-describedby="` + template.HTMLEscapeString(wrong.ID) + `-wrong"`) //nolint:gosec // it is escaped
}
