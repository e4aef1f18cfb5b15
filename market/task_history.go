package market

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// historyEvents is how many of an agent's newest events are looked through for those
	// about one task, historyWorkers how many earlier workers are.
	historyEvents  = 500
	historyWorkers = 3
)

// EventGivenBack is in a History alone, and no event: the worker has given the task back.
const EventGivenBack EventType = "given_back"

// History returns what is still known of the steps of a task of which the agent is
// poster or worker, oldest first: the events that either of them got about it. The poster
// also sees its own rejections of earlier workers and which of the last 3 workers gave the
// task back; the worker sees nothing of other workers' claims. Whoever gave a task back
// and has nothing to do with it any more learns that, and when it had claimed it. Looked through are the newest 500 events of each, which are kept for
// 7 days; the last rejection and the last progress of the present claim are there in any
// case. It settles nothing.
//
// Errors: ErrNotFound for anybody else, ErrUnavailable.
func (h *Handle) History(ctx context.Context, id TaskID) (history []TaskEvent, err error) {
	finish := h.m.meter.operation(&ctx, "history")
	defer func() { finish(err) }()
	l, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Caller: h.id, Task: id, Role: true})
	if err != nil {
		return nil, known(ctx, err)
	}
	if l.Task == nil {
		return nil, rules.NotFound()
	}
	if own := givenBack(l.Lapse, h.id); !l.Task.IsParty(h.id) {
		if len(own) == 0 {
			return nil, rules.NotFound()
		}
		return h.leftBehind(ctx, l, own)
	}
	logs, err := h.m.tellers(ctx, l, h.id)
	if err != nil {
		return nil, known(ctx, err)
	}
	history = []TaskEvent{}
	for _, a := range logs {
		page, err := h.m.store.Events(ctx, a.ID, max(a.EventSeq-historyEvents, 0), historyEvents)
		if err != nil {
			return nil, known(ctx, err)
		}
		for i := range page.Events {
			if e := &page.Events[i]; e.Task == id && mayKnow(l.Task, h.id, e) {
				history = append(history, stepOf(e, h.id))
			}
		}
	}
	back, err := h.backFrom(ctx, l, history)
	if err != nil {
		return nil, known(ctx, err)
	}
	history = append(history, keptSteps(l.Task, history)...)
	history = append(history, back...)
	slices.SortStableFunc(history, func(a, b TaskEvent) int { return a.At.Compare(b.At.Time) })
	return history, nil
}

// leftBehind is what whoever has left a task learns: the end of its claim, and when that
// began, which the poster was told.
func (h *Handle) leftBehind(ctx context.Context, l *store.Loaded, end []TaskEvent) ([]TaskEvent, error) {
	posters, err := h.m.store.Agents(ctx, []AgentID{l.Task.Poster})
	if err != nil || len(posters) == 0 {
		return end, known(ctx, err)
	}
	page, err := h.m.store.Events(ctx, l.Task.Poster, max(posters[0].EventSeq-historyEvents, 0), historyEvents)
	if err != nil {
		return nil, known(ctx, err)
	}
	for i := range slices.Backward(page.Events) {
		if e := &page.Events[i]; e.Task == l.Task.ID && ownClaim(e, h.id) && !e.At.After(end[0].At.Time) {
			return append([]TaskEvent{stepOf(e, h.id)}, end...), nil
		}
	}
	return end, nil
}

func ownClaim(e *store.Event, worker AgentID) bool {
	return e.Type == store.EventTaskClaimed && e.Data.WorkerID == worker
}

// backFrom says which workers gave the task back: to the poster the last ones that it
// was told of, to the worker itself.
func (h *Handle) backFrom(ctx context.Context, l *store.Loaded, told []TaskEvent) (back []TaskEvent, err error) {
	if l.Task.Poster != h.id {
		return givenBack(l.Lapse, h.id), nil
	}
	var workers []AgentID
	for i := len(told) - 1; i >= 0 && len(workers) < historyWorkers; i-- {
		if e := &told[i]; e.Type == store.EventTaskClaimed && !slices.Contains(workers, e.Data.WorkerID) {
			workers = append(workers, e.Data.WorkerID)
		}
	}
	for _, worker := range workers {
		had, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Caller: worker, Task: l.Task.ID, Role: true})
		if err != nil {
			return nil, err
		}
		back = append(back, givenBack(had.Lapse, worker)...)
	}
	return back, nil
}

func givenBack(lapse *store.Lapse, worker AgentID) []TaskEvent {
	if lapse == nil || lapse.Why != rules.GaveBack {
		return nil
	}
	return []TaskEvent{{At: NewTime(lapse.At), Type: EventGivenBack, ToldTo: worker, Data: EventData{WorkerID: worker}}}
}

// tellers are the agents whose logs tell the reader of the task: its parties, and for
// the poster the last earlier workers.
func (m *Market) tellers(ctx context.Context, l *store.Loaded, reader AgentID) (logs []*store.Agent, err error) {
	for _, party := range []*store.Agent{l.Poster, l.Worker} {
		if party != nil {
			logs = append(logs, party)
		}
	}
	if l.Task.Poster != reader {
		return logs, nil
	}
	var earlier []AgentID
	for _, s := range slices.Backward(l.Task.Superseded) {
		if s.Worker != l.Task.Worker() && !slices.Contains(earlier, s.Worker) && len(earlier) < historyWorkers {
			earlier = append(earlier, s.Worker)
		}
	}
	if len(earlier) == 0 {
		return logs, nil
	}
	others, err := m.store.Agents(ctx, earlier)
	return append(logs, others...), err
}

// mayKnow says whether a party may know of an event that another agent got about its
// task: the poster of its own rejections, the worker of its own work.
func mayKnow(t *store.Task, reader AgentID, e *store.Event) bool {
	switch {
	case e.Agent == reader:
		return true
	case t.Poster == reader:
		return e.Type == store.EventTaskRejected
	case e.At.Before(t.Claim.At):
		return ownClaim(e, reader)
	}
	return slices.Contains([]EventType{
		store.EventTaskClaimed, store.EventTaskProgress, store.EventTaskDelivered, store.EventTaskVerified, store.EventTaskRated,
	}, e.Type)
}

func stepOf(e *store.Event, reader AgentID) TaskEvent {
	own := ownEvent(*e)
	if e.Agent != reader {
		own.Data.ExternalID = ""
	}
	return TaskEvent{At: NewTime(e.At), Type: e.Type, ToldTo: e.Agent, Data: own.Data}
}

// keptSteps are those that the task itself keeps and the logs do not tell.
func keptSteps(t *store.Task, told []TaskEvent) (kept []TaskEvent) {
	add := func(e TaskEvent) {
		same := func(o TaskEvent) bool { return o.Type == e.Type && o.At.Equal(e.At.Time) }
		if !e.At.IsZero() && !slices.ContainsFunc(told, same) {
			kept = append(kept, e)
		}
	}
	if r := t.Rejection; r != nil {
		add(TaskEvent{At: NewTime(r.At), Type: store.EventTaskRejected, ToldTo: t.Worker(), Data: EventData{Reason: r.Reason, Feedback: r.Feedback}})
	}
	if t.Claim != nil {
		p := t.Claim.Progress
		add(TaskEvent{At: NewTime(p.At), Type: store.EventTaskProgress, ToldTo: t.Poster, Data: EventData{Note: p.Note, Percent: copyOf(p.Percent)}})
	}
	return kept
}
