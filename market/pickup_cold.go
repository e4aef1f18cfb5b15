package market

import (
	"context"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/store"
)

// coldScan is how many open tasks a pickup looks at, oldest first, while the
// board is still loading, before it answers ErrUnavailable.
const coldScan = 10_000

// runCold serves a pickup from the store's own list of open tasks. It keeps every
// rule except the exact order, which only a warm board promises. It starts over
// when a task was written after it was read, which need not mean that it was taken.
func (c *claiming) runCold(ctx context.Context) error {
	for after, seen := int64(0), 0; c.left > 0; {
		if seen >= coldScan {
			return mirror.Warming()
		}
		page, err := c.m.store.ScanOpen(ctx, after, scanPage)
		if err != nil {
			return known(ctx, err)
		}
		if len(page) == 0 && !c.stale {
			return nil
		}
		if len(page) == 0 {
			c.stale, after = false, 0
			continue
		}
		seen += len(page)
		after = page[len(page)-1].Task.Seq
		if err := c.claimCold(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (c *claiming) claimCold(ctx context.Context, page []store.StoredTask) error {
	page = slices.DeleteFunc(slices.Clone(page), func(st store.StoredTask) bool { return !c.eligible(&st) })
	matches, err := c.matchTasks(ctx, page)
	if err != nil {
		return err
	}
	posters, err := c.posters(ctx, page)
	if err != nil {
		return err
	}
	var offers []candidate
	for i := range page {
		t := page[i].Task
		o, err := c.m.rules.Claim(c.now, t, c.loaded.Caller, matches[t.ID])
		if err != nil {
			continue
		}
		task, poster := o.Written(t.ID), posters[t.Poster]
		offers = append(offers, candidate{Outcome: o, task: task, claim: &recordedClaim{
			Task: task, Reputation: reputation(poster), PosterRecord: recordOf(poster), Actions: c.actions(task),
		}})
	}
	for len(offers) > 0 && c.left > 0 {
		n := min(len(offers), store.MaxFirst)
		if c.want > 1 {
			n = min(len(offers), c.left)
		}
		if err := c.decideAmong(ctx, offers[:n]); err != nil {
			return err
		}
		offers = offers[n:]
	}
	return nil
}

// posters reads who posted the tasks.
func (c *claiming) posters(ctx context.Context, page []store.StoredTask) (map[AgentID]*store.Agent, error) {
	var ids []AgentID
	for _, st := range page {
		if id := st.Task.Poster; id != Platform && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	agents, err := c.m.store.Agents(ctx, ids)
	posters := make(map[AgentID]*store.Agent, len(agents))
	for _, a := range agents {
		posters[a.ID] = a
	}
	return posters, known(ctx, err)
}

// matchTasks returns the match_agents tasks that nobody has claimed, by the task
// that they are about. A claim of that task ends its match task, which would
// otherwise be paid for nothing.
func (c *claiming) matchTasks(ctx context.Context, page []store.StoredTask) (map[TaskID]*store.Task, error) {
	var ids []TaskID
	for _, st := range page {
		if t := st.Task; t.Matching != nil && t.Matching.State == store.MatchPending {
			ids = append(ids, t.Children...)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	children, err := c.m.store.Tasks(ctx, ids)
	matches := make(map[TaskID]*store.Task, len(children))
	for _, st := range children {
		if t := st.Task; t.Status == StatusPosted && t.System != nil && t.System.Type == MatchAgents {
			matches[t.System.Parent] = t
		}
	}
	return matches, known(ctx, err)
}

// eligible is the same filter that the board applies, written out for one task.
func (c *claiming) eligible(st *store.StoredTask) bool {
	t := st.Task
	switch {
	case t.Poster == c.id, slices.Contains(st.Infra, c.id), !rules.Offered(c.now, t, c.id):
		return false
	case t.System != nil && (!c.query.Infra || slices.Contains(t.System.Excluded, c.id)):
		return false
	case t.Matching != nil && t.Matching.State == store.Matched && c.now.Before(t.Matching.Until) && !slices.Contains(t.Matching.Agents, c.id):
		return false
	}
	return hasTags(t.Tags, c.query.Tags) && contains(&st.Text, text.Terms(c.query.Search))
}

func hasTags(have, want []string) bool {
	for _, tag := range want {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, tag) }) {
			return false
		}
	}
	return true
}
