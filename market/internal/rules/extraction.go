package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// startExtraction posts an extract_capabilities task, at most once an hour for an
// agent and within its budget.
func (o *Outcome) startExtraction(about *store.Agent, p *store.Profile, draft *Draft) {
	if draft == nil || o.At.Before(p.ExtractedAt.Add(extractEvery)) || !o.affords(about, payExtract) {
		return
	}
	p.Extraction, p.ExtractionOf, p.ExtractedAt = draft.id, digestOf(p.GoodAt), o.At
	o.reserve(about, payExtract)
	o.insert(draft.build(o.policy, o.At), draft.text)
}

// reread has a changed good_at extracted. If nobody has claimed last yet, it is
// replaced; otherwise its answer will no longer count, and another extraction follows
// as soon as the hour has passed.
func (o *Outcome) reread(about *store.Agent, next *store.Profile, last *store.Task, draft *Draft) {
	if last != nil && last.Status == store.StatusPosted {
		o.end(last, store.StatusCancelled)
		o.release(last, about)
		next.Extraction, next.ExtractionOf, next.ExtractedAt = "", "", time.Time{}
		last = nil
	}
	switch {
	case next.GoodAt == "":
		next.ExtractedTags, next.ExtractionOf = nil, noText
	case last == nil || !o.At.Before(next.ExtractedAt.Add(extractEvery)):
		o.startExtraction(about, next, draft)
	case !isRead(next):
		o.readAgain(last, next.ExtractedAt.Add(extractEvery))
	}
}

// readAgain sets the instant at which another extraction follows this one.
func (o *Outcome) readAgain(last *store.Task, at time.Time) {
	next, system := *last, *last.System
	system.Again = at
	next.System = &system
	o.replace(last, &next)
}

// extractAgain is the step taken at that instant. It posts nothing if the text has
// been extracted or cleared meanwhile.
func (o *Outcome) extractAgain(l *store.Loaded, draft *Draft) {
	o.readAgain(l.Task, time.Time{})
	if about := l.Subject; about != nil && about.Extraction == l.Task.ID && !isRead(&about.Profile) {
		next := about.Profile
		if o.startExtraction(about, &next, draft); next.Extraction != about.Extraction {
			o.profile(&about.Profile, &next)
		}
	}
}

// noText stands for a cleared good_at. It cannot be the digest of a text.
const noText = "-"

// isRead reports whether the newest extraction is about the text as it is now.
// Without a recorded digest there is nothing that could be out of date.
func isRead(p *store.Profile) bool {
	return p.ExtractionOf == "" || p.ExtractionOf == digestOf(p.GoodAt)
}

func digestOf(goodAt string) string {
	if goodAt == "" {
		return noText
	}
	sum := sha256.Sum256([]byte(goodAt))
	return hex.EncodeToString(sum[:8])
}
