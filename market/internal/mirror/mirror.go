package mirror

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Mirror keeps this process's board of open tasks and directory of agents: a
// cache fed by the store's feed and by the process's own commits. Nothing is
// decided from it alone, and it can be rebuilt at any time.
type Mirror struct {
	// Board holds the open tasks, Agents the directory. Both lock themselves.
	Board  *board.Board[*store.Task]
	Agents *directory.Directory
	// Suspended is a directory of those whom Agents knows and does not find: in it, it is
	// the others that count as suspended.
	Suspended *directory.Directory

	store store.Store
	rules *rules.Policy
	own   ownWrites
	*warmth
	// moved is called with the tasks that are no longer open, allMoved when a part
	// of the feed will never be read.
	moved    func(...store.TaskID)
	allMoved func()

	// turn is held by whoever reads the feed; taking it can be cancelled.
	turn     chan struct{}
	position store.Position // belongs to the holder of turn
	// started counts the reads of the feed that have begun, finished is the number
	// of the latest read that succeeded.
	started, finished atomic.Int64
	// readAt is when the last successful read of the feed began, in real time.
	readAt atomic.Int64
	// behind is set when the next offer has to wait for the feed, because a commit
	// of this process could not be shown completely.
	behind atomic.Bool
	// followed is set while Run follows the feed.
	followed atomic.Bool
	// askedAt is when the mirror was last asked, in real time; wanted receives
	// when the feed must be read more often than before.
	askedAt atomic.Int64
	wanted  chan struct{}
	// stirred receives when one of those who wait for offers should read the feed,
	// because behind was set.
	stirred chan struct{}
}

const (
	feedBatch = 1_000
	scanBatch = 500
	// freshFor is how old a read of the feed may be, in real time, when an offer
	// relies on it: it bounds, well below a second, how long other replicas' writes
	// stay unseen.
	freshFor = 500 * time.Millisecond
)

// New makes a cold mirror of a store. moved is called with the tasks that are no
// longer open, allMoved when a part of the feed will never be read. It starts
// nothing.
func New(s store.Store, policy *rules.Policy, moved func(...store.TaskID), allMoved func()) *Mirror {
	return &Mirror{
		store: s, rules: policy, moved: moved, allMoved: allMoved,
		Board: board.New[*store.Task](), Agents: directory.New(), Suspended: directory.New(),
		turn: make(chan struct{}, 1), wanted: make(chan struct{}, 1), stirred: make(chan struct{}, 1), warmth: newWarmth(),
	}
}

// CatchUp returns once a read of the feed that began after the call has
// reached the head. It loads a cold mirror first.
func (m *Mirror) CatchUp(ctx context.Context) error {
	before := m.started.Load()
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-m.turn }()
	if m.finished.Load() > before {
		return nil
	}
	number := m.started.Add(1)
	began := time.Now()
	behind := m.behind.Swap(false)
	if err := m.read(ctx); err != nil {
		if behind {
			m.behind.Store(true)
		}
		return err
	}
	m.finished.Store(number)
	m.readAt.Store(began.UnixNano())
	return nil
}

// read brings the mirror to the head of the feed.
func (m *Mirror) read(ctx context.Context) error {
	if !m.warm.Load() {
		if err := m.load(ctx); err != nil {
			return err
		}
	}
	for {
		page, err := m.store.Feed(ctx, m.position, feedBatch)
		if errors.Is(err, store.ErrFeedTruncated) {
			if err := m.load(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := m.follow(ctx, page.Items); err != nil {
			return err
		}
		m.position = page.Next
		if !page.More {
			return nil
		}
	}
}

// load fills the mirror from the store: first the feed's head, so that what is
// written meanwhile comes with the feed. Until it is complete the mirror is
// cold, even if it was warm before.
func (m *Mirror) load(ctx context.Context) error {
	m.cool()
	head, err := m.store.Feed(ctx, "", 0)
	if err != nil {
		return err
	}
	m.Board.Reset()
	if err := m.loadAgents(ctx); err != nil {
		return err
	}
	if err := m.loadTasks(ctx); err != nil {
		return err
	}
	m.position = head.Next
	m.heat()
	m.allMoved()
	return nil
}

func (m *Mirror) loadAgents(ctx context.Context) error {
	for after := store.AgentID(""); ; {
		agents, err := m.store.ScanAgents(ctx, after, feedBatch)
		if err != nil || len(agents) == 0 {
			return err
		}
		for _, a := range agents {
			m.putAgent(a)
		}
		after = agents[len(agents)-1].ID
	}
}

func (m *Mirror) loadTasks(ctx context.Context) error {
	for after := int64(0); ; {
		tasks, err := m.store.ScanOpen(ctx, after, scanBatch)
		if err != nil || len(tasks) == 0 {
			return err
		}
		for i := range tasks {
			m.putTask(&tasks[i])
		}
		after = tasks[len(tasks)-1].Task.Seq
	}
}

// follow applies items of the feed by reading again what they name.
func (m *Mirror) follow(ctx context.Context, items []store.FeedItem) error {
	var tasks []store.TaskID
	var agents []store.AgentID
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item.Kind == store.FeedTrust:
			m.Board.TrustChanged(string(item.Trust.From), string(item.Trust.To), item.Trust.Score, item.Trust.Interactions)
		case item.Kind == store.FeedAgent:
			if !seen[string(item.Agent)] {
				seen[string(item.Agent)] = true
				agents = append(agents, item.Agent)
			}
		case m.own.take(item):
			// This process has already applied it.
		case !item.Open:
			m.Board.Remove(string(item.Task), item.Version)
			m.moved(item.Task)
		case !seen[string(item.Task)]:
			seen[string(item.Task)] = true
			tasks = append(tasks, item.Task)
		}
	}
	if err := m.refreshAgents(ctx, agents); err != nil {
		return err
	}
	return m.refreshTasks(ctx, tasks)
}

func (m *Mirror) refreshTasks(ctx context.Context, ids []store.TaskID) error {
	for len(ids) > 0 {
		n := min(len(ids), scanBatch)
		tasks, err := m.withMatchTasks(ctx, ids[:n])
		if err != nil {
			return err
		}
		found := make(map[store.TaskID]bool, len(tasks))
		for i := range tasks {
			found[tasks[i].Task.ID] = true
		}
		systemFirst(tasks, m.putTask)
		for _, id := range ids[:n] {
			if gone, ok := m.Board.Get(string(id)); ok && !found[id] {
				// It was deleted, and nothing else would take it off the board.
				m.Board.Remove(string(id), gone.Version)
			}
		}
		ids = ids[n:]
	}
	return nil
}

// withMatchTasks reads tasks, and the match tasks of those that are open: whoever
// claims one ends them, so they must be known as they were when it was read, or later.
func (m *Mirror) withMatchTasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	tasks, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return nil, err
	}
	var more []store.TaskID
	for _, st := range tasks {
		t := st.Task
		if t.Status != store.StatusPosted || t.Matching == nil || t.Matching.State != store.MatchPending {
			continue
		}
		for _, id := range t.Children {
			if !slices.Contains(ids, id) {
				more = append(more, id)
			}
		}
	}
	if len(more) == 0 {
		return tasks, nil
	}
	children, err := m.store.Tasks(ctx, more)
	return append(tasks, children...), err
}

func (m *Mirror) refreshAgents(ctx context.Context, ids []store.AgentID) error {
	if len(ids) == 0 {
		return nil
	}
	agents, err := m.store.Agents(ctx, ids)
	for _, a := range agents {
		m.putAgent(a)
	}
	return err
}

func (m *Mirror) putAgent(a *store.Agent) { m.place(m.entry(a)) }

// entry is an agent as the directory knows it.
func (m *Mirror) entry(a *store.Agent) directory.Agent {
	return directory.Agent{
		ID: string(a.ID), Version: a.Version, Name: a.Name, GoodAt: a.GoodAt, Tags: a.CapabilityTags(),
		Reputation: a.Reputation(), RatingCount: a.RatingCount, Completed: a.Completed, Created: a.CreatedAt.UnixMicro(),
		Approved: a.Approvals, Rejected: a.Rejections,
		Suspended: a.Suspended, Infra: m.rules.IsInfra(&a.Profile),
	}
}

func (m *Mirror) place(a directory.Agent) {
	before, known := m.Agents.Get(a.ID)
	m.Agents.Put(a)
	m.placeSuspended(a)
	m.Board.SetPoster(a.ID, a.Reputation, a.Suspended)
	if !known || before.Suspended != a.Suspended || before.Infra != a.Infra {
		// It may now be refused, or be offered more than what it waits for.
		m.Board.Call(a.ID)
	}
}

// placeSuspended keeps nothing of agents that were never suspended.
func (m *Mirror) placeSuspended(a directory.Agent) {
	if _, known := m.Suspended.Get(a.ID); !known && !a.Suspended {
		return
	}
	a.Suspended = !a.Suspended
	m.Suspended.Put(a)
}

func (m *Mirror) putTask(st *store.StoredTask) {
	t := st.Task
	if t.Status != store.StatusPosted {
		m.Board.Remove(string(t.ID), t.Version)
		return
	}
	m.Board.Put(boardTask(st))
}

// boardTask is an open task as the board knows it.
func boardTask(st *store.StoredTask) board.Task[*store.Task] {
	t := st.Task
	entry := board.Task[*store.Task]{
		ID: string(t.ID), Version: t.Version, Seq: t.Seq, Poster: string(t.Poster),
		Tags: t.Tags, Extracted: t.ExtractedTags, Need: st.Text.Need, Context: st.Text.Context,
		CreatedAt: t.CreatedAt, ClosesAt: closesAt(t), Infra: plain(st.Infra), Value: t,
	}
	if t.System != nil {
		entry.System, entry.Excluded = true, plain(t.System.Excluded)
	}
	if t.Matching != nil && t.Matching.State == store.Matched {
		entry.Matched, entry.HeadStart = plain(t.Matching.Agents), t.Matching.Until
	}
	if t.Sealed() {
		entry.Direct, entry.OpensAt = plain(t.Direct.To), t.Direct.OpensAt
	}
	return entry
}

func closesAt(t *store.Task) time.Time {
	if !t.Deadline.IsZero() && t.Deadline.Before(t.ExpiresAt) {
		return t.Deadline
	}
	return t.ExpiresAt
}

func plain[S ~string](ids []S) []string {
	if len(ids) == 0 {
		return nil
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// Fresh brings the mirror close enough to the head. A cold mirror that Run follows
// is being loaded already.
func (m *Mirror) Fresh(ctx context.Context) error {
	now := time.Now().UnixNano()
	m.askedAt.Store(now)
	switch {
	case m.followed.Load() && !m.warm.Load():
		return m.await(ctx)
	case m.warm.Load() && !m.behind.Load() && now-m.readAt.Load() < int64(freshFor):
		return nil
	}
	m.Watch()
	return m.CatchUp(ctx)
}

// Fits reports whether an agent may be matched: it exists and is not suspended.
func (m *Mirror) Fits(id store.AgentID) bool {
	a, ok := m.Agents.Get(string(id))
	return ok && !a.Suspended
}

// HasInfraBut reports whether an agent other than these may take system tasks.
func (m *Mirror) HasInfraBut(ids ...store.AgentID) bool { return m.Agents.HasInfra(plain(ids)...) }
