package mirror

import (
	"context"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Show applies a commit of this process to the mirror, without waiting for the
// feed. l is what the decision was based on.
func (m *Mirror) Show(c *store.Change, committed store.Committed, l *store.Loaded) {
	m.own.add(m.apply(c, committed, l))
}

// Doubt makes the next offer wait for the feed: a commit could not be shown.
func (m *Mirror) Doubt() {
	m.behind.Store(true)
	m.stir()
}

// TrustKnown reports whether the trust of posters toward an agent is cached.
func (m *Mirror) TrustKnown(to store.AgentID) bool { return m.Board.TrustKnown(string(to)) }

// apply brings the mirror up to date with a commit and returns the feed items
// that it thereby covers.
func (m *Mirror) apply(c *store.Change, committed store.Committed, l *store.Loaded) []store.FeedItem {
	covered := c.Feed
	inserted := 0
	var opened []store.StoredTask
	for _, w := range c.Tasks {
		t := w.New
		if w.Old == nil {
			t = numbered(t, committed.Seqs, inserted)
			inserted++
		}
		switch {
		case t.Status != store.StatusPosted:
			if w.Old != nil && w.Old.Status == store.StatusPosted {
				m.Board.Remove(string(t.ID), t.Version)
			}
		case rules.Passed(t.ExpiresAt, c.At):
			// It is closed; only its timer still has to end it.
			m.Board.Remove(string(t.ID), t.Version)
		case w.Old == nil:
			opened = append(opened, store.StoredTask{Task: t, Text: w.Text})
		default:
			// Its text, and the agents that matched or verified it, come with the feed,
			// which is read before the next offer.
			covered = nil
			m.Doubt()
		}
	}
	systemFirst(opened, func(st *store.StoredTask) { m.Board.Add(boardTask(st)) })
	for _, w := range c.Roles {
		if w.Role == store.RoleInfra {
			m.Board.Exclude(string(w.Task), string(w.Agent))
		}
	}
	m.applyAgents(c, l)
	for _, w := range c.Trust {
		m.Board.TrustChanged(string(w.New.From), string(w.New.To), w.New.Score, w.New.Interactions)
	}
	return covered
}

// systemFirst puts tasks on the board, system tasks before others: whoever claims a
// task ends its match task, which must not come after it.
func systemFirst(tasks []store.StoredTask, put func(*store.StoredTask)) {
	for _, system := range []bool{true, false} {
		for i := range tasks {
			if (tasks[i].Task.System != nil) == system {
				put(&tasks[i])
			}
		}
	}
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
// what was loaded. If somebody else has changed them meanwhile, the feed
// corrects it within a second; what it has told already is kept.
func (m *Mirror) applyAgents(c *store.Change, l *store.Loaded) {
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
		entry := m.entry(&a)
		if known, ok := m.Agents.Get(entry.ID); ok {
			entry = entry.Newest(known)
		}
		m.place(entry)
	}
}

func loadedAgent(l *store.Loaded, id store.AgentID) store.Agent {
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

// PendingMatch returns the match_agents task of an open task if nobody has
// claimed it.
func (m *Mirror) PendingMatch(t *store.Task) *store.Task {
	if t.Matching == nil || t.Matching.State != store.MatchPending {
		return nil
	}
	for _, id := range t.Children {
		if child, ok := m.Board.Get(string(id)); ok {
			return child
		}
	}
	return nil
}

// Reread brings some tasks, and an agent if one is named, up to date.
func (m *Mirror) Reread(ctx context.Context, agent store.AgentID, tasks ...store.TaskID) error {
	if agent != "" {
		if err := m.refreshAgents(ctx, []store.AgentID{agent}); err != nil {
			return err
		}
	}
	return m.refreshTasks(ctx, tasks)
}

// SetTrust caches the trust of posters toward an agent, for ranking.
func (m *Mirror) SetTrust(to store.AgentID, pairs []store.TrustPair) {
	m.Board.SetTrustIn(string(to), boardTrust(pairs))
}

func boardTrust(pairs []store.TrustPair) []board.Trust {
	out := make([]board.Trust, len(pairs))
	for i, p := range pairs {
		out[i] = board.Trust{From: string(p.From), Score: p.Score, Interactions: p.Interactions}
	}
	return out
}
