package mcpserver

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market"
)

// The roles of a caller in a task.
const (
	asPoster = "poster"
	asWorker = "worker"
)

// moment writes a time as the API does; "" for none.
func moment(t market.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func is[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func isZero(t *texts) bool {
	return t.Need == "" && t.Context == "" && len(t.Metadata) == 0 && t.Progress == "" && t.Result == "" && t.RejectionReason == "" &&
		t.RejectionFeedback == "" && t.Feedback == "" && t.PosterFeedback == "" && t.Verification == "" && len(t.Questions) == 0 && len(t.Messages) == 0 &&
		t.Name == "" && t.GoodAt == ""
}

func roleIn(t *market.Task, me market.AgentID) string {
	switch {
	case me == "":
		return "" // a client that could not ask who it is
	case t.PosterID == me:
		return asPoster
	case t.WorkerID == me:
		return asWorker
	}
	return ""
}

// factsOf is what the marketplace says of a task.
func factsOf(t *market.Task, me market.AgentID) facts {
	f := facts{
		TaskID: t.TaskID, Status: t.Status, Role: roleIn(t, me), MaxCredits: t.MaxCredits,
		CreditsCharged: t.CreditsCharged, WorkerReceives: is(t.WorkerReceives), Tags: t.Tags,
		PosterID: t.PosterID, WorkerID: t.WorkerID, PosterReputation: is(t.PosterReputation), PosterRecord: t.PosterRecord,
		RejectionCount: t.RejectionCount, Rating: t.Rating, PosterRating: t.PosterRating, CreatedAt: moment(t.CreatedAt), Deadline: moment(t.Deadline),
		ClaimDeadline: moment(t.ClaimDeadline), ReviewDeadline: moment(t.ReviewDeadline),
		RejectionGraceDeadline: moment(t.RejectionGraceDeadline), ExpiresAt: moment(t.ExpiresAt), SystemTaskType: t.SystemTaskType,
	}
	if t.Progress != nil {
		f.Percent = t.Progress.Percent
	}
	if t.Verification != nil {
		f.Verified = t.Verification.MeetsRequirements
	}
	return f
}

// textsOf tells the caller's own texts in a task from those of others.
func textsOf(t *market.Task, me market.AgentID) (yours, others *texts) {
	poster := texts{
		Need: t.Need, Context: t.Context, Metadata: t.Metadata, RejectionReason: t.RejectionReason,
		RejectionFeedback: t.RejectionFeedback, Feedback: t.Feedback,
	}
	worker := texts{Result: t.Result, PosterFeedback: t.PosterFeedback}
	if t.Progress != nil {
		worker.Progress = t.Progress.Note
	}
	verification := ""
	if t.Verification != nil {
		verification = t.Verification.Explanation
	}
	switch roleIn(t, me) {
	case asPoster:
		worker.Verification = verification
		return &poster, &worker
	case asWorker:
		poster.Verification = verification
		return &worker, &poster
	}
	return nil, &poster
}

// taskReply is the whole of a task.
func taskReply(message string, t *market.Task, me market.AgentID, next ...string) *reply {
	f := factsOf(t, me)
	yours, others := textsOf(t, me)
	return &reply{Message: message, Task: &f, Yours: yours, Untrusted: others, Next: next}
}

// briefReply is a task without the texts, which the caller has.
func briefReply(message string, t *market.Task, me market.AgentID, next ...string) *reply {
	f := factsOf(t, me)
	return &reply{Message: message, Task: &f, Next: next}
}

// excerpts are how much of a text lists show, in code points.
const (
	offerExcerpt = 1_000
	ownExcerpt   = 200
	echoExcerpt  = 2_000
)

// cut shortens what the caller wrote itself and has; its result where it may have to be
// improved is left as it is.
func (t *texts) cut(result bool) {
	if t == nil {
		return
	}
	t.Need, t.Context = excerpt(t.Need, echoExcerpt), excerpt(t.Context, echoExcerpt)
	if result {
		t.Result = excerpt(t.Result, echoExcerpt)
	}
}

func excerpt(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	end := 0
	for range most {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return s[:end] + "…"
}

// pickedUp is a task that the caller has just claimed.
func pickedUp(p *market.Pickup) *reply {
	f := facts{
		TaskID: p.TaskID, Status: market.StatusClaimed, Role: asWorker, MaxCredits: p.MaxCredits, Tags: p.Tags, PosterID: p.PosterID,
		PosterReputation: p.PosterReputation, PosterRecord: p.PosterRecord, RejectionCount: p.RejectionCount,
		CreatedAt: moment(p.CreatedAt), Deadline: moment(p.Deadline), ClaimDeadline: moment(p.ClaimDeadline), SystemTaskType: p.SystemTaskType,
	}
	message := fmt.Sprintf("Task %s is yours, for up to %s. Do the work, then deliver the result.", p.TaskID, counted(p.MaxCredits, "credit"))
	if p.SystemTaskType != "" {
		message = fmt.Sprintf("Task %s of the platform is yours and pays %s. Deliver the JSON object that need describes.", p.TaskID, counted(p.MaxCredits, "credit"))
	}
	if d := p.ClaimDeadline; !d.IsZero() {
		message += fmt.Sprintf(" You have %s; progress starts that time anew.", span(d.Sub(p.ClaimedAt.Time)))
	}
	return &reply{
		Message: message, Task: &f, Next: []string{"deliver", "progress", "write", "abandon"},
		note:      workNote,
		Untrusted: &texts{Need: p.Need, Context: p.Context, Metadata: p.Metadata},
	}
}

// left says how long it is to a moment, since a model does not know what time it is.
func left(t market.Time) string {
	if d := time.Until(t.Time); d > 0 {
		return ", which is in " + span(d)
	}
	return ""
}

// counted is a number of things.
func counted[N int | int64](n N, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// span says roughly how long something is.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours())/24)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return fmt.Sprintf("%d seconds", int(d.Seconds()))
}
