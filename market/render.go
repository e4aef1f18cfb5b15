package market

import (
	"encoding/json"
	"slices"
	"time"
)

// taskView is a task as a party sees it.
func taskView(t *Task, text TaskText) TaskView {
	v := TaskView{
		TaskID: t.ID, Status: t.Status, Need: text.Need, Context: stringPtr(t.background(text)),
		MaxCredits: t.MaxCredits, Tags: tagList(t.Tags), PosterID: t.Poster,
		Deadline: timePtr(t.Deadline), CreatedAt: NewTime(t.CreatedAt), RejectionCount: int(t.Rejections),
		ExpiresAt: timePtr(t.ExpiresAt),
	}
	if t.Claim != nil {
		v.WorkerID = stringPtr(t.Claim.Worker)
		v.RejectionGraceDeadline = timePtr(t.Claim.Grace)
		if t.Status == StatusClaimed {
			v.ClaimDeadline = claimDeadline(t)
		}
	}
	if d := t.Delivery; d != nil {
		v.Result, v.DeliveredAt = stringPtr(text.Result), timePtr(d.At)
		v.Verification = verificationView(d.Verification)
		if t.Status == StatusDelivered {
			v.CreditsCharged = Ptr(d.Charged)
		}
	}
	if t.Rejection != nil {
		v.RejectionReason, v.RejectionFeedback = t.Rejection.Reason, t.Rejection.Feedback
	}
	if t.Status == StatusApproved {
		v.approved(t.Ending)
	}
	if t.System != nil {
		v.SystemTaskType, v.ParentTaskID = t.System.Type, t.System.Parent
		if t.Status == StatusApproved {
			v.AnswerUsed = Ptr(t.Ending.Feedback == "")
		}
	}
	return v
}

func (v *TaskView) approved(e *Ending) {
	v.CreditsCharged = Ptr(e.Charged)
	if e.Rating != 0 {
		v.Rating = Ptr(e.Rating)
	}
	v.Feedback = e.Feedback
}

// publicView is an open task as strangers see it: what a browse item shows,
// and the status (contract §5).
func publicView(t *Task, text TaskText, poster *Agent) TaskView {
	v := TaskView{
		TaskID: t.ID, Status: t.Status, Need: text.Need, Context: stringPtr(t.background(text)),
		MaxCredits: t.MaxCredits, Tags: tagList(t.Tags), PosterID: t.Poster,
		Deadline: timePtr(t.Deadline), CreatedAt: NewTime(t.CreatedAt), RejectionCount: int(t.Rejections),
		PosterReputation: Ptr(reputation(poster)),
	}
	return v
}

// background is the context as the holder of the task reads it: an infra agent
// is no candidate for what it matches, and neither is who held the task before.
func (t *Task) background(text TaskText) string {
	if t.System == nil || t.System.Type != MatchAgents {
		return text.Context
	}
	var in matchInput
	if json.Unmarshal([]byte(text.Context), &in) != nil {
		return text.Context
	}
	in.Agents = slices.DeleteFunc(in.Agents, func(c matchCandidate) bool { return t.barred(c.ID) })
	return asJSON(in)
}

// answerUntil is when the answer to a system task ceases to count. It can still
// be delivered, and is paid, while the claim lasts.
func (t *Task) answerUntil() time.Time {
	if t.System == nil {
		return time.Time{}
	}
	return t.System.Until
}

// claimDeadline is when the claim ends if nothing is delivered, or when the
// answer to a system task ceases to count.
func claimDeadline(t *Task) *Time {
	if !t.Claim.Grace.IsZero() {
		return timePtr(t.Claim.Grace)
	}
	until := t.Claim.Timeout
	for _, sooner := range []time.Time{t.Deadline, t.answerUntil()} {
		if !sooner.IsZero() && (until.IsZero() || sooner.Before(until)) {
			until = sooner
		}
	}
	return timePtr(until)
}

func reputation(a *Agent) float64 {
	if a == nil {
		return 0
	}
	return a.Reputation()
}

// tagList is a copy, for the caller to do with as it likes, and gives JSON []
// instead of null.
func tagList(tags []string) []string { return append(make([]string, 0, len(tags)), tags...) }

// copyOf gives the caller a value of its own behind a pointer.
func copyOf[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

func verificationView(v *Verification) *Verification {
	own := copyOf(v)
	if own != nil {
		own.MeetsRequirements, own.Proven = copyOf(v.MeetsRequirements), copyOf(v.Proven)
	}
	return own
}

func pickupView(t *Task, text TaskText, posterReputation float64) Pickup {
	p := Pickup{
		TaskID: t.ID, Need: text.Need, Context: stringPtr(t.background(text)), MaxCredits: t.MaxCredits,
		PosterID: t.Poster, Tags: tagList(t.Tags), CreatedAt: NewTime(t.CreatedAt), PosterReputation: posterReputation,
		Deadline: timePtr(t.Deadline), RejectionCount: int(t.Rejections), ClaimDeadline: claimDeadline(t),
	}
	if t.System != nil {
		p.SystemTaskType, p.ParentTaskID = t.System.Type, t.System.Parent
	}
	return p
}

func questionView(q *Question) QuestionView {
	return QuestionView{
		ID: q.ID, TaskID: q.Task, AskerID: q.Asker, Question: q.Text, Answer: stringPtr(q.Answer),
		CreatedAt: NewTime(q.CreatedAt), AnsweredAt: timePtr(q.AnsweredAt),
	}
}

func reportView(r *Report) ReportView {
	return ReportView{
		ID: r.ID, Task: r.Task, Reporter: r.Reporter, Reason: r.Reason, Status: r.Status, Note: r.Note,
		CreatedAt: NewTime(r.CreatedAt), ResolvedAt: timePtr(r.ResolvedAt),
	}
}

func messageView(m *Message) MessageView {
	return MessageView{ID: m.ID, TaskID: m.Task, SenderID: m.Sender, Message: m.Text, CreatedAt: NewTime(m.CreatedAt)}
}

func ledgerView(e *Entry) LedgerEntry {
	v := LedgerEntry{
		ID: e.ID, Amount: e.Signed(), Reason: e.Kind, TaskID: stringPtr(e.Task), Note: e.Note, CreatedAt: NewTime(e.At),
	}
	if e.Kind == EntryPayment {
		v.Fee = Ptr(e.Fee)
	}
	return v
}

func meView(a *Agent) Me {
	return Me{
		ID: a.ID, Name: a.Name, Credits: a.Balance, Reputation: a.Reputation(),
		TasksPosted: a.Posted, TasksCompleted: a.Completed, GoodAt: stringPtr(a.GoodAt),
		Tags: tagList(a.CapabilityTags()), AcceptsSystemTasks: a.AcceptsSystemTasks, WebhookURL: stringPtr(a.WebhookURL),
	}
}

func publicProfile(a *Agent) PublicProfile {
	return PublicProfile{
		ID: a.ID, Name: a.Name, Reputation: a.Reputation(), TasksCompleted: a.Completed,
		RatingCount: a.RatingCount, GoodAt: stringPtr(a.GoodAt), Tags: tagList(a.CapabilityTags()),
	}
}
