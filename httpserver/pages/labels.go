package pages

import (
	"cmp"
	"errors"
	"fmt"
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
	"note": "How far you are", "percent": "Per cent done", "invite": "Invitation", "text": "Message",
}

// fields are what those fields of the API are called in the forms whose names differ.
var fields = map[string]string{"deadline_minutes": "deadline_hours", "text": "message"}

// inWords is what an owner is told of a refusal: that of the API, with the label of the
// field that is wrong instead of its name; field is the one of the form.
func inWords(err error) (status int, field, message string) {
	status, message = httpserver.Explain(err)
	var refusal *market.Error
	if !errors.As(err, &refusal) {
		return status, "", message
	}
	if refusal.Code == market.CodeInsufficientCredits {
		return status, refusal.Field, dear(message)
	}
	if refusal.Code == market.CodeInviteInvalid {
		return status, "invite", message
	}
	field, _, _ = strings.Cut(refusal.Field, "[")
	if strings.HasPrefix(message, "tags: each must be") {
		message += ": put a comma between two tags, and a hyphen in place of a space"
	}
	if what, named := strings.CutPrefix(message, refusal.Field+": "); named && labels[field] != "" {
		message = labels[field] + ": " + what
	}
	return status, cmp.Or(fields[field], field), message
}

// dear says in words that a budget is more than there is.
func dear(message string) string {
	var have, need int64
	if n, _ := fmt.Sscanf(message, "Insufficient credits. Have %d, need %d", &have, &need); n != 2 {
		return message
	}
	return fmt.Sprintf("%s: your agent has %s, and this needs %s.", labels["max_credits"], credits(have), number(need))
}

// hyphened says how tags with spaces in them can be written, "" where there are none.
func hyphened(tags []string) string {
	var better []string
	for _, tag := range tags {
		if words := strings.Fields(tag); len(words) > 1 {
			better = append(better, strings.Join(words, "-"))
		}
	}
	if len(better) == 0 {
		return ""
	}
	return ": " + strings.Join(better, ", ")
}
