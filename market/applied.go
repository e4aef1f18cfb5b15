package market

import (
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// applied shows a commit of this process on its own board and directory at
// once, and wakes whoever waits for it, here and elsewhere. Inside a host's
// transaction both wait for the host's commit, and come with the feed.
func (m *Market) applied(o *rules.Outcome, committed store.Committed, l *store.Loaded) {
	if m.hosted {
		return
	}
	if err := m.show(o, committed, l); err != nil {
		// The commit stands, and so does its answer; the feed has all of it.
		m.mirror.behind.Store(true)
		m.log.Error("a commit could not be shown on this process's board", "error", err)
	}
	for _, w := range o.Tasks {
		m.alarm.note(w.New.NextDue)
	}
	m.wake(o)
}

func (m *Market) show(o *rules.Outcome, committed store.Committed, l *store.Loaded) error {
	_, err := guarded(func() (struct{}, error) {
		m.mirror.own.add(m.mirror.apply(&o.Change, committed, l))
		return struct{}{}, nil
	})
	return err
}

// wake tells those whose log has moved, and those who may wait for what they
// have just done themselves, of which no event tells them.
func (m *Market) wake(o *rules.Outcome) {
	if len(o.Feed) > 0 {
		m.notifier.FeedMoved()
	}
	var room [4]AgentID
	ids := room[:0]
	for i := range o.Events {
		ids = append(ids, o.Events[i].Agent)
	}
	for _, w := range o.Tasks {
		switch t := w.New; {
		case t.Status == StatusCancelled && t.System == nil:
			ids = append(ids, t.Poster)
		case t.Status == StatusDelivered && w.Old != nil && w.Old.Status == StatusClaimed:
			ids = append(ids, t.Worker())
		case !t.Status.Ended():
			continue
		}
		m.rooms.moved(w.New.ID)
	}
	if len(ids) > 0 {
		m.notifier.Wake(ids...)
	}
}

// apply brings the mirror up to date with a commit and returns the feed items
// that it thereby covers.
func (s *mirror) apply(c *store.Change, committed store.Committed, l *store.Loaded) []store.FeedItem {
	covered := c.Feed
	inserted := 0
	for _, w := range c.Tasks {
		t := w.New
		if w.Old == nil {
			t = numbered(t, committed.Seqs, inserted)
			inserted++
		}
		switch {
		case t.Status != StatusPosted:
			if w.Old != nil && w.Old.Status == StatusPosted {
				s.board.Remove(string(t.ID), t.Version)
			}
		case rules.Passed(t.ExpiresAt, c.At):
			// Closed at once; only its timer has still to do with it.
			s.board.Remove(string(t.ID), t.Version)
		case w.Old == nil:
			s.putTask(&store.StoredTask{Task: t, Text: w.Text})
		default:
			// Its text and who matched or verified it come with the feed, which
			// is read before the next offer.
			covered = nil
			s.behind.Store(true)
		}
	}
	for _, w := range c.Roles {
		if w.Role == store.RoleInfra {
			s.board.Exclude(string(w.Task), string(w.Agent))
		}
	}
	s.applyAgents(c, l)
	for _, w := range c.Trust {
		s.board.TrustChanged(string(w.New.From), string(w.New.To), w.New.Score, w.New.Interactions)
	}
	return covered
}

// numbered returns the task with the number that the store gave it.
func numbered(t *store.Task, seqs []int64, i int) *store.Task {
	if i >= len(seqs) || t.Seq == seqs[i] {
		return t
	}
	with := *t
	with.Seq = seqs[i]
	return &with
}

// applyAgents estimates what the store holds for the agents that changed from
// what was loaded. Should somebody else have changed them meanwhile, the feed
// puts it right within its second.
func (s *mirror) applyAgents(c *store.Change, l *store.Loaded) {
	for _, item := range c.Feed {
		if item.Kind != store.FeedAgent {
			continue
		}
		a := loadedAgent(l, item.Agent)
		for _, w := range c.Agents {
			if w.New.ID == item.Agent {
				a.Profile = *w.New
			}
		}
		if a.ID == "" {
			continue
		}
		for _, d := range c.Accounts {
			if d.Agent == item.Agent {
				a.RatingSum += d.RatingSum
				a.RatingCount += d.RatingCount
				a.Completed += d.Completed
				a.Approvals += d.Approvals
				a.Rejections += d.Rejections
			}
		}
		s.putAgent(&a)
	}
}

func loadedAgent(l *store.Loaded, id AgentID) store.Agent {
	if l == nil {
		return store.Agent{}
	}
	for _, a := range []*store.Agent{l.Caller, l.Agent, l.Poster, l.Worker, l.Subject} {
		if a != nil && a.ID == id {
			return *a
		}
	}
	return store.Agent{}
}
