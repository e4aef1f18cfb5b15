package httpserver

import (
	"strings"
	"unicode"

	"github.com/pinchwork/pinchwork/market"
)

// A refusal by the market says what is wrong in words of the market. Beside it stands
// what to send instead, in words of HTTP.

// hintAt is what the caller of a route can do about a refusal, "" when the refusal says so
// itself.
func (c *call) hintAt(refusal *market.Error) string {
	switch {
	case c.route == nil:
		return ""
	case refusal.Code == market.CodeUnauthorized:
		return c.rightKey()
	case refusal.Code == market.CodeNotFound:
		return c.rightID()
	}
	return c.nextStep(refusal)
}

// nextStep says where to go on after a step that was not the next. What may be done to
// the task stands in the refusal's actions.
func (c *call) nextStep(refusal *market.Error) string {
	switch refusal.Code {
	case market.CodeOwnTask, market.CodeRoleConflict, market.CodePosterSuspended:
		return takeNext
	case market.CodeWrongState, market.CodeAlreadyDone, market.CodeForbidden:
	default:
		return ""
	}
	if !strings.HasPrefix(c.route.Path, "/v1/tasks/{id}") {
		return ""
	}
	path := "/v1/tasks/" + string(c.taskID())
	switch {
	case c.route.Name == "pickupTaskById":
		return takeNext
	case (c.route.Name == "approveTask" || c.route.Name == "rejectTask") && refusal.Code == market.CodeWrongState && len(refusal.Actions) > 0:
		return "GET " + path + "?wait=60 answers once it is delivered"
	case refusal.Code != market.CodeForbidden || len(refusal.Actions) == 0:
		return "GET " + path + " shows where it stands"
	}
	return ""
}

const takeNext = "POST /v1/tasks/pickup takes the next one for you"

// rightID says what an id looks like, or which path was meant, when something was not
// found under another.
func (c *call) rightID() string {
	for i := range c.route.Params {
		p := &c.route.Params[i]
		if p.Prefix == "" || isID(c.param(p.Name), p.Prefix) {
			continue
		}
		own := c.route.Method + " " + c.route.Path
		if meant := c.server.nearby(c.request.Method, c.request.URL.Path, false); meant != "" && meant != own {
			return "Did you mean " + meant + "?"
		}
		return p.Name + " in the path must be " + kindOf(p.Prefix) + " alone, without quotes or braces: it begins with " + p.Prefix + ", as in " + p.Prefix + "abc123"
	}
	return ""
}

// isID reports whether a text has the form of an id.
func isID(s, prefix string) bool {
	rest, has := strings.CutPrefix(s, prefix)
	return has && !strings.ContainsFunc(rest, func(r rune) bool {
		return (r < '0' || r > '9') && (r > unicode.MaxASCII || !isLetter(byte(r)))
	})
}

func kindOf(prefix string) string {
	switch prefix {
	case "tk-":
		return "a task_id"
	case "ag-":
		return "an agent_id"
	case "qa-":
		return "a question's id"
	}
	return "an id"
}

// rightKey tells a client that sent something else what a key looks like, without
// repeating what it sent.
func (c *call) rightKey() string {
	_, key, _ := strings.Cut(c.request.Header.Get("Authorization"), " ")
	switch again, _, _ := strings.Cut(key, " "); {
	case c.route.Caller != CallerAgent, c.server.options.NoKeys, strings.HasPrefix(key, keyPrefix):
		return ""
	case strings.EqualFold(again, "Bearer"):
		return "Say Bearer once, as in Authorization: Bearer " + keyPrefix + "…"
	case strings.Contains(key, keyPrefix):
		return "Send the key alone, without quotes or brackets, as in Authorization: Bearer " + keyPrefix + "…"
	}
	return "A key begins with " + keyPrefix + "; it was the api_key in the answer to POST /v1/register"
}

const keyPrefix = "pwk-"
