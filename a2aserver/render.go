package a2aserver

import (
	"context"
	"fmt"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/market"
)

// states map one to one, so that a list can be asked for by either. docs/a2a.md shows them.
var states = []struct {
	market market.Status
	a2a    a2a.TaskState
}{
	{market.StatusPosted, a2a.TaskStateSubmitted},
	{market.StatusClaimed, a2a.TaskStateWorking},
	{market.StatusDelivered, a2a.TaskStateInputRequired},
	{market.StatusApproved, a2a.TaskStateCompleted},
	{market.StatusCancelled, a2a.TaskStateCanceled},
	{market.StatusExpired, a2a.TaskStateFailed},
}

func stateOf(s market.Status) a2a.TaskState {
	for _, state := range states {
		if state.market == s {
			return state.a2a
		}
	}
	return a2a.TaskStateUnspecified
}

func ended(s market.Status) bool { return stateOf(s).Terminal() }

// contextOf is the context that the poster named, or the task alone.
func contextOf(t market.Task) string {
	if id := t.Metadata[contextKey]; id != "" {
		return id
	}
	return string(t.TaskID)
}

func info(t market.Task) a2a.TaskInfo {
	return a2a.TaskInfo{TaskID: a2a.TaskID(t.TaskID), ContextID: contextOf(t)}
}

// render is a task without its history.
func render(t market.Task) *a2a.Task {
	task := &a2a.Task{ID: a2a.TaskID(t.TaskID), ContextID: contextOf(t), Status: status(t), Metadata: map[string]any{ours: figures(t)}}
	if r := result(t); r != nil {
		task.Artifacts = []*a2a.Artifact{r}
	}
	return task
}

// result is the delivery that waits for review or was approved. A rejected one is none.
func result(t market.Task) *a2a.Artifact {
	if t.Result == "" || t.Status != market.StatusDelivered && t.Status != market.StatusApproved {
		return nil
	}
	return &a2a.Artifact{
		ID: a2a.ArtifactID(fmt.Sprintf("result-%d", t.RejectionCount+1)), Name: "result",
		Parts: a2a.ContentParts{a2a.NewTextPart(t.Result)},
	}
}

func status(t market.Task) a2a.TaskStatus {
	at := statusTime(t)
	s := a2a.TaskStatus{State: stateOf(t.Status), Timestamp: &at}
	switch t.Status {
	case market.StatusClaimed:
		if t.Progress != nil {
			s.Message = progress(t)
		}
	case market.StatusDelivered:
		s.Message = system(t, "delivered", "The result is there. Approve it, or reject it with a reason.")
	case market.StatusExpired:
		s.Message = system(t, "expired", "Nobody has done the task in time. Its credits are back.")
	default:
	}
	return s
}

func statusTime(t market.Task) time.Time {
	at := t.CreatedAt.Time
	for _, later := range []time.Time{t.ClaimedAt.Time, t.DeliveredAt.Time, t.EndedAt.Time} {
		if later.After(at) {
			at = later
		}
	}
	if t.Status == market.StatusClaimed && t.Progress != nil && t.Progress.At.After(at) {
		at = t.Progress.At.Time
	}
	return at.UTC()
}

// progress is what the worker has last told.
func progress(t market.Task) *a2a.Message {
	m := system(t, "progress", t.Progress.Note)
	if t.Progress.Note == "" {
		m.Parts = a2a.ContentParts{a2a.NewTextPart("under way")}
	}
	if t.Progress.Percent != nil {
		m.Metadata = map[string]any{"percent": *t.Progress.Percent}
	}
	return m
}

// system is a message of the marketplace's own about a task; the same one has the same id.
func system(t market.Task, what, text string) *a2a.Message {
	m := a2a.NewMessageForTask(a2a.MessageRoleAgent, info(t), a2a.NewTextPart(text))
	m.ID = string(t.TaskID) + "-" + what
	return m
}

// opening is the message that the task began with.
func opening(t market.Task) *a2a.Message {
	m := a2a.NewMessageForTask(a2a.MessageRoleUser, info(t), a2a.NewTextPart(t.Need))
	m.ID = string(t.TaskID) + "-need"
	return m
}

// figures are what the protocol has no place for, by the names of GET /v1/tasks/{id}.
func figures(t market.Task) map[string]any {
	f := map[string]any{"status": string(t.Status), "max_credits": t.MaxCredits, "tags": t.Tags, "rejection_count": t.RejectionCount}
	if t.CreditsCharged != 0 {
		f["credits_charged"] = t.CreditsCharged
	}
	if t.WorkerID != "" {
		f["worker_id"] = string(t.WorkerID)
	}
	for name, at := range map[string]market.Time{
		"deadline": t.Deadline, "expires_at": t.ExpiresAt, "claim_deadline": t.ClaimDeadline, "review_deadline": t.ReviewDeadline,
	} {
		if !at.IsZero() {
			f[name] = at.UTC().Format(time.RFC3339)
		}
	}
	if t.Verification != nil {
		f["verification"] = t.Verification.Status
	}
	return f
}

func unanswered(q market.Question) bool { return q.Answer == "" }

// withHistory is a task with what was said about it: the need, the questions, and the
// messages between the poster and the worker.
func withHistory(ctx context.Context, api market.AgentAPI, t market.Task, length *int) (*a2a.Task, error) {
	task := render(t)
	if length != nil && *length == 0 {
		return task, nil
	}
	task.History = []*a2a.Message{opening(t)}
	questions, err := api.Questions(ctx, t.TaskID, market.Page{})
	if err != nil {
		return nil, told(err)
	}
	for _, q := range questions.Questions {
		task.History = append(task.History, question(t, q))
		if !unanswered(q) {
			task.History = append(task.History, said(t, string(q.ID)+"-answer", q.Answer, a2a.MessageRoleUser))
		}
	}
	if t.Status != market.StatusPosted {
		messages, err := api.Messages(ctx, t.TaskID, market.Page{})
		if err != nil {
			return nil, told(err)
		}
		for _, m := range messages.Messages {
			task.History = append(task.History, message(t, api.ID(), m))
		}
	}
	trim(task, length)
	return task, nil
}

func question(t market.Task, q market.Question) *a2a.Message {
	m := said(t, string(q.ID), q.Question, a2a.MessageRoleAgent)
	m.Metadata = map[string]any{ours: map[string]any{"question_id": string(q.ID), "asker_id": string(q.AskerID)}}
	return m
}

func message(t market.Task, me market.AgentID, m market.Message) *a2a.Message {
	role := a2a.MessageRoleAgent
	if m.SenderID == me {
		role = a2a.MessageRoleUser
	}
	return said(t, string(m.ID), m.Message, role)
}

func said(t market.Task, id, text string, role a2a.MessageRole) *a2a.Message {
	m := a2a.NewMessageForTask(role, info(t), a2a.NewTextPart(text))
	m.ID = id
	return m
}

// trim keeps the last so many messages.
func trim(task *a2a.Task, length *int) {
	if length != nil && *length >= 0 && *length < len(task.History) {
		task.History = task.History[len(task.History)-*length:]
	}
}
