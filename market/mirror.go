package market

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// mirror keeps this process's board of open tasks and directory of agents: a
// cache fed by the store's feed and by the process's own commits. Nothing is
// decided from it alone, and it can be rebuilt at any time.
type mirror struct {
	store  Store
	policy *rules.Policy
	board  *board.Board[*store.Task]
	agents *directory.Directory
	own    ownWrites
	*warmth
	// moved is told which tasks are not open any more, allMoved that a part of the
	// feed will never be read.
	moved    func(...TaskID)
	allMoved func()

	// turn is held by whoever reads the feed; taking it can be cancelled.
	turn     chan struct{}
	position store.Position // belongs to the holder of turn
	// started counts the reads of the feed that have begun, finished those
	// that have ended well, each by its number.
	started, finished atomic.Int64
	// readAt is when the last good read of the feed began, in real time.
	readAt atomic.Int64
	// behind is set when the next offer has to wait for the feed, which alone
	// has all of what this process has written.
	behind atomic.Bool
	// followed is set while Run follows the feed.
	followed atomic.Bool
	// askedAt is when somebody asked last, in real time; wanted receives when the
	// feed is to be read more often than it was.
	askedAt atomic.Int64
	wanted  chan struct{}
}

const (
	feedBatch = 1_000
	scanBatch = 500
	// freshFor is how old a read of the feed may be, in real time, when an offer
	// relies on it: it bounds, well below a second, how long other replicas' writes
	// stay unseen.
	freshFor = 500 * time.Millisecond
	// followBusy is how often the feed is read without a hint while somebody asks,
	// so that nobody has to wait for a read of his own, and for askedFor after that;
	// followWaits while somebody waits for a task, since no event tells when its
	// poster cancels elsewhere; followIdle else, so that the first who asks has little
	// to catch up with. All are in real time.
	followBusy  = 200 * time.Millisecond
	followWaits = 900 * time.Millisecond
	followIdle  = 10 * time.Second
	askedFor    = 2 * time.Second
)

func newMirror(m *Market) *mirror {
	return &mirror{
		store: m.store, policy: m.rules, moved: m.rooms.moved, allMoved: m.rooms.allMoved,
		board: board.New[*store.Task](), agents: directory.New(),
		turn: make(chan struct{}, 1), wanted: make(chan struct{}, 1), warmth: newWarmth(),
	}
}

// catchUp returns once a read of the feed that began after the call has
// reached the head. It loads a cold mirror first.
func (s *mirror) catchUp(ctx context.Context) error {
	before := s.started.Load()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	if s.finished.Load() > before {
		return nil
	}
	number := s.started.Add(1)
	began := time.Now()
	behind := s.behind.Swap(false)
	if err := s.read(ctx); err != nil {
		if behind {
			s.behind.Store(true)
		}
		return known(ctx, err)
	}
	s.finished.Store(number)
	s.readAt.Store(began.UnixNano())
	return nil
}

// read brings the mirror to the head of the feed.
func (s *mirror) read(ctx context.Context) error {
	if !s.warm.Load() {
		if err := s.load(ctx); err != nil {
			return err
		}
	}
	for {
		page, err := s.store.Feed(ctx, s.position, feedBatch)
		if errors.Is(err, store.ErrFeedTruncated) {
			if err := s.load(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := s.follow(ctx, page.Items); err != nil {
			return err
		}
		s.position = page.Next
		if !page.More {
			return nil
		}
	}
}

// load fills the mirror from the store: first the feed's head, so that what
// is written meanwhile comes with the feed. Until it is complete the mirror is
// cold, also when it was warm before.
func (s *mirror) load(ctx context.Context) error {
	s.cool()
	head, err := s.store.Feed(ctx, "", 0)
	if err != nil {
		return err
	}
	s.board.Reset()
	if err := s.loadAgents(ctx); err != nil {
		return err
	}
	if err := s.loadTasks(ctx); err != nil {
		return err
	}
	s.position = head.Next
	s.heat()
	s.allMoved()
	return nil
}

func (s *mirror) loadAgents(ctx context.Context) error {
	for after := AgentID(""); ; {
		agents, err := s.store.ScanAgents(ctx, after, feedBatch)
		if err != nil || len(agents) == 0 {
			return err
		}
		for _, a := range agents {
			s.putAgent(a)
		}
		after = agents[len(agents)-1].ID
	}
}

func (s *mirror) loadTasks(ctx context.Context) error {
	for after := int64(0); ; {
		tasks, err := s.store.ScanTasks(ctx, after, scanBatch, true)
		if err != nil || len(tasks) == 0 {
			return err
		}
		for i := range tasks {
			s.putTask(&tasks[i])
		}
		after = tasks[len(tasks)-1].Task.Seq
	}
}

// follow applies items of the feed by reading again what they name.
func (s *mirror) follow(ctx context.Context, items []store.FeedItem) error {
	var tasks []TaskID
	var agents []AgentID
	seen := map[string]bool{}
	for _, item := range items {
		switch {
		case item.Kind == store.FeedTrust:
			s.board.TrustChanged(string(item.Trust.From), string(item.Trust.To), item.Trust.Score, item.Trust.Interactions)
		case item.Kind == store.FeedAgent:
			if !seen[string(item.Agent)] {
				seen[string(item.Agent)] = true
				agents = append(agents, item.Agent)
			}
		case s.own.take(item):
			// This process has applied it already.
		case !item.Open:
			s.board.Remove(string(item.Task), item.Version)
			s.moved(item.Task)
		case !seen[string(item.Task)]:
			seen[string(item.Task)] = true
			tasks = append(tasks, item.Task)
		}
	}
	if err := s.refreshAgents(ctx, agents); err != nil {
		return err
	}
	return s.refreshTasks(ctx, tasks)
}

func (s *mirror) refreshTasks(ctx context.Context, ids []TaskID) error {
	for len(ids) > 0 {
		n := min(len(ids), scanBatch)
		tasks, err := s.store.Tasks(ctx, ids[:n])
		if err != nil {
			return err
		}
		for i := range tasks {
			s.putTask(&tasks[i])
		}
		ids = ids[n:]
	}
	return nil
}

func (s *mirror) refreshAgents(ctx context.Context, ids []AgentID) error {
	if len(ids) == 0 {
		return nil
	}
	agents, err := s.store.Agents(ctx, ids)
	for _, a := range agents {
		s.putAgent(a)
	}
	return err
}

func (s *mirror) putAgent(a *store.Agent) {
	s.agents.Put(directory.Agent{
		ID: string(a.ID), Name: a.Name, GoodAt: a.GoodAt, Tags: a.CapabilityTags(),
		Reputation: a.Reputation(), RatingCount: a.RatingCount, Completed: a.Completed,
		Approved: a.Approvals, Rejected: a.Rejections,
		Suspended: a.Suspended, Infra: s.policy.IsInfra(&a.Profile),
	})
	s.board.SetPoster(string(a.ID), a.Reputation(), a.Suspended)
}

func (s *mirror) putTask(st *store.StoredTask) {
	t := st.Task
	if t.Status != StatusPosted {
		s.board.Remove(string(t.ID), t.Version)
		return
	}
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
	s.board.Put(entry)
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

// fresh brings the mirror close enough to the head. A cold mirror that Run follows
// is being loaded already.
func (s *mirror) fresh(ctx context.Context) error {
	now := time.Now().UnixNano()
	s.askedAt.Store(now)
	switch {
	case s.followed.Load() && !s.warm.Load():
		return s.await(ctx)
	case s.warm.Load() && !s.behind.Load() && now-s.readAt.Load() < int64(freshFor):
		return nil
	}
	signal(s.wanted)
	return s.catchUp(ctx)
}

// isAsked reports whether somebody has asked the mirror lately.
func (s *mirror) isAsked() bool { return time.Now().UnixNano()-s.askedAt.Load() < int64(askedFor) }

// fits reports whether an agent may be matched: it exists and is not suspended.
func (s *mirror) fits(id AgentID) bool {
	a, ok := s.agents.Get(string(id))
	return ok && !a.Suspended
}
