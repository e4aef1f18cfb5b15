package memory

import (
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// utc brings an instant to the form in which stores keep it: UTC, microseconds,
// no monotonic reading. An instant that already has this form is not written,
// since readers may share it.
func utc(t *time.Time) {
	if kept := t.UTC().Truncate(time.Microsecond); kept != *t {
		*t = kept
	}
}

// bringIntoForm brings the instants of a Change into the stored form. It runs before
// the lock is taken: until its commit nobody else uses the Change.
func bringIntoForm(c *store.Change) {
	utc(&c.At)
	for i := range c.Tasks {
		formTask(c.Tasks[i].New)
	}
	for i := range c.Agents {
		utc(&c.Agents[i].New.CreatedAt)
		utc(&c.Agents[i].New.ExtractedAt)
		utc(&c.Agents[i].New.OldSecretUntil)
		utc(&c.Agents[i].New.OldKeyUntil)
		utc(&c.Agents[i].New.KeyMadeAt)
	}
	for i := range c.Trust {
		utc(&c.Trust[i].New.UpdatedAt)
	}
	for i := range c.Strikes {
		utc(&c.Strikes[i].New.BlockedUntil)
	}
	for i := range c.SystemPays {
		for j := range c.SystemPays[i].New.Paid {
			utc(&c.SystemPays[i].New.Paid[j].At)
		}
	}
	for _, w := range c.Roles {
		if w.Lapse != nil {
			utc(&w.Lapse.At)
		}
	}
	for i := range c.Transfers {
		utc(&c.Transfers[i].At)
	}
	for i := range c.Events {
		formEvent(&c.Events[i])
	}
	for r := range c.EachRecord {
		utc(&r.ExpiresAt)
	}
	formTalk(c)
	formFeed(c.Feed)
}

func formTask(t *store.Task) {
	utc(&t.CreatedAt)
	utc(&t.ExpiresAt)
	utc(&t.Deadline)
	utc(&t.NextDue)
	if t.System != nil {
		utc(&t.System.Until)
		utc(&t.System.Again)
	}
	if t.Direct != nil {
		utc(&t.Direct.OpensAt)
	}
	if t.Matching != nil {
		utc(&t.Matching.Until)
	}
	if t.Claim != nil {
		utc(&t.Claim.At)
		utc(&t.Claim.Timeout)
		utc(&t.Claim.Grace)
		utc(&t.Claim.Progress.At)
		utc(&t.Claim.Progress.Told)
	}
	if t.Delivery != nil {
		utc(&t.Delivery.At)
		utc(&t.Delivery.ReviewUntil)
	}
	for i := range t.Superseded {
		utc(&t.Superseded[i].Until)
		utc(&t.Superseded[i].At)
	}
	if t.Rejection != nil {
		utc(&t.Rejection.At)
	}
	if t.Ending != nil {
		utc(&t.Ending.At)
	}
}

func formEvent(e *store.Event) {
	utc(&e.At)
	utc(&e.Data.GraceDeadline.Time)
}

func formTalk(c *store.Change) {
	for i := range c.Questions {
		utc(&c.Questions[i].CreatedAt)
		utc(&c.Questions[i].AnsweredAt)
	}
	for i := range c.Answers {
		utc(&c.Answers[i].At)
	}
	for i := range c.Messages {
		utc(&c.Messages[i].CreatedAt)
	}
	for i := range c.Reports {
		utc(&c.Reports[i].CreatedAt)
		utc(&c.Reports[i].ResolvedAt)
	}
	for i := range c.Resolutions {
		utc(&c.Resolutions[i].ResolvedAt)
	}
}

func formFeed(items []store.FeedItem) {
	for i := range items {
		if items[i].Trust != nil {
			utc(&items[i].Trust.UpdatedAt)
		}
	}
}
