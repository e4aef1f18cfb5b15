package market

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// taskView is a task as a party sees it. record is what is known of its poster.
func (m *Market) taskView(t *store.Task, text store.TaskText, record *PosterRecord) Task {
	v := Task{
		TaskID: t.ID, Status: t.Status, Need: text.Need, Context: background(t, text),
		MaxCredits: t.MaxCredits, Tags: tagList(t.Tags), Metadata: maps.Clone(t.Metadata), ExternalID: t.ExternalID, PosterID: t.Poster,
		Deadline: NewTime(t.Deadline), CreatedAt: NewTime(t.CreatedAt), RejectionCount: int(t.Rejections),
		PosterRecord: record,
	}
	v.ClaimTimeout, v.ReviewTimeout = m.timeouts(t)
	if t.Direct != nil {
		v.OfferTo, v.OpensAt = slices.Clone(t.Direct.To), NewTime(t.Direct.OpensAt)
	}
	if t.Status == StatusPosted {
		v.ExpiresAt = NewTime(t.ExpiresAt)
	}
	if t.Claim != nil {
		v.WorkerID, v.ClaimedAt = t.Claim.Worker, NewTime(t.Claim.At)
		v.RejectionGraceDeadline = NewTime(t.Claim.Grace)
		if t.Status == StatusClaimed {
			v.ClaimDeadline = claimDeadline(t)
			v.Progress = progressView(t.Claim.Progress)
		}
	}
	if d := t.Delivery; d != nil {
		v.Result, v.DeliveredAt = text.Result, NewTime(d.At)
		v.Verification = verificationView(d.Verification)
		if t.Status == StatusDelivered {
			v.ReviewDeadline = NewTime(d.ReviewUntil)
			v.charges(d.Charged, m.rules.Fee(d.Charged))
		}
	}
	if t.Rejection != nil {
		v.RejectionReason, v.RejectionFeedback = t.Rejection.Reason, t.Rejection.Feedback
	}
	if t.Ending != nil {
		v.ended(t.Ending)
	}
	v.TextsPruned = t.TextsPruned
	if t.System != nil {
		v.SystemTaskType, v.ParentTaskID = t.System.Type, t.System.Parent
		if t.Status == StatusApproved {
			v.AnswerUsed = new(t.Ending.Feedback == "")
		}
	}
	return v
}

// charges fills in what an approval takes from the poster and pays to the
// worker.
func (v *Task) charges(charged, fee int64) {
	v.CreditsCharged, v.Fee, v.WorkerReceives = charged, new(fee), new(charged-fee)
}

func (v *Task) ended(e *store.Ending) {
	v.EndedAt = NewTime(e.At)
	if e.Outcome != "" {
		v.Resolution = &Resolution{Outcome: TaskOutcome(e.Outcome), Reason: e.Reason}
	}
	if v.Status != StatusApproved {
		return
	}
	v.ApprovedAt = NewTime(e.At)
	v.charges(e.Charged, e.Fee)
	v.Rating, v.Feedback = e.Rating, e.Feedback
	v.PosterRating, v.PosterFeedback = e.PosterRating, e.PosterFeedback
	v.CreditsTakenBack = e.TakenBack
}

// publicView is an open task as strangers see it: what a browse item shows,
// and the status (rule 4.15).
func (m *Market) publicView(t *store.Task, text store.TaskText, poster *store.Agent) Task {
	v := Task{
		TaskID: t.ID, Status: t.Status, Need: text.Need, Context: background(t, text),
		MaxCredits: t.MaxCredits, Tags: tagList(t.Tags), PosterID: t.Poster,
		Deadline: NewTime(t.Deadline), CreatedAt: NewTime(t.CreatedAt), RejectionCount: int(t.Rejections),
		ExpiresAt: NewTime(t.ExpiresAt), PosterReputation: new(reputation(poster)), PosterRecord: recordOf(poster),
	}
	v.ClaimTimeout, v.ReviewTimeout = m.timeouts(t)
	return v
}

// hiring tells one of those whom a direct hire asks by name that it is.
func (v *Task) hiring(t *store.Task, reader AgentID) {
	if rules.Hired(t, reader) {
		v.Hired, v.OpensAt = true, NewTime(t.Direct.OpensAt)
	}
}

// timeouts are the two that are in force for a task. A system task is approved
// with its delivery.
func (m *Market) timeouts(t *store.Task) (claim, review Minutes) {
	claim = Minutes{m.rules.ClaimTimeoutOf(t)}
	if t.System == nil {
		review = Minutes{m.rules.ReviewTimeoutOf(t)}
	}
	return claim, review
}

// recordOf is nil for the platform, which reviews no deliveries.
func recordOf(poster *store.Agent) *PosterRecord {
	if poster == nil {
		return nil
	}
	return &PosterRecord{Approved: poster.Approvals, Rejected: poster.Rejections}
}

// background is the context as the task's worker reads it. In a match task it
// leaves out the infra agent itself and workers that have held the task before:
// neither can be matched.
func background(t *store.Task, text store.TaskText) string {
	if t.System == nil || t.System.Type != MatchAgents {
		return text.Context
	}
	var in rules.MatchInput
	if json.Unmarshal([]byte(text.Context), &in) != nil {
		return text.Context
	}
	in.Agents = slices.DeleteFunc(in.Agents, func(c rules.MatchCandidate) bool { return rules.Barred(t, c.ID) })
	return rules.AsJSON(in)
}

// answerUntil is the instant from which the answer to a system task no longer
// counts. It can still be delivered, and is paid, while the claim lasts.
func answerUntil(t *store.Task) time.Time {
	if t.System == nil {
		return time.Time{}
	}
	return t.System.Until
}

// claimDeadline is when the claim ends if nothing is delivered, or, for a
// system task, from when the answer no longer counts.
func claimDeadline(t *store.Task) Time {
	if !t.Claim.Grace.IsZero() {
		return NewTime(t.Claim.Grace)
	}
	until := t.Claim.Timeout
	for _, sooner := range []time.Time{t.Deadline, answerUntil(t)} {
		if !sooner.IsZero() && (until.IsZero() || sooner.Before(until)) {
			until = sooner
		}
	}
	return NewTime(until)
}

func reputation(a *store.Agent) float64 {
	if a == nil {
		return 0
	}
	return a.Reputation()
}

// tagList is a copy that the caller may change, and becomes [] in JSON instead
// of null.
func tagList(tags []string) []string { return append(make([]string, 0, len(tags)), tags...) }

// copyOf copies the value behind a pointer, so that the caller may change it.
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

func progressView(p store.Progress) *Progress {
	if p.At.IsZero() {
		return nil
	}
	return &Progress{At: NewTime(p.At), Note: p.Note, Percent: copyOf(p.Percent)}
}

func (m *Market) pickupView(r *recordedClaim, text store.TaskText) Pickup {
	t := r.Task
	v := Pickup{
		TaskID: t.ID, Need: text.Need, Context: background(t, text), MaxCredits: t.MaxCredits,
		PosterID: t.Poster, Tags: tagList(t.Tags), Metadata: maps.Clone(t.Metadata),
		CreatedAt: NewTime(t.CreatedAt), PosterReputation: r.Reputation,
		Deadline: NewTime(t.Deadline), RejectionCount: int(t.Rejections),
		ClaimedAt: NewTime(t.Claim.At), ClaimDeadline: claimDeadline(t), PosterRecord: r.PosterRecord, Actions: r.Actions,
	}
	v.ClaimTimeout, v.ReviewTimeout = m.timeouts(t)
	if t.System != nil {
		v.SystemTaskType, v.ParentTaskID = t.System.Type, t.System.Parent
	}
	return v
}

func questionView(q *store.Question) Question {
	return Question{
		ID: q.ID, TaskID: q.Task, AskerID: q.Asker, Question: q.Text, Answer: q.Answer,
		CreatedAt: NewTime(q.CreatedAt), AnsweredAt: NewTime(q.AnsweredAt),
	}
}

func reportView(r *store.Report) Report {
	return Report{
		ID: r.ID, Task: r.Task, Reporter: r.Reporter, Reason: r.Reason, Status: r.Status, Note: r.Note,
		CreatedAt: NewTime(r.CreatedAt), ResolvedAt: NewTime(r.ResolvedAt),
	}
}

func messageView(m *store.Message) Message {
	return Message{ID: m.ID, TaskID: m.Task, SenderID: m.Sender, Message: m.Text, CreatedAt: NewTime(m.CreatedAt)}
}

func ledgerView(e *store.Entry) LedgerEntry {
	v := LedgerEntry{
		ID: e.ID, Amount: e.Signed(), Reason: e.Kind, TaskID: e.Task, Note: e.Note, BalanceAfter: e.Balance, CreatedAt: NewTime(e.At),
	}
	if e.Kind == store.EntryPayment {
		v.Fee = new(e.Fee)
	}
	return v
}

func meView(a *store.Agent, now time.Time) Me {
	return Me{
		ID: a.ID, Name: a.Name, Credits: a.Balance, Reputation: a.Reputation(),
		TasksPosted: a.Posted, TasksCompleted: a.Completed, GoodAt: a.GoodAt,
		Tags: tagList(a.CapabilityTags()), TagsBy: tagSource(&a.Profile),
		AcceptsSystemTasks: a.AcceptsSystemTasks, WebhookURL: a.WebhookURL,
		OpenClaims: a.OpenClaims, Strikes: a.Strikes.Count, BlockedUntil: blockedUntil(a.Strikes, now),
		KeyCreatedAt: NewTime(keyMadeAt(&a.Profile)),
	}
}

func keyMadeAt(p *store.Profile) time.Time {
	if p.KeyMadeAt.IsZero() {
		return p.CreatedAt
	}
	return p.KeyMadeAt
}

// tagSource is "" for an agent without capability tags.
func tagSource(p *store.Profile) TagSource {
	switch {
	case len(p.Tags) > 0:
		return TagsDeclared
	case len(p.ExtractedTags) > 0:
		return TagsExtracted
	}
	return ""
}

// blockedUntil is when pickup is blocked, zero when it is not.
func blockedUntil(s store.Strikes, now time.Time) Time {
	if !s.BlockedUntil.After(now) {
		return Time{}
	}
	return NewTime(s.BlockedUntil)
}

func publicProfile(a *store.Agent) PublicProfile {
	return PublicProfile{
		ID: a.ID, Name: a.Name, Reputation: a.Reputation(), TasksCompleted: a.Completed,
		RatingCount: a.RatingCount, GoodAt: a.GoodAt, Tags: tagList(a.CapabilityTags()),
		AsPoster: *recordOf(a),
	}
}
