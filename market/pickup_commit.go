package market

import (
	"context"
	"errors"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// propose decides each of the board's offers and hands the decisions to the
// store.
func (c *claiming) propose(ctx context.Context, offers []board.Offer[*store.Task]) error {
	if cs := c.decide(offers); len(cs) > 0 {
		return c.decideAmong(ctx, cs)
	}
	return nil
}

// decideAmong lets the store decide: one candidate for a single pickup, for a
// batch all that are still open, together with its record if it has a key.
func (c *claiming) decideAmong(ctx context.Context, cs []candidate) error {
	switch {
	case c.want == 1:
		return c.commitFirst(ctx, cs)
	case c.key != nil:
		return c.commitTogether(ctx, cs)
	default:
		return c.commitEach(ctx, cs)
	}
}

// candidate is a claim that has been decided and not yet committed.
type candidate struct {
	*rules.Outcome
	task  *store.Task
	claim *recordedClaim
}

func (c *claiming) decide(offers []board.Offer[*store.Task]) []candidate {
	out := make([]candidate, 0, len(offers))
	for _, offer := range offers {
		t := offer.Value
		o, err := c.m.rules.Claim(c.now, t, c.loaded.Caller, c.m.mirror.PendingMatch(t))
		if err != nil {
			c.m.mirror.Board.Remove(offer.ID, t.Version)
			continue
		}
		task := o.Written(t.ID)
		out = append(out, candidate{Outcome: o, task: task, claim: &recordedClaim{
			Task: task, Reputation: offer.Reputation, PosterRecord: c.m.posterRecord(t.Poster), Actions: c.actions(task),
		}})
	}
	return out
}

// actions are the caller's once it has claimed the task.
func (c *claiming) actions(claimed *store.Task) []Action {
	return c.m.rules.Actions(c.now, &store.Loaded{Caller: c.loaded.Caller, Task: claimed})
}

// commitFirst claims the first candidate that is still open.
func (c *claiming) commitFirst(ctx context.Context, cs []candidate) error {
	cs = cs[:min(len(cs), store.MaxFirst)]
	changes := make([]*store.Change, len(cs))
	for i := range cs {
		if err := c.seal(cs[i].Outcome, cs[i:i+1]); err != nil {
			return err
		}
		changes[i] = &cs[i].Change
	}
	i, done, errs, err := c.m.store.CommitFirst(ctx, changes)
	if err != nil {
		return known(ctx, err)
	}
	if err := c.sortOut(ctx, cs, errs); err != nil || i < 0 {
		return err
	}
	c.won(cs[i], done)
	return nil
}

// commitEach claims each candidate on its own.
func (c *claiming) commitEach(ctx context.Context, cs []candidate) error {
	cs = cs[:min(len(cs), c.left)]
	changes := make([]*store.Change, len(cs))
	for i := range cs {
		changes[i] = &cs[i].Change
	}
	done, errs := c.m.store.CommitEach(ctx, changes)
	for i := range cs {
		if errs[i] == nil {
			c.won(cs[i], done[i])
		}
	}
	return c.sortOut(ctx, cs, errs)
}

// commitTogether claims all candidates in one commit with the idempotency
// record, and drops a candidate each time somebody else was faster. It reads
// the texts first: they never change, and a read that fails then leaves nothing
// claimed.
func (c *claiming) commitTogether(ctx context.Context, cs []candidate) error {
	texts, err := c.m.texts(ctx, ids(cs))
	if err != nil {
		return err
	}
	all, cs := c.together(c.stillThere(cs, texts))
	if len(cs) == 0 {
		return nil
	}
	if err := c.seal(all, cs); err != nil {
		return err
	}
	if _, err := c.m.store.Commit(ctx, &all.Change); err != nil {
		return c.lostTogether(ctx, cs, err)
	}
	for _, one := range cs {
		c.won(one, store.Committed{Text: texts[one.task.ID]})
	}
	c.left = 0
	return nil
}

// stillThere leaves out candidates that the store does not have any more.
func (c *claiming) stillThere(cs []candidate, texts map[TaskID]store.TaskText) []candidate {
	cs = slices.DeleteFunc(cs[:min(len(cs), c.left)], func(one candidate) bool {
		_, found := texts[one.task.ID]
		if !found {
			c.m.mirror.Board.Remove(string(one.task.ID), one.task.Version)
		}
		return !found
	})
	return cs
}

// together merges into one outcome the claims that can be committed together.
func (c *claiming) together(cs []candidate) (all *rules.Outcome, merged []candidate) {
	claims := make([]*rules.Outcome, len(cs))
	for i := range cs {
		claims[i] = cs[i].Outcome
	}
	all, which := c.m.rules.Together(c.now, claims)
	for _, i := range which {
		merged = append(merged, cs[i])
	}
	return all, merged
}

// lostTogether drops the candidate that somebody else took.
func (c *claiming) lostTogether(ctx context.Context, cs []candidate, err error) error {
	var conflict *store.Conflict
	if !errors.As(err, &conflict) {
		return known(ctx, err)
	}
	if conflict.Guard == store.GuardOpenClaims && len(cs) > 1 {
		// The agent has claimed something else meanwhile, so there may be room for
		// fewer.
		c.left = len(cs) - 1
		return nil
	}
	for _, one := range cs {
		if conflict.Task == "" || conflict.Task == one.task.ID {
			return c.sortOut(ctx, []candidate{one}, []error{err})
		}
	}
	return c.sortOut(ctx, cs[:1], []error{err})
}

func ids(cs []candidate) []TaskID {
	out := make([]TaskID, len(cs))
	for i, one := range cs {
		out[i] = one.task.ID
	}
	return out
}

// won records a claim that the store has committed.
func (c *claiming) won(one candidate, done store.Committed) {
	c.m.applied(one.Outcome, done, nil)
	c.claimed = append(c.claimed, c.m.pickupView(one.claim, done.Text))
	c.left--
}

// seal adds the record of the call's idempotency key, if it has one.
func (c *claiming) seal(o *rules.Outcome, cs []candidate) (err error) {
	claims := make([]*recordedClaim, len(cs))
	for i, one := range cs {
		claims[i] = one.claim
	}
	o.Idempotency, err = c.record(claims)
	return err
}
