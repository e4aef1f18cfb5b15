package mirror

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

const (
	// checkEvery is how often a piece of the board is compared with the store.
	checkEvery = 10 * time.Second
	checkBatch = 200
	// checkQuiet is how often while nothing happens.
	checkQuiet = 5 * time.Minute
)

// Compare compares the mirror with the store until ctx ends, a piece at a time,
// round after round, and corrects the mirror where they differ.
func (m *Mirror) Compare(ctx context.Context) error {
	var c checker
	timer := time.NewTimer(c.rest())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		if m.warm.Load() {
			if err := c.check(ctx, m, checkBatch); err != nil {
				return err
			}
		}
		timer.Reset(c.rest())
	}
}

// checker is the state of the comparison.
type checker struct {
	board int           // where the next piece of the board starts
	task  int64         // the last open task of the store that was looked at
	agent store.AgentID // the last agent that was looked at
	// seen is the feed's position at the end of the last round; quiet is set if
	// the feed did not move during that round.
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
// reads the feed meanwhile, so that what the check has read cannot overwrite
// something newer from the feed.
func (c *checker) check(ctx context.Context, m *Mirror, limit int) error {
	select {
	case m.turn <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-m.turn }()
	for _, piece := range []func(context.Context, *Mirror, int) error{c.stale, c.missing, c.standings} {
		if err := piece(ctx, m, limit); err != nil {
			return err
		}
	}
	c.quiet = false
	if c.board == 0 && c.task == 0 && c.agent == "" {
		c.quiet, c.seen = c.seen == m.position, m.position
	}
	return nil
}

// stale compares a piece of the board with the store.
func (c *checker) stale(ctx context.Context, m *Mirror, limit int) error {
	have, next := m.Board.Snapshot(c.board, limit)
	c.board = next
	if len(have) == 0 {
		return nil
	}
	ids := make([]store.TaskID, len(have))
	for i, k := range have {
		ids[i] = store.TaskID(k.ID)
	}
	stored, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return err
	}
	found := make(map[store.TaskID]bool, len(stored))
	for i := range stored {
		found[stored[i].Task.ID] = true
		m.putTask(&stored[i])
	}
	for _, k := range have {
		if !found[store.TaskID(k.ID)] {
			m.Board.Remove(k.ID, k.Version)
		}
	}
	return nil
}

// missing compares a piece of the store's open tasks with the board.
func (c *checker) missing(ctx context.Context, m *Mirror, limit int) error {
	open, err := m.store.ScanOpen(ctx, c.task, limit)
	if err != nil {
		return err
	}
	if c.task = 0; len(open) == limit {
		c.task = open[limit-1].Task.Seq
	}
	for i := range open {
		m.putTask(&open[i])
	}
	return nil
}

// standings compares a piece of the store's agents with the directory and the
// board's posters.
func (c *checker) standings(ctx context.Context, m *Mirror, limit int) error {
	agents, err := m.store.ScanAgents(ctx, c.agent, limit)
	if err != nil {
		return err
	}
	if c.agent = ""; len(agents) == limit {
		c.agent = agents[limit-1].ID
	}
	for _, a := range agents {
		m.putAgent(a)
	}
	return nil
}
