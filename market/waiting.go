package market

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// toldTasks is how many tasks are looked at that something was told of, askedQuestions
	// how many questions of each.
	toldTasks      = 20
	askedQuestions = 100
)

// Unanswered are the questions about posted tasks of the agent's that wait for an answer,
// oldest first: those that the newest 500 events tell of, on the 20 tasks that were asked
// about last, among the first 100 of each. It settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) Unanswered(ctx context.Context) (open []Question, err error) {
	finish := h.m.meter.operation(&ctx, "unanswered")
	defer func() { finish(err) }()
	tasks, err := h.toldOf(ctx, store.EventTaskQuestion)
	if err != nil {
		return nil, known(ctx, err)
	}
	open = []Question{}
	for _, id := range tasks {
		l, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Task: id, Questions: &store.TalkQuery{Limit: askedQuestions}})
		if err != nil {
			return nil, known(ctx, err)
		}
		if l.Task == nil || l.Task.Poster != h.id || l.Task.Status != StatusPosted {
			continue
		}
		for i := range l.Questions {
			if l.Questions[i].Answer == "" {
				open = append(open, questionView(&l.Questions[i]))
			}
		}
	}
	slices.SortStableFunc(open, func(a, b Question) int { return a.CreatedAt.Compare(b.CreatedAt.Time) })
	return open, nil
}

// hiresLooked is how many of the agent's offers are looked through for those that ask it by
// name, and maxHires how many of those there are at most.
const (
	hiresLooked = 1_000
	maxHires    = 20
)

// Hires are the open tasks for which the agent is asked by name, in the order of its
// offers: at most 20, of the best 1,000 offers. It is ErrUnavailable, with the code
// warming, while the board is loading.
func (h *Handle) Hires(ctx context.Context) (hires []TaskID, err error) {
	op := h.looking("hires")
	op.commit = func(ctx context.Context, d *done) (again bool, err error) {
		query := h.query(d.loaded.Caller, Filter{}, d.now)
		query.Infra = false
		return false, h.m.consult(ctx, func() {
			hires = []TaskID{}
			offers, _, _ := h.m.mirror.Board.Page(query, 0, hiresLooked, 1)
			for _, o := range offers {
				if rules.Hired(o.Value, h.id) && len(hires) < maxHires {
					hires = append(hires, o.Value.ID)
				}
			}
		})
	}
	_, err = h.m.operate(ctx, op)
	return hires, err
}

// unreadMessages is how many messages of a task are looked at.
const unreadMessages = 100

// Unreplied are the newest messages that the agent got about its claimed and delivered
// tasks and has not replied to, one a task, newest first: those that the newest 500 events
// tell of, on the 20 tasks that were written about last. It settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) Unreplied(ctx context.Context) (open []Message, err error) {
	finish := h.m.meter.operation(&ctx, "unreplied")
	defer func() { finish(err) }()
	tasks, err := h.toldOf(ctx, store.EventTaskMessage)
	if err != nil {
		return nil, known(ctx, err)
	}
	open = []Message{}
	for _, id := range tasks {
		l, err := newestTalk(ctx, h.m.store, unreadMessages, func(q *store.TalkQuery) store.LoadQuery {
			return store.LoadQuery{Now: anyTime, Task: id, Messages: q}
		})
		if err != nil {
			return nil, known(ctx, err)
		}
		if l.Task == nil || !l.Task.IsParty(h.id) || l.Task.Status != StatusClaimed && l.Task.Status != StatusDelivered || len(l.Messages) == 0 {
			continue
		}
		// One to an earlier worker is nothing that this one waits to hear about.
		if last := &l.Messages[len(l.Messages)-1]; last.Sender != h.id && !last.CreatedAt.Before(l.Task.Claim.At) {
			open = append(open, messageView(last))
		}
	}
	slices.SortStableFunc(open, func(a, b Message) int { return b.CreatedAt.Compare(a.CreatedAt.Time) })
	return open, nil
}

// Unrated are the agent's approved tasks whose poster it may still rate, the last approved
// first: those that the newest 500 events tell of, of the 20 that were approved last. It
// settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) Unrated(ctx context.Context) (open []TaskID, err error) {
	finish := h.m.meter.operation(&ctx, "unrated")
	defer func() { finish(err) }()
	tasks, err := h.toldOf(ctx, store.EventTaskApproved)
	if err != nil {
		return nil, known(ctx, err)
	}
	open = []TaskID{}
	for _, id := range tasks {
		l, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Task: id})
		if err != nil {
			return nil, known(ctx, err)
		}
		if t := l.Task; t != nil && t.Worker() == h.id && t.System == nil && t.Status == StatusApproved && t.Ending.PosterRating == 0 {
			open = append(open, id)
		}
	}
	return open, nil
}

// reportsLooked is among how many reports that of an agent is looked for.
const reportsLooked = 100

// Reported is when the agent reported a task, if that is among the newest 100 reports, and
// else the zero time. It settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) Reported(ctx context.Context, id TaskID) (at Time, err error) {
	finish := h.m.meter.operation(&ctx, "reported")
	defer func() { finish(err) }()
	page, err := h.m.store.Reports(ctx, "", reportsLooked, 0)
	if err != nil {
		return at, known(ctx, err)
	}
	for i := range page.Reports {
		if r := &page.Reports[i]; r.Task == id && r.Reporter == h.id {
			at = NewTime(r.CreatedAt)
		}
	}
	return at, nil
}

// toldOf are the tasks that the newest events of a kind are about, the last first.
func (h *Handle) toldOf(ctx context.Context, kind EventType) (tasks []TaskID, err error) {
	found, err := h.m.store.Agents(ctx, []AgentID{h.id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	page, err := h.m.store.Events(ctx, h.id, max(found[0].EventSeq-historyEvents, 0), historyEvents)
	for _, e := range slices.Backward(page.Events) {
		if e.Type == kind && !slices.Contains(tasks, e.Task) && len(tasks) < toldTasks {
			tasks = append(tasks, e.Task)
		}
	}
	return tasks, err
}

// TaskBrief is a task in a list about something else.
type TaskBrief struct {
	Need     string  `json:"need"` // cut as for the public
	Status   Status  `json:"status"`
	PosterID AgentID `json:"poster_id"`
	WorkerID AgentID `json:"worker_id,omitempty"`
	// Charged is what an approval took from escrow, Fee the market's share of it.
	Charged int64 `json:"charged,omitempty"`
	Fee     int64 `json:"fee,omitempty"`
}

// maxBriefs is how many tasks Briefs looks up.
const maxBriefs = 100

// Briefs says what tasks are about of which the agent is poster or worker; others are
// left out. At most 100 ids, which may repeat. It settles nothing.
//
// Errors: ErrUnavailable.
func (h *Handle) Briefs(ctx context.Context, ids ...TaskID) (briefs map[TaskID]TaskBrief, err error) {
	finish := h.m.meter.operation(&ctx, "briefs")
	defer func() { finish(err) }()
	briefs = map[TaskID]TaskBrief{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id TaskID) bool { return id == "" })
	slices.Sort(ids)
	ids = slices.Compact(ids)
	// The texts of many tasks can be megabytes, of which only the beginnings are kept.
	for piece := range slices.Chunk(ids[:min(len(ids), maxBriefs)], offerPiece) {
		stored, err := h.m.store.Tasks(ctx, piece)
		if err != nil {
			return nil, known(ctx, err)
		}
		for _, st := range stored {
			if t := st.Task; t.IsParty(h.id) {
				brief := TaskBrief{Need: PublicNeed(st.Text.Need), Status: t.Status, PosterID: t.Poster, WorkerID: t.Worker()}
				if t.Ending != nil {
					brief.Charged, brief.Fee = t.Ending.Charged, t.Ending.Fee
				}
				briefs[t.ID] = brief
			}
		}
	}
	return briefs, nil
}
