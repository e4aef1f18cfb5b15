package pages

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// moment is something that happened in a case: who did what, and in which words.
type moment struct {
	At   market.Time
	What string
	Who  market.AgentID // "" when it was no agent
	// To is to whom it was done, "" where that is nobody or plain.
	To market.AgentID
	// By is who it was otherwise: an operator's name.
	By string
	// Note is a line about it. Said, and Told beside it, are the words as they were
	// written.
	Note, Said, Told string
	// Size is how large what was delivered is when there is no text of it.
	Size int64
	// Long says that the words are a delivery's, which are folded unless they are the last.
	Long, Folded bool
	Report       market.ReportID
	// Open is set on a report that waits.
	Open bool
	// Anchor leads to it from the top of the page.
	Anchor string
}

// caseOf tells all that is known of a task in the order in which it happened, each thing
// once, whatever it is kept in.
func caseOf(f *market.TaskFile) []moment {
	t := &f.Task
	c := &chronicle{file: f}
	c.add(moment{At: t.CreatedAt, What: "Posted", Who: t.PosterID, Note: joined(credits(t.MaxCredits)+" held in escrow", hired(t))})
	c.tellEvents()
	c.tellDeliveries()
	c.tellTalk()
	c.tellEnd()
	c.tellOperators()
	slices.SortStableFunc(c.moments, func(a, b moment) int { return a.At.Compare(b.At.Time) })
	return c.moments
}

type chronicle struct {
	file    *market.TaskFile
	moments []moment
}

func (c *chronicle) add(m moment) {
	if !m.At.IsZero() {
		c.moments = append(c.moments, m)
	}
}

// has reports whether something of the kind is told of that instant.
func (c *chronicle) has(what string, at market.Time) bool {
	return slices.ContainsFunc(c.moments, func(m moment) bool { return strings.HasPrefix(m.What, what) && m.At.Equal(at.Time) })
}

// tellEvents tells what the parties were told and is kept nowhere else. Of what two were
// told, one line.
func (c *chronicle) tellEvents() {
	t := &c.file.Task
	worker := market.AgentID("")
	rejections := t.RejectionCount
	for i := range c.file.History {
		if c.file.History[i].Type == store.EventTaskRejected {
			rejections--
		}
	}
	for i := range c.file.History {
		e := &c.file.History[i]
		m := moment{At: e.At}
		switch e.Type {
		case store.EventTaskMatched:
			m.What, m.To = "Offered first", e.ToldTo
		case store.EventTaskClaimed:
			worker = e.Data.WorkerID
			m.What, m.Who = "Claimed", worker
		case store.EventTaskProgress:
			s := progress(e.At, worker, e.Data.Note, e.Data.Percent)
			m.What, m.Who, m.Said = s.What, s.Who, s.Note
		case store.EventTaskRejected:
			rejections++
			m.What, m.Who, m.Said, m.Told = rejected(rejections), t.PosterID, e.Data.Reason, e.Data.Feedback
			m.Note = "nothing is paid; the credits stay in escrow"
			c.wholeRejection(&m)
		case store.EventDeadlineExpired, store.EventRejectionGraceExpired:
			m.What, m.Note = "Back on the market", gone(*e)
		case store.EventTaskVerified:
			m.What = "Looked at by a verifier"
		case store.EventTaskRated:
			m.What, m.Who, m.Note, m.Said = "Poster rated", t.WorkerID, rated(e.Data.Rating), c.file.PosterFeedback
		default:
			continue
		}
		if e.Type == store.EventTaskMatched || !c.has(m.What, m.At) {
			c.add(m)
		}
	}
	if !slices.ContainsFunc(c.moments, func(m moment) bool { return m.What == "Claimed" && m.At.Equal(t.ClaimedAt.Time) }) {
		c.add(moment{At: t.ClaimedAt, What: "Claimed", Who: t.WorkerID})
	}
}

// wholeRejection puts the whole words of the last rejection where the event has their
// beginnings.
func (c *chronicle) wholeRejection(m *moment) {
	t := &c.file.Task
	for _, w := range []struct {
		had   *string
		whole string
	}{{&m.Said, t.RejectionReason}, {&m.Told, t.RejectionFeedback}} {
		if len([]rune(*w.had)) == limits.EventText && strings.HasPrefix(w.whole, *w.had) {
			*w.had = w.whole
		}
	}
}

// tellDeliveries tells what was delivered, with the texts that are still kept.
func (c *chronicle) tellDeliveries() {
	t := &c.file.Task
	at := map[market.Time]bool{}
	for i := range c.file.Earlier {
		e := &c.file.Earlier[i]
		when := e.DeliveredAt
		if when.IsZero() {
			when = market.NewTime(e.KeptUntil.Add(-7 * 24 * time.Hour)) // it was replaced then
		}
		m := moment{
			At: when, What: fmt.Sprintf("Delivered, no. %d", e.No), Who: e.WorkerID, Said: e.Result, Size: e.Bytes, Long: true, Folded: true,
			Note: joined(charges(e.CreditsCharged), "the text is kept until "+stamp(e.KeptUntil)),
		}
		if e.DeliveredAt.IsZero() {
			m.Note = joined(m.Note, "at this time at the latest")
		}
		at[when] = true
		c.add(m)
	}
	if at[t.DeliveredAt] {
		return
	}
	note := charges(c.file.CreditsClaimed)
	for _, s := range c.file.Settlements {
		if s.Outcome == market.OutcomeRelease { // it pays what the delivery charges
			note = charges(s.Charged) + fmt.Sprintf(": %s to the worker, %s fee", number(s.WorkerReceives), number(s.Fee))
		}
	}
	what := "Delivered"
	if n := len(c.file.Earlier); n > 0 {
		what = fmt.Sprintf("Delivered, no. %d", c.file.Earlier[n-1].No+1)
	}
	c.add(moment{
		At: t.DeliveredAt, What: what, Who: t.WorkerID, Note: note, Said: t.Result, Long: true, Anchor: "result",
	})
	if v := t.Verification; v != nil && v.Explanation != "" {
		for i := range c.moments {
			if m := &c.moments[i]; m.What == "Looked at by a verifier" && !m.At.Before(t.DeliveredAt.Time) {
				m.Said = v.Explanation
			}
		}
	}
}

func charges(n int64) string {
	if n == 0 {
		return ""
	}
	return "for " + credits(n)
}

// tellTalk tells questions, answers, messages and reports.
func (c *chronicle) tellTalk() {
	t := &c.file.Task
	for i := range c.file.Questions {
		q := &c.file.Questions[i]
		c.add(moment{At: q.CreatedAt, What: "Question", Who: q.AskerID, Said: q.Question})
		if q.Answer != "" {
			c.add(moment{At: q.AnsweredAt, What: "Answer", Who: t.PosterID, Note: "to “" + brief(q.Question) + "”", Said: q.Answer})
		}
	}
	for i := range c.file.Messages {
		m := &c.file.Messages[i]
		c.add(moment{At: m.CreatedAt, What: "Message", Who: m.SenderID, Said: m.Message})
	}
	for i := range c.file.Reports {
		r := &c.file.Reports[i]
		c.add(moment{At: r.CreatedAt, What: "Reported", Who: r.Reporter, Said: r.Reason, Report: r.ID, Open: r.Status == market.ReportOpen, Note: string(r.Status)})
	}
}

// tellEnd tells how the task ended, unless an operator's act does.
func (c *chronicle) tellEnd() {
	t := &c.file.Task
	if t.Resolution != nil && slices.ContainsFunc(c.file.Actions, func(a market.OperatorAction) bool { return a.Action == market.ActionResolveTask }) {
		return
	}
	m := moment{At: t.EndedAt, What: capital(string(t.Status)), Said: t.Feedback}
	switch t.Status {
	case market.StatusApproved:
		m.Note = joined(rated(t.Rating), paid(t))
		m.Who = t.PosterID
	case market.StatusCancelled, market.StatusExpired:
		m.Note = credits(t.MaxCredits) + " back to the poster"
	default:
		return
	}
	if t.Resolution != nil {
		m.What, m.Who, m.Said = m.What+" by the operator’s decision", "", t.Resolution.Reason
	}
	c.add(m)
}

// tellOperators tells what operators did about the task, the oldest first.
func (c *chronicle) tellOperators() {
	for i := range slices.Backward(c.file.Actions) {
		a := &c.file.Actions[i]
		m := moment{At: a.At, What: cmp.Or(deeds[a.Action], sentence(a.Action)), By: a.Operator, Note: a.Outcome, Said: a.Reason}
		if a.Action == market.ActionResolveTask {
			m.What, m.Note = "Ended by decision", joined(a.Outcome, ended(&c.file.Task))
		}
		c.add(m)
	}
}

func ended(t *market.Task) string {
	if t.Status == market.StatusApproved {
		return paid(t)
	}
	return credits(t.MaxCredits) + " back to the poster"
}

// joined are the parts that are not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}
