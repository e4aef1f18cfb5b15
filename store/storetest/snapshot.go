package storetest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// everything is a limit above what a case writes.
const everything = 1000

// snapshot is everything that can be read from a store, except for Totals,
// which may be some seconds old, and webhooks, which reading would change.
type snapshot struct {
	Agents   []*store.Agent
	Tasks    []store.StoredTask
	Loaded   []*store.Loaded
	Parties  []partyView
	Reports  store.ReportPage
	Feed     []store.FeedItem
	All      []store.StoredTask
	Open     []store.StoredTask
	Everyone []*store.Agent
	Due      []store.TaskID
	Entries  []store.Entry
}

// partyView is what belongs to one agent.
type partyView struct {
	Tasks  []store.TasksPage
	Ledger store.LedgerPage
	Stats  store.StatsRow
	Trust  store.TrustPage
	Events store.EventPage
	Dead   store.DeadPage
}

// mentioned are the ids of a Change.
func mentioned(c *store.Change) (agents []store.AgentID, tasks []store.TaskID) {
	for _, x := range c.Agents {
		agents = append(agents, x.New.ID)
	}
	for _, x := range c.Trust {
		agents = append(agents, x.New.From, x.New.To)
	}
	for _, x := range c.Events {
		agents = append(agents, x.Agent)
	}
	for _, x := range c.Tasks {
		tasks = append(tasks, x.New.ID)
	}
	return agents, tasks
}

func (w *world) snapshot() (s snapshot) {
	w.Helper()
	slices.Sort(w.agents)
	slices.Sort(w.tasks)
	w.agents, w.tasks = slices.Compact(w.agents), slices.Compact(w.tasks)
	var err error
	late := w.in(1000 * time.Hour)
	s.Agents, err = w.store.Agents(w.ctx, w.agents)
	w.ok(err)
	s.Tasks, err = w.store.Tasks(w.ctx, w.tasks)
	w.ok(err)
	for _, id := range w.tasks {
		s.Loaded = append(s.Loaded, w.loadAll(id)...)
	}
	for _, id := range w.agents {
		s.Parties = append(s.Parties, w.partyView(id))
	}
	s.Reports, err = w.store.Reports(w.ctx, "", everything, 0)
	w.ok(err)
	s.All, err = w.store.ScanTasks(w.ctx, 0, everything)
	w.ok(err)
	s.Open, err = w.store.ScanOpen(w.ctx, 0, everything)
	w.ok(err)
	s.Everyone, err = w.store.ScanAgents(w.ctx, "", everything)
	w.ok(err)
	s.Due = w.due(late, everything)
	s.Entries = w.entries()
	s.Tasks, s.Open = inOrder(s.Tasks), inOrder(s.Open)
	s.Feed = w.feedSince(w.start)
	return s
}

// loadAll loads everything about a task, as seen by each agent.
func (w *world) loadAll(id store.TaskID) (out []*store.Loaded) {
	w.Helper()
	page := store.TalkQuery{Limit: everything}
	for _, caller := range w.agents {
		q := store.LoadQuery{
			Caller: caller, Agent: caller, Task: id, Text: true, Trust: true, Role: true,
			TrustIn: true, Questions: &page,
		}
		l := w.load(q)
		seen := *l
		seen.TrustIn = slices.SortedFunc(slices.Values(l.TrustIn), func(a, b store.TrustPair) int {
			return cmp.Compare(a.From, b.From)
		})
		out = append(out, &seen, w.load(store.LoadQuery{Task: id, Messages: &page}))
	}
	return out
}

func (w *world) partyView(id store.AgentID) (v partyView) {
	w.Helper()
	page := store.PageQuery{Agent: id, Limit: everything, Now: w.in(1000 * time.Hour)}
	for _, role := range []store.PartyRole{store.PartyAny, store.PartyPoster, store.PartyWorker} {
		for _, status := range append(store.Statuses(), "") {
			found, err := w.store.TasksOf(w.ctx, store.TasksQuery{
				Agent: id, Role: role, Status: status, Limit: everything, Now: w.now,
			})
			w.ok(err)
			found.Tasks = inOrder(found.Tasks)
			v.Tasks = append(v.Tasks, found)
		}
	}
	var err error
	v.Ledger, err = w.store.Ledger(w.ctx, page)
	w.ok(err)
	v.Stats = w.stats(id)
	v.Trust, err = w.store.TrustOf(w.ctx, page)
	w.ok(err)
	v.Events = w.eventPage(id, 0, everything)
	v.Dead, err = w.store.DeadWebhooks(w.ctx, page)
	w.ok(err)
	return v
}

// stats reads an agent's statistics, the tags in order.
func (w *world) stats(id store.AgentID, since ...time.Time) store.StatsRow {
	w.Helper()
	row, err := w.store.Stats(w.ctx, store.StatsQuery{Agent: id, Since: since, Now: w.now})
	w.ok(err)
	row.Tags = slices.SortedFunc(slices.Values(row.Tags), func(a, b store.TagStat) int {
		return cmp.Compare(a.Tag, b.Tag)
	})
	return row
}

func (w *world) eventPage(id store.AgentID, after int64, limit int) store.EventPage {
	w.Helper()
	page, err := w.store.Events(w.ctx, id, after, limit)
	w.ok(err)
	return page
}

// entries reads the whole ledger.
func (w *world) entries() (all []store.Entry) {
	w.Helper()
	for cursor := ""; ; {
		page, next, err := w.store.Entries(w.ctx, "", cursor, everything)
		w.ok(err)
		all = append(all, page...)
		if next == "" {
			return all
		}
		cursor = next
	}
}

// inOrder returns the tasks with Infra, which has no promised order, sorted.
func inOrder(tasks []store.StoredTask) []store.StoredTask {
	out := slices.Clone(tasks)
	for i := range out {
		out[i].Infra = slices.Sorted(slices.Values(out[i].Infra))
	}
	return out
}

// feedSince reads the feed from a position to its end. Items may come in any
// order and more than once, so they are sorted and each is kept once.
func (w *world) feedSince(after store.Position) (items []store.FeedItem) {
	w.Helper()
	seen := map[string]store.FeedItem{}
	for more := true; more; {
		page, err := w.store.Feed(w.ctx, after, 100)
		w.ok(err)
		for _, item := range page.Items {
			seen[feedKey(item)] = item
		}
		after, more = page.Next, page.More
	}
	for _, key := range slices.Sorted(maps.Keys(seen)) {
		items = append(items, seen[key])
	}
	return items
}

// feedKey names all that a feed item says.
func feedKey(item store.FeedItem) string {
	key := fmt.Sprint(item.Kind, item.Task, item.Version, item.Open, item.Agent)
	if item.Trust != nil {
		key += fmt.Sprint(item.Trust.From, item.Trust.To, item.Trust.Interactions)
	}
	return key
}

// head is the present end of the feed.
func (w *world) head() store.Position {
	w.Helper()
	page, err := w.store.Feed(w.ctx, "", 100)
	w.ok(err)
	return page.Next
}
