package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// ledger has all entries of the marketplace in the order of their commits. An
// entry is never changed or deleted.
type ledger struct {
	lines log[line]
	// byTask has the number of the newest line of each task, plus 1.
	byTask map[store.TaskID]uint32
}

// line is an entry, linked to the previous line about the same task. Numbers of
// lines are stored plus 1, so that 0 means none.
type line struct {
	store.Entry
	earlier uint32
}

func (l *ledger) entry(n uint32) *store.Entry { return &l.lines.at(int64(n)).Entry }

// hasMoved reports whether the task has had a transfer of this kind. A task has
// a handful of lines.
func (l *ledger) hasMoved(task store.TaskID, kind store.EntryKind) bool {
	for n := l.byTask[task]; n != 0; {
		line := l.lines.at(int64(n - 1))
		if line.Kind == kind {
			return true
		}
		n = line.earlier
	}
	return false
}

// of returns the entries of a task, oldest first.
func (l *ledger) of(task store.TaskID) []store.Entry {
	var out []store.Entry
	for n := l.byTask[task]; n != 0; {
		line := l.lines.at(int64(n - 1))
		out = append(out, line.Entry)
		n = line.earlier
	}
	slices.Reverse(out)
	return out
}

// add appends an entry and returns its number.
func (l *ledger) add(e store.Entry) uint32 {
	n := uint32(l.lines.next)
	added := line{Entry: e}
	if e.Task != "" {
		added.earlier = l.byTask[e.Task]
		l.byTask[e.Task] = n + 1
	}
	l.lines.push(added)
	return n
}

func (s *Store) guardTransfers(c *store.Change) *store.Conflict {
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.OnceOfTask() && (s.ledger.hasMoved(t.Task, t.Kind) || movedTwice(c.Transfers[:i], t)) {
			return &store.Conflict{Guard: store.GuardTransfer, Task: t.Task, Agent: t.Agent}
		}
		if t.Agent != "" && !s.affords(c, i) {
			return &store.Conflict{Guard: store.GuardBalance, Agent: t.Agent, Task: t.Task}
		}
	}
	return nil
}

func movedTwice(earlier []store.Transfer, t *store.Transfer) bool {
	for i := range earlier {
		if earlier[i].Task == t.Task && earlier[i].Kind == t.Kind {
			return true
		}
	}
	return false
}

// affords reports whether there is an agent for transfer number last, whose balance
// stays at 0 or above after it and those before it: credits never go to an agent that
// does not exist.
func (s *Store) affords(c *store.Change, last int) bool {
	id, balance := c.Transfers[last].Agent, int64(0)
	if a := s.agent(id); a != nil {
		balance = a.Balance
	} else if !inserts(c, id) {
		return false
	}
	for i := range c.Transfers[:last+1] {
		if t := &c.Transfers[i]; t.Agent == id {
			balance += t.Signed()
		}
	}
	return balance >= 0
}

// transfer moves credits and writes the line.
func (s *Store) transfer(t *store.Transfer) {
	if t.OfPlatform() {
		s.platform[t.Kind] += t.Amount
	}
	if t.Agent == "" {
		s.ledger.add(store.Entry{Transfer: *t})
		return
	}
	p := s.party(t.Agent)
	a := s.own(p)
	a.Balance += t.Signed()
	a.LedgerSeq++
	n := s.ledger.add(store.Entry{Transfer: *t, Seq: a.LedgerSeq, Balance: a.Balance, Earned: a.Earned})
	p.entries = append(p.entries, n)
	s.latest(p, n)
}

// latest maintains the lines of an agent that no later line predates. Their
// instants ascend even if commits came in another order, so that the last line
// up to an instant is found by bisection.
func (s *Store) latest(p *party, n uint32) {
	at := s.ledger.entry(n).At
	top := len(p.latest)
	for top > 0 && !s.ledger.entry(p.latest[top-1]).At.Before(at) {
		top--
	}
	p.latest = append(p.latest[:top], n)
}

// earnedAt is Entry.Earned of the agent's last line up to the instant.
func (s *Store) earnedAt(p *party, since time.Time) int64 {
	after, _ := slices.BinarySearchFunc(p.latest, since, func(n uint32, since time.Time) int {
		if s.ledger.entry(n).At.After(since) {
			return 1
		}
		return -1
	})
	if after == 0 {
		return 0
	}
	return s.ledger.entry(p.latest[after-1]).Earned
}

// Ledger pages through the entries of one agent; see store.Reader.
func (s *Store) Ledger(ctx context.Context, q store.PageQuery) (store.LedgerPage, error) {
	if err := ctx.Err(); err != nil {
		return store.LedgerPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.existing(q.Agent)
	if p == nil {
		return store.LedgerPage{}, nil
	}
	page := store.LedgerPage{Account: &p.agent.Account, Total: len(p.entries), Due: s.dueAt(q.Agent, q.Now)}
	for i := len(p.entries) - 1 - max(q.Offset, 0); i >= 0 && len(page.Entries) < q.Limit; i-- {
		page.Entries = append(page.Entries, *s.ledger.entry(p.entries[i]))
	}
	return page, nil
}

// Stats returns an agent's account and statistics; see store.Reader.
func (s *Store) Stats(ctx context.Context, q store.StatsQuery) (store.StatsRow, error) {
	if err := ctx.Err(); err != nil {
		return store.StatsRow{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	p := s.existing(q.Agent)
	if p == nil {
		return store.StatsRow{EarnedAt: make([]int64, len(q.Since))}, nil
	}
	row := store.StatsRow{Agent: p.agent, Due: s.dueAt(q.Agent, q.Now)}
	for _, stat := range p.tags {
		row.Tags = append(row.Tags, *stat)
	}
	for _, since := range q.Since {
		row.EarnedAt = append(row.EarnedAt, s.earnedAt(p, since))
	}
	return row, nil
}

// Entries pages through the whole ledger; see store.Keeper.
func (s *Store) Entries(ctx context.Context, task store.TaskID, after string, limit int) ([]store.Entry, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	var from int64
	if after != "" {
		var err error
		if from, err = strconv.ParseInt(after, 10, 64); err != nil || from < 0 {
			return nil, "", fmt.Errorf("memory: %q is no cursor of this store", after)
		}
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if task != "" {
		return s.ledger.of(task), "", nil
	}
	to := min(from+int64(limit), s.ledger.lines.next)
	var out []store.Entry
	for n := from; n < to; n++ {
		out = append(out, s.ledger.lines.at(n).Entry)
	}
	if to >= s.ledger.lines.next {
		return out, "", nil
	}
	return out, strconv.FormatInt(to, 10), nil
}
