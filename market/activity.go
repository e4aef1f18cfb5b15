package market

import (
	"context"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/text"
	"github.com/pinchwork/pinchwork/store"
)

// Recent is what the public dashboard shows beyond the numbers of Overview.
type Recent struct {
	// Newest are the newest tasks, newest first.
	Newest []PublicTask `json:"newest"`
}

// PublicTask is what everybody may know of a task: no context, no result, no
// parties, and the need cut to 80 characters (rule 4.21).
type PublicTask struct {
	TaskID     TaskID   `json:"task_id"`
	Status     Status   `json:"status"`
	Need       string   `json:"need"`
	MaxCredits int64    `json:"max_credits"`
	Tags       []string `json:"tags"`
	CreatedAt  Time     `json:"created_at"`
	// ClaimedAt and DeliveredAt are of the claim that stands, EndedAt is when the task
	// was approved, expired or cancelled.
	ClaimedAt   Time `json:"claimed_at,omitzero"`
	DeliveredAt Time `json:"delivered_at,omitzero"`
	EndedAt     Time `json:"ended_at,omitzero"`
}

const (
	// maxPublicNeed is how much of a need is public, in code points.
	maxPublicNeed = 80
	newestTasks   = 20
	// newestLooks bounds how many of the newest tasks are looked at for those that are shown.
	newestLooks = 500
)

// Recent returns the newest tasks, at most 20 of the newest 500. System tasks are left
// out, and direct hires that have not been everybody's.
func (m *Market) Recent(ctx context.Context) (r Recent, err error) {
	finish := m.meter.operation(&ctx, "recent")
	defer func() { finish(err) }()
	totals, err := m.store.Totals(ctx)
	if err != nil {
		return r, known(ctx, err)
	}
	var newest []*store.Task
	for after := max(totals.Seq-newestLooks, 0); ; {
		page, err := m.store.ScanTasks(ctx, after, scanPage)
		if err != nil {
			return r, known(ctx, err)
		}
		if len(page) == 0 {
			break
		}
		for _, st := range page {
			if st.Task.Counted() && !m.withheld(st.Task) {
				newest = append(newest, st.Task)
			}
		}
		newest = slices.Clone(newest[max(len(newest)-newestTasks, 0):])
		after = page[len(page)-1].Task.Seq
	}
	r.Newest, err = m.publicTasks(ctx, newest)
	return r, err
}

// withheld reports whether a posted task is hidden from everybody because its
// poster is suspended.
func (m *Market) withheld(t *store.Task) bool {
	poster, known := m.mirror.Agents.Get(string(t.Poster))
	return t.Status == StatusPosted && known && poster.Suspended
}

// publicTasks returns what is public of tasks, in reverse order.
func (m *Market) publicTasks(ctx context.Context, tasks []*store.Task) ([]PublicTask, error) {
	out := []PublicTask{}
	needs, err := m.publicNeeds.of(ctx, m.store, tasks)
	if err != nil {
		return out, known(ctx, err)
	}
	for _, t := range slices.Backward(tasks) {
		out = append(out, publicTask(t, needs[t.ID]))
	}
	return out, nil
}

// publicNeeds remembers the beginnings of the needs that were shown last: a need
// never changes, and the whole texts of twenty tasks can be megabytes.
type publicNeeds struct {
	mu    sync.Mutex
	shown map[TaskID]string
}

// of returns the needs of the tasks, and reads those that were not shown before.
func (n *publicNeeds) of(ctx context.Context, store Store, tasks []*store.Task) (map[TaskID]string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	needs := make(map[TaskID]string, len(tasks))
	var unread []TaskID
	for _, t := range tasks {
		need, shown := n.shown[t.ID]
		if needs[t.ID] = need; !shown {
			unread = append(unread, t.ID)
		}
	}
	if len(unread) > 0 {
		stored, err := store.Tasks(ctx, unread)
		if err != nil {
			return nil, err
		}
		for i := range stored {
			needs[stored[i].Task.ID] = strings.Clone(PublicNeed(stored[i].Text.Need))
		}
	}
	n.shown = needs
	return needs, nil
}

// publicTask renders a task; need has already been cut to what is public.
func publicTask(t *store.Task, need string) PublicTask {
	v := PublicTask{
		TaskID: t.ID, Status: t.Status, Need: need, MaxCredits: t.MaxCredits,
		Tags: tagList(t.Tags), CreatedAt: NewTime(t.CreatedAt),
	}
	if t.Claim != nil {
		v.ClaimedAt = NewTime(t.Claim.At)
	}
	if t.Delivery != nil {
		v.DeliveredAt = NewTime(t.Delivery.At)
	}
	if t.Ending != nil {
		v.EndedAt = NewTime(t.Ending.At)
	}
	return v
}

// PublicQuery selects tasks for everybody; limit 1–100, default 20.
type PublicQuery struct {
	// Status is "" for all.
	Status Status
	// Filter holds Tags that must all be there, and Search: terms that the public part of
	// the need must contain. Nobody finds words in what only others may read.
	Filter
	Order PublicOrder
	Page
}

// PublicOrder is the order of a list of tasks for everybody.
type PublicOrder string

// The orders: those for which there is an index, so that a page never costs more when
// more is stored.
const (
	// NewestFirst is by the time of posting.
	NewestFirst PublicOrder = ""
	// LastEndedFirst lists only tasks that have ended, the last one first.
	LastEndedFirst PublicOrder = "ended"
)

// PublicTaskList is a page of tasks. NextOffset is where to go on while there are more to
// look through, else 0: one answer looks through at most 1,000 tasks, or 1 MiB of texts
// when it searches them.
type PublicTaskList struct {
	Tasks      []PublicTask `json:"tasks"`
	NextOffset int          `json:"next_offset,omitempty"`
}

// PublicTasks lists what everybody may know of tasks (rule 4.21).
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) PublicTasks(ctx context.Context, q PublicQuery) (_ PublicTaskList, err error) {
	finish := m.meter.operation(&ctx, "public tasks")
	defer func() { finish(err) }()
	l := looking{m: m, public: true, q: AllTasksQuery{Filter: q.Filter, Status: q.Status, Page: q.Page}}
	if err := l.q.check(); err != nil {
		return PublicTaskList{}, err
	}
	l.terms = text.Terms(l.q.Search)
	from, err := m.publicSource(ctx, q.Order)
	if err == nil {
		err = l.through(ctx, from)
	}
	list := PublicTaskList{Tasks: make([]PublicTask, len(l.list.Tasks)), NextOffset: l.list.NextOffset}
	for i, t := range l.list.Tasks {
		list.Tasks[i] = PublicTask{
			TaskID: t.TaskID, Status: t.Status, Need: PublicNeed(t.Need), MaxCredits: t.MaxCredits, Tags: t.Tags,
			CreatedAt: t.CreatedAt, ClaimedAt: t.ClaimedAt, DeliveredAt: t.DeliveredAt, EndedAt: t.EndedAt,
		}
	}
	return list, err
}

func (m *Market) publicSource(ctx context.Context, order PublicOrder) (taskSource, error) {
	switch order {
	case NewestFirst:
		return m.everyTask(ctx)
	case LastEndedFirst:
		return m.lastEnded(), nil
	}
	return nil, rules.Invalid("order", "must be ended, or empty for the newest first")
}

// PublicNeed cuts a need to what is public, and marks the cut with "…" (rule 4.21).
func PublicNeed(need string) string {
	if utf8.RuneCountInString(need) <= maxPublicNeed {
		return need
	}
	return rules.Cut(need, maxPublicNeed-1) + "…"
}
