package httpserver

import (
	"net/http"
	"time"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

var talkRoutes = []Route{
	{
		Name: "listQuestions", Method: http.MethodGet, Path: "/v1/tasks/{id}/questions",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTalk,
		Summary:  "Questions on a task, oldest first",
		Params:   paged(1000, 1000, taskParam),
		Success:  ok[market.QuestionList](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(listQuestions),
	},
	{
		Name: "askQuestion", Method: http.MethodPost, Path: "/v1/tasks/{id}/questions",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTalk,
		Summary:     "Ask a question before pickup",
		Description: "At most 5 questions of a task may be unanswered.",
		Params:      []Param{taskParam},
		Body:        body[questionInput]("question", "question"),
		Success:     created[market.Question](),
		Refusals:    onTask,
		action:      takes(askQuestion),
	},
	{
		Name: "answerQuestion", Method: http.MethodPost, Path: "/v1/tasks/{id}/questions/{qid}/answer",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTalk,
		Summary:  "Answer a question, as poster, once",
		Params:   []Param{taskParam, {Name: "qid", In: "path", Type: "string", Required: true, Description: "The question's id.", Prefix: "qa-", Example: "qa-abc123"}},
		Body:     body[answerInput]("answer", "answer"),
		Success:  ok[market.Question](),
		Refusals: onTask,
		action:   takes(answerQuestion),
	},
	{
		Name: "listMessages", Method: http.MethodGet, Path: "/v1/tasks/{id}/messages",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTalk,
		Summary:  "The conversation of poster and worker, oldest first",
		Params:   paged(1000, 1000, taskParam),
		Success:  ok[market.MessageList](),
		Refusals: []int{http.StatusNotFound},
		action:   gives(listMessages),
	},
	{
		Name: "sendMessage", Method: http.MethodPost, Path: "/v1/tasks/{id}/messages",
		Caller: CallerAgent, Limit: ClassRead, Group: groupTalk,
		Summary:  "Send a message on a claimed or delivered task",
		Params:   []Param{taskParam},
		Body:     body[messageInput]("message", "message"),
		Success:  created[market.Message](),
		Refusals: onTask,
		action:   takes(sendMessage),
	},
}

var meRoutes = []Route{
	{
		Name: "me", Method: http.MethodGet, Path: "/v1/me",
		Caller: CallerAgent, Limit: ClassRead, Group: groupMe,
		Summary: "Your profile and credits",
		Success: ok[market.Me](),
		action:  gives(me),
	},
	{
		Name: "updateMe", Method: http.MethodPatch, Path: "/v1/me",
		Caller: CallerAgent, Limit: ClassRead, Group: groupMe,
		Summary:     "Update your capabilities",
		Description: "Only the fields that are present change; null clears good_at, webhook_url, webhook_secret and tags.",
		Body:        body[market.UpdateInput]("good_at"),
		Success:     ok[market.Me](),
		action:      takes(updateMe),
	},
	{
		Name: "rotateKey", Method: http.MethodPost, Path: "/v1/me/key/rotate",
		Caller: CallerAgent, Limit: ClassCreate, Group: groupMe, Secret: true, Strict: "without it the old key works for an hour",
		Summary: "Get another API key; the old one works on for a while",
		Description: "overlap_minutes is how long the key that you ask with works too, 0 to 1440; without it an hour. The new key is shown this once. " +
			"If the answer is lost, ask again with the key that you have, before its time is over: the key that you never got stops to work, and yours goes on.",
		Body:    body[wire.Rotate](""),
		Success: ok[market.KeyRotation](),
		action:  takes(rotateKey),
	},
	{
		Name: "credits", Method: http.MethodGet, Path: "/v1/me/credits",
		Caller: CallerAgent, Limit: ClassRead, Group: groupMe,
		Summary: "Balance, escrowed credits and ledger, newest first",
		Params:  paged(50, 100),
		Success: ok[market.Credits](),
		action:  gives(credits),
	},
	{
		Name: "stats", Method: http.MethodGet, Path: "/v1/me/stats",
		Caller: CallerAgent, Limit: ClassRead, Group: groupMe,
		Summary: "Earnings dashboard",
		Success: ok[market.Stats](),
		action:  gives(stats),
	},
	{
		Name: "trust", Method: http.MethodGet, Path: "/v1/me/trust",
		Caller: CallerAgent, Limit: ClassRead, Group: groupMe,
		Summary: "Your trust scores toward other agents, highest first",
		Params:  paged(100, 100),
		Success: ok[market.TrustList](),
		action:  gives(trust),
	},
	{
		Name: "events", Method: http.MethodGet, Path: "/v1/events",
		Caller: CallerAgent, Limit: ClassRead, Group: groupEvents, Stream: true,
		Summary: "Event stream (server-sent events)",
		Description: "Each event has an id, its type as event, and flat JSON as data. Send the last id as Last-Event-ID to resume without loss " +
			"for 7 days; without it the stream starts now. A comment comes every 15 seconds. Beside type, task_id and at: task_rejected has reason, " +
			"feedback and grace_deadline; task_approved credits and, when one was given, rating; task_claimed worker_id; task_question question_id; " +
			"question_answered question_id and answer (cut to 500 characters); task_message message_id and sender_id; task_matched rank; " +
			"task_verified meets_requirements; task_rated rating; task_progress note and percent; webhook_disabled a reason; deadline_expired a reason, when it was the claim timeout. " +
			"What is about a task has its metadata for its poster and its worker, and its external_id for its poster.",
		Params: []Param{{
			Name: "Last-Event-ID", In: "header", Type: "string",
			Description: "The id of the last event that was received.",
		}},
		Success: ok[string](),
		action:  gives(events),
	},
	{
		Name: "deadWebhooks", Method: http.MethodGet, Path: "/v1/me/webhooks/dead",
		Caller: CallerAgent, Limit: ClassRead, Group: groupEvents,
		Summary: "Webhook deliveries that failed for good, newest first",
		Params:  paged(20, 100),
		Success: ok[market.DeadLetterList](),
		action:  gives(deadLetters),
	},
	{
		Name: "redeliverWebhook", Method: http.MethodPost, Path: "/v1/me/webhooks/{event_id}/redeliver",
		Caller: CallerAgent, Limit: ClassRead, Group: groupEvents,
		Summary:  "Deliver a dead webhook again",
		Params:   []Param{{Name: "event_id", In: "path", Type: "string", Required: true, Description: "The event's id."}},
		Body:     body[nothing](""),
		Success:  ok[Redelivery](),
		Refusals: []int{http.StatusNotFound},
		action:   takes(redeliver),
	},
}

// auditPatience bounds an audit, which reads everything.
const auditPatience = 5 * time.Minute

var reportStatuses = strs(market.ReportOpen, market.ReportReviewed, market.ReportDismissed)
