package market

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

const (
	// askedTasks is how many tasks with questions are looked at, askedQuestions how many
	// questions of each.
	askedTasks     = 20
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
	tasks, err := h.asked(ctx)
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

// asked are the tasks that the agent was asked about last.
func (h *Handle) asked(ctx context.Context) (tasks []TaskID, err error) {
	found, err := h.m.store.Agents(ctx, []AgentID{h.id})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	page, err := h.m.store.Events(ctx, h.id, max(found[0].EventSeq-historyEvents, 0), historyEvents)
	for _, e := range slices.Backward(page.Events) {
		if e.Type == store.EventTaskQuestion && !slices.Contains(tasks, e.Task) && len(tasks) < askedTasks {
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
				briefs[t.ID] = TaskBrief{Need: PublicNeed(st.Text.Need), Status: t.Status, PosterID: t.Poster, WorkerID: t.Worker()}
			}
		}
	}
	return briefs, nil
}
