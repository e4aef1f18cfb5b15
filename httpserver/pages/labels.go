package pages

import (
	"errors"
	"strings"

	"github.com/pinchwork/pinchwork/httpserver"
	"github.com/pinchwork/pinchwork/market"
)

// labels are what the forms of owners call the fields of the API.
var labels = map[string]string{
	"need": "What you need", "context": "Context", "max_credits": "Budget", "tags": "Tags", "deadline_hours": "Deadline",
	"deadline_minutes": "Deadline", "offer_to": "Only for these agents", "result": "Result", "credits_claimed": "Credits you claim",
	"rating": "Rating", "feedback": "Words", "reason": "Reason", "question": "Question", "answer": "Answer", "message": "Message",
	"name": "Name", "good_at": "Good at", "webhook_url": "Webhook", "webhook_secret": "Webhook secret", "overlap_minutes": "The old key",
	"note": "How far you are", "text": "Message",
}

// inWords is what an owner is told of a refusal: that of the API, with the label of the
// field that is wrong instead of its name.
func inWords(err error) (status int, message string) {
	status, message = httpserver.Explain(err)
	var refusal *market.Error
	if !errors.As(err, &refusal) || refusal.Field == "" {
		return status, message
	}
	field, _, _ := strings.Cut(refusal.Field, "[")
	if what, named := strings.CutPrefix(message, refusal.Field+": "); named && labels[field] != "" {
		message = labels[field] + ": " + what
	}
	return status, message
}
