package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// checker goes round the store and the mirror, a piece at a time, and heals
// what differs: the mirror is a cache.
type checker struct {
	board int     // where the next piece of the board starts
	task  int64   // the last open task of the store that was looked at
	agent AgentID // the last agent that was looked at
	// seen is where the feed was when the last round ended, quiet that it has not
	// moved during the last round.
	seen  store.Position
	quiet bool
}

// rest is how long the checker waits before the next piece.
func (c *checker) rest() time.Duration {
	if c.quiet {
		return checkQuiet
	}
	return checkEvery
}

// check compares the next piece: tasks on the board that are not open, open
// tasks that the board lacks, and agents whose standing it has wrong. Nobody
// reads the feed meanwhile, so that what the check has read cannot undo what the
// feed tells later.
func (c *checker) check(ctx context.Context, s *mirror, limit int) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	for _, piece := range []func(context.Context, *mirror, int) error{c.stale, c.missing, c.standings} {
		if err := piece(ctx, s, limit); err != nil {
			return err
		}
	}
	c.quiet = false
	if c.board == 0 && c.task == 0 && c.agent == "" {
		c.quiet, c.seen = c.seen == s.position, s.position
	}
	return nil
}

// stale compares a piece of the board with the store.
func (c *checker) stale(ctx context.Context, s *mirror, limit int) error {
	known, next := s.board.Snapshot(c.board, limit)
	c.board = next
	if len(known) == 0 {
		return nil
	}
	ids := make([]TaskID, len(known))
	for i, k := range known {
		ids[i] = TaskID(k.ID)
	}
	stored, err := s.store.Tasks(ctx, ids)
	if err != nil {
		return err
	}
	found := make(map[TaskID]bool, len(stored))
	for i := range stored {
		found[stored[i].Task.ID] = true
		s.putTask(&stored[i])
	}
	for _, k := range known {
		if !found[TaskID(k.ID)] {
			s.board.Remove(k.ID, k.Version)
		}
	}
	return nil
}

// missing compares a piece of the store's open tasks with the board.
func (c *checker) missing(ctx context.Context, s *mirror, limit int) error {
	open, err := s.store.ScanTasks(ctx, c.task, limit, true)
	if err != nil {
		return err
	}
	if c.task = 0; len(open) == limit {
		c.task = open[limit-1].Task.Seq
	}
	for i := range open {
		s.putTask(&open[i])
	}
	return nil
}

// standings compares a piece of the store's agents with the directory and the
// board's posters.
func (c *checker) standings(ctx context.Context, s *mirror, limit int) error {
	agents, err := s.store.ScanAgents(ctx, c.agent, limit)
	if err != nil {
		return err
	}
	if c.agent = ""; len(agents) == limit {
		c.agent = agents[limit-1].ID
	}
	for _, a := range agents {
		s.putAgent(a)
	}
	return nil
}
