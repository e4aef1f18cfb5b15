// Package wire holds the bodies of requests whose JSON form differs from the Go
// form: there an absent number is null or left out and a time is counted in
// minutes or seconds, here zero is absent and a time is a time.Duration. Server and
// client translate by it.
package wire

import (
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// Task is what a body says about a task to be posted.
type Task struct {
	Need                 string            `json:"need"`
	Context              string            `json:"context,omitempty"`
	MaxCredits           *int64            `json:"max_credits,omitempty"`
	Tags                 []string          `json:"tags,omitempty"`
	Metadata             map[string]string `json:"metadata,omitempty"`
	ExternalID           string            `json:"external_id,omitempty"`
	OfferTo              []market.AgentID  `json:"offer_to,omitempty"`
	OpenAfterMinutes     *int64            `json:"open_after_minutes,omitempty"`
	DeadlineMinutes      *int64            `json:"deadline_minutes,omitempty"`
	ClaimTimeoutMinutes  *int64            `json:"claim_timeout_minutes,omitempty"`
	ReviewTimeoutMinutes *int64            `json:"review_timeout_minutes,omitempty"`
}

// TaskOf is what says in, without its Wait.
func TaskOf(in market.PostInput) Task {
	return Task{
		Need: in.Need, Context: in.Context, MaxCredits: written(in.MaxCredits), Tags: in.Tags, Metadata: in.Metadata,
		ExternalID:           in.ExternalID,
		OfferTo:              in.OfferTo,
		OpenAfterMinutes:     written(units(in.OpenAfter, time.Minute)),
		DeadlineMinutes:      written(units(in.Deadline, time.Minute)),
		ClaimTimeoutMinutes:  written(units(in.ClaimTimeout, time.Minute)),
		ReviewTimeoutMinutes: written(units(in.ReviewTimeout, time.Minute)),
	}
}

// Input is what the body says. What is out of range stays out of range.
func (t Task) Input() market.PostInput {
	return market.PostInput{
		Need: t.Need, Context: t.Context, MaxCredits: read(t.MaxCredits), Tags: t.Tags, Metadata: t.Metadata,
		ExternalID:    t.ExternalID,
		OfferTo:       t.OfferTo,
		OpenAfter:     minutes(t.OpenAfterMinutes),
		Deadline:      minutes(t.DeadlineMinutes),
		ClaimTimeout:  minutes(t.ClaimTimeoutMinutes),
		ReviewTimeout: minutes(t.ReviewTimeoutMinutes),
	}
}

// Post is the body of a posting.
type Post struct {
	Task
	Wait *int64 `json:"wait,omitempty"`
}

// PostOf is the body that says in.
func PostOf(in market.PostInput) Post {
	return Post{Task: TaskOf(in), Wait: written(SecondsOf(in.Wait))}
}

// Input is what the body says. What is out of range stays out of range.
func (p Post) Input() market.PostInput {
	in := p.Task.Input()
	if p.Wait != nil {
		in.Wait = Seconds(*p.Wait)
	}
	return in
}

// PostBatch is the body of a batch of posts.
type PostBatch struct {
	Tasks []Task `json:"tasks"`
	// Atomic is true when it is left out.
	Atomic *bool `json:"atomic,omitempty"`
}

// PostBatchOf is the body that says in.
func PostBatchOf(in market.PostBatchInput) PostBatch {
	b := PostBatch{Tasks: make([]Task, len(in.Tasks))}
	for i, t := range in.Tasks {
		b.Tasks[i] = TaskOf(t)
	}
	if in.Each {
		b.Atomic = new(false)
	}
	return b
}

// Input is what the body says.
func (b PostBatch) Input() market.PostBatchInput {
	in := market.PostBatchInput{Tasks: make([]market.PostInput, len(b.Tasks)), Each: b.Atomic != nil && !*b.Atomic}
	for i, t := range b.Tasks {
		in.Tasks[i] = t.Input()
	}
	return in
}

// Pickup is the body of a pickup.
type Pickup struct {
	Tags   []string `json:"tags,omitempty"`
	Search string   `json:"search,omitempty"`
	Wait   *int64   `json:"wait,omitempty"`
}

// Filter is what the body says.
func (p Pickup) Filter() market.Filter {
	f := market.Filter{Tags: p.Tags, Search: p.Search}
	if p.Wait != nil {
		f.Wait = Seconds(*p.Wait)
	}
	return f
}

// Batch is the body of a batch pickup.
type Batch struct {
	Count *int64 `json:"count,omitempty"`
	Pickup
}

// BatchOf is the body that says in.
func BatchOf(in market.BatchInput) Batch {
	return Batch{
		Count:  written(int64(in.Count)),
		Pickup: Pickup{Tags: in.Tags, Search: in.Search, Wait: written(SecondsOf(in.Wait))},
	}
}

// Input is what the body says.
func (b Batch) Input() market.BatchInput {
	return market.BatchInput{Count: int(read(b.Count)), Filter: b.Filter()}
}

// Deliver is the body of a delivery.
type Deliver struct {
	Result         string `json:"result"`
	CreditsClaimed *int64 `json:"credits_claimed,omitempty"`
}

// DeliverOf is the body that says in.
func DeliverOf(in market.DeliverInput) Deliver {
	return Deliver{Result: in.Result, CreditsClaimed: written(in.CreditsClaimed)}
}

// Input is what the body says.
func (d Deliver) Input() market.DeliverInput {
	return market.DeliverInput{Result: d.Result, CreditsClaimed: read(d.CreditsClaimed)}
}

// Approve is the body of an approval.
type Approve struct {
	Rating   *int64 `json:"rating,omitempty"`
	Feedback string `json:"feedback,omitempty"`
}

// ApproveOf is the body that says in.
func ApproveOf(in market.ApproveInput) Approve {
	return Approve{Rating: written(int64(in.Rating)), Feedback: in.Feedback}
}

// Input is what the body says.
func (a Approve) Input() market.ApproveInput {
	return market.ApproveInput{Rating: int(read(a.Rating)), Feedback: a.Feedback}
}

// Seconds is n seconds as a time. More than anybody may wait stays more than that
// instead of overflowing.
func Seconds(n int64) time.Duration { return seconds(n, limits.WaitSeconds*time.Second) }

func seconds(n int64, most time.Duration) time.Duration {
	return time.Duration(min(max(n, -1), int64(most/time.Second)+1)) * time.Second
}

// SecondsOf is d in whole seconds, rounded away from zero.
func SecondsOf(d time.Duration) int64 { return units(d, time.Second) }

// Rotate is the body of a change of the key.
type Rotate struct {
	OverlapMinutes *int64 `json:"overlap_minutes,omitempty"`
}

// usualOverlap is that of a body that does not say how long the old key works.
const usualOverlap = time.Hour

// RotateOf is the body that says in.
func RotateOf(in market.RotateInput) Rotate {
	return Rotate{OverlapMinutes: new(units(in.Overlap, time.Minute))}
}

// Input is what the body says.
func (r Rotate) Input() market.RotateInput {
	switch {
	case r.OverlapMinutes == nil:
		return market.RotateInput{Overlap: usualOverlap}
	case *r.OverlapMinutes == 0:
		return market.RotateInput{}
	}
	return market.RotateInput{Overlap: minutes(r.OverlapMinutes)}
}

// Invite is the body that asks for invitations; ValidFor is in seconds.
type Invite struct {
	Count    *int64 `json:"count,omitempty"`
	Note     string `json:"note,omitempty"`
	ValidFor *int64 `json:"valid_for,omitempty"`
}

// InviteOf is the body that says in.
func InviteOf(in market.InviteInput) Invite {
	return Invite{Count: written(int64(in.Count)), Note: in.Note, ValidFor: written(SecondsOf(in.ValidFor))}
}

// Input is what the body says. What is out of range stays out of range.
func (i Invite) Input() market.InviteInput {
	return market.InviteInput{Count: int(min(read(i.Count), limits.Invites+1)), Note: i.Note, ValidFor: seconds(read(i.ValidFor), limits.Invite)}
}

func minutes(n *int64) time.Duration {
	return time.Duration(min(max(read(n), -1), limits.Minutes+1)) * time.Minute
}

// read is the number that n says, 0 for none. A zero that was written is out of
// range like any number below one, which the market is told by another of those.
func read(n *int64) int64 {
	switch {
	case n == nil:
		return 0
	case *n == 0:
		return -1
	}
	return *n
}

// written is a number as JSON has it.
func written(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// units counts the units in d, rounded away from zero.
func units(d, unit time.Duration) int64 {
	n := int64(d / unit)
	switch rest := d % unit; {
	case rest > 0:
		n++
	case rest < 0:
		n--
	}
	return n
}
