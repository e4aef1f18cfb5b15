package market

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// TaskFile is all that is kept about a task, for the operator who has to judge it.
type TaskFile struct {
	// Task is as its parties see it, with all texts.
	Task Task `json:"task"`
	// Poster and Worker are what is known of the parties, nil for the platform and nobody.
	Poster *AgentStanding `json:"poster,omitempty"`
	Worker *AgentStanding `json:"worker,omitempty"`
	// Questions and Messages are the newest 1,000 of each, those to earlier workers too,
	// oldest first.
	Questions []Question `json:"questions"`
	Messages  []Message  `json:"messages"`
	// Earlier are deliveries that others have followed, or whose claim has ended, oldest
	// first.
	Earlier []EarlierDelivery `json:"earlier_deliveries"`
	// PosterRating, 0 for none, and PosterFeedback are the worker's of the poster.
	PosterRating   int    `json:"poster_rating,omitempty"`
	PosterFeedback string `json:"poster_feedback,omitempty"`
	// Settlements are where the escrow would go with each outcome of ResolveTask that is
	// possible now: a split in the middle, of which Settlement computes any other.
	Settlements []Settlement `json:"settlements"`
	// MostSplit is the most that a split may charge, 0 where none is possible now.
	MostSplit int64 `json:"most_split,omitempty"`
	// CreditsClaimed is what the last delivery claimed, whatever was decided since.
	CreditsClaimed int64 `json:"credits_claimed,omitempty"`
	// Paid is what the worker of an approved task got, nil for one that paid nobody.
	Paid *TaskPay `json:"paid,omitempty"`
	// Ledger are the movements of credits about the task, oldest first.
	Ledger []TaskEntry `json:"ledger"`
	// History are the events that the parties and the last earlier workers got about the
	// task, oldest first, of the newest 1,000 of each; the last rejection and the last
	// progress are there in any case.
	History []TaskEvent `json:"history"`
	// Reports are those of the newest 1,000 that are about the task, newest first.
	Reports []Report `json:"reports"`
	// Actions are the newest 100 that operators took about the task, newest first.
	Actions []OperatorAction `json:"actions"`
}

// EarlierDelivery is what is known of a delivery whose result is no longer the task's.
type EarlierDelivery struct {
	No       int     `json:"no"` // counts the deliveries of the task from 1
	WorkerID AgentID `json:"worker_id"`
	// DeliveredAt is when, and CreditsCharged what for; both are absent where an earlier
	// version kept them not.
	DeliveredAt    Time  `json:"delivered_at,omitzero"`
	CreditsCharged int64 `json:"credits_charged,omitempty"`
	Bytes          int64 `json:"bytes"`
	// Result is what was delivered, "" beyond the newest mebibyte of them; KeptUntil is when
	// it is dropped.
	Result    string `json:"result"`
	KeptUntil Time   `json:"kept_until"`
}

// TaskPay is what a task has paid its worker.
type TaskPay struct {
	WorkerReceived int64 `json:"worker_received"`
	// TakenBack is what operators have taken back of it, Most what they can take back now: the
	// worker may have spent the rest.
	TakenBack int64 `json:"taken_back"`
	Most      int64 `json:"most"`
}

// TaskEntry is a movement of credits about a task. Its sides are ids of agents, the
// platform's or "escrow:" and the task's.
type TaskEntry struct {
	ID     EntryID   `json:"id"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Amount int64     `json:"amount"`
	Reason EntryKind `json:"reason"`
	At     Time      `json:"at"`
}

// TaskEvent is an event as one of the parties got it.
type TaskEvent struct {
	At     Time      `json:"at"`
	Type   EventType `json:"type"`
	ToldTo AgentID   `json:"told_to"`
	Data   EventData `json:"data"`
}

const (
	// fileTalk, fileEvents and fileReports bound what a file is put together from.
	fileTalk    = 1_000
	fileEvents  = 1_000
	fileReports = 1_000
	// fileResults is how many bytes of earlier results a file has, at least the newest.
	fileResults = 1 << 20
	// fileEntries is more than any task has that operators did not grant so often about.
	fileEntries = 100
)

// TaskFile returns all that is kept about any task, which it settles first if it is due
// (rule 15.4). The platform's own tasks have one too.
//
// Errors: ErrNotFound, ErrUnavailable.
func (m *Market) TaskFile(ctx context.Context, id TaskID) (f TaskFile, err error) {
	var now time.Time
	if f.Task, now, err = m.inspectTask(ctx, id); err != nil {
		return f, err
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: now, Task: id})
	if err != nil {
		return f, known(ctx, err)
	}
	if l.Task == nil {
		return f, rules.NotFound()
	}
	f.Poster, f.Worker = partyView(l.Poster), partyView(l.Worker)
	f.Settlements = m.settlements(l.Task)
	if slices.ContainsFunc(f.Settlements, func(s Settlement) bool { return s.Outcome == OutcomeSplit }) {
		f.MostSplit = rules.MostSplit(l.Task)
	}
	f.Paid = payOf(l)
	if l.Task.Delivery != nil {
		f.CreditsClaimed = l.Task.Delivery.Charged
	}
	if e := l.Task.Ending; e != nil {
		f.PosterRating, f.PosterFeedback = e.PosterRating, e.PosterFeedback
	}
	for _, fill := range []func(context.Context, *TaskFile, *store.Loaded) error{m.fileEarlier, m.fileTalk, m.fileLedger, m.fileHistory, m.fileReports} {
		if err := fill(ctx, &f, l); err != nil {
			return f, known(ctx, err)
		}
	}
	actions, err := m.actions(ctx, ActionQuery{TaskID: id, Page: Page{Limit: 100}})
	f.Actions = actions.Actions
	return f, err
}

// payOf is what the loaded task has paid.
func payOf(l *store.Loaded) *TaskPay {
	if !rules.WasPaid(l.Task) || l.Worker == nil {
		return nil
	}
	p := TaskPay{WorkerReceived: rules.Pay(l.Task), TakenBack: l.Task.Ending.TakenBack}
	p.Most = min(p.WorkerReceived-p.TakenBack, l.Worker.Balance)
	return &p
}

func partyView(a *store.Agent) *AgentStanding {
	if a == nil {
		return nil
	}
	return new(standingView(a))
}

// fileEarlier reads the results that no longer belong to the task. Of one that was dropped
// meanwhile there is no text.
func (m *Market) fileEarlier(ctx context.Context, f *TaskFile, l *store.Loaded) (err error) {
	f.Earlier, err = m.earlier(ctx, l.Task.ID, l.Task.Superseded)
	return err
}

// Earlier returns the deliveries of a task that others have followed, or whose claim has
// ended, oldest first, as long as they are kept: to the poster all of them, to the worker
// its own (rule 4.33). It settles nothing.
//
// Errors: ErrNotFound for anybody else, ErrUnavailable.
func (h *Handle) Earlier(ctx context.Context, id TaskID) (earlier []EarlierDelivery, err error) {
	finish := h.m.meter.operation(&ctx, "earlier")
	defer func() { finish(err) }()
	l, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Task: id})
	if err != nil {
		return nil, known(ctx, err)
	}
	if l.Task == nil || !l.Task.IsParty(h.id) {
		return nil, rules.NotFound()
	}
	results := slices.Clone(l.Task.Superseded)
	if l.Task.Poster != h.id {
		results = slices.DeleteFunc(results, func(s store.Superseded) bool { return s.Worker != h.id })
	}
	earlier, err = h.m.earlier(ctx, id, results)
	return earlier, known(ctx, err)
}

// Rejected returns what the agent claimed for its delivery that was rejected, as long as it may
// deliver the task again, and else 0. It settles nothing.
//
// Errors: ErrNotFound for anybody but poster and worker, ErrUnavailable.
func (h *Handle) Rejected(ctx context.Context, id TaskID) (claimed int64, err error) {
	finish := h.m.meter.operation(&ctx, "rejected")
	defer func() { finish(err) }()
	l, err := h.m.store.Load(ctx, store.LoadQuery{Now: anyTime, Task: id})
	switch {
	case err != nil:
		return 0, known(ctx, err)
	case l.Task == nil || !l.Task.IsParty(h.id):
		return 0, rules.NotFound()
	case l.Task.Worker() != h.id || l.Task.Status != StatusClaimed || l.Task.Delivery == nil:
		return 0, nil
	}
	return l.Task.Delivery.Charged, nil
}

func (m *Market) earlier(ctx context.Context, id TaskID, results []store.Superseded) ([]EarlierDelivery, error) {
	earlier := make([]EarlierDelivery, len(results))
	q := store.LoadQuery{Now: anyTime, Task: id}
	size := int64(0)
	for i, s := range slices.Backward(results) {
		earlier[i] = EarlierDelivery{No: s.No, WorkerID: s.Worker, DeliveredAt: NewTime(s.At), CreditsCharged: s.Charged, Bytes: s.Bytes, KeptUntil: NewTime(s.Until)}
		if size += s.Bytes; size <= fileResults || len(q.Results) == 0 {
			q.Results = append(q.Results, s.No)
		}
	}
	if len(q.Results) == 0 {
		return earlier, nil
	}
	kept, err := m.store.Load(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, r := range kept.Results {
		for i := range earlier {
			if earlier[i].No == r.No {
				earlier[i].Result = r.Text
			}
		}
	}
	return earlier, nil
}

func (m *Market) fileTalk(ctx context.Context, f *TaskFile, l *store.Loaded) error {
	f.Questions, f.Messages = []Question{}, []Message{}
	asked, err := newestTalk(ctx, m.store, fileTalk, func(q *store.TalkQuery) store.LoadQuery {
		return store.LoadQuery{Now: anyTime, Task: l.Task.ID, Questions: q}
	})
	if err != nil {
		return err
	}
	said, err := newestTalk(ctx, m.store, fileTalk, func(q *store.TalkQuery) store.LoadQuery {
		return store.LoadQuery{Now: anyTime, Task: l.Task.ID, Messages: q}
	})
	if err != nil {
		return err
	}
	for i := range asked.Questions {
		f.Questions = append(f.Questions, questionView(&asked.Questions[i]))
	}
	for i := range said.Messages {
		f.Messages = append(f.Messages, messageView(&said.Messages[i]))
	}
	return nil
}

// newestTalk reads the newest of what comes oldest first.
func newestTalk(ctx context.Context, s store.Store, most int, about func(*store.TalkQuery) store.LoadQuery) (l *store.Loaded, err error) {
	q := store.TalkQuery{Limit: most}
	for {
		if l, err = s.Load(ctx, about(&q)); err != nil || l.TalkTotal <= q.Offset+most {
			return l, err
		}
		q.Offset = l.TalkTotal - most
	}
}

func (m *Market) fileLedger(ctx context.Context, f *TaskFile, l *store.Loaded) error {
	entries, _, err := m.store.Entries(ctx, l.Task.ID, "", fileEntries)
	f.Ledger = make([]TaskEntry, len(entries))
	for i := range entries {
		e := &entries[i]
		f.Ledger[i] = TaskEntry{ID: e.ID, From: string(e.From), To: string(e.To), Amount: e.Amount, Reason: e.Kind, At: NewTime(e.At)}
	}
	slices.SortStableFunc(f.Ledger, func(a, b TaskEntry) int { return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.Reason, b.Reason)) })
	return err
}

func (m *Market) fileHistory(ctx context.Context, f *TaskFile, l *store.Loaded) error {
	f.History = []TaskEvent{}
	logs, err := m.tellers(ctx, l, l.Task.Poster)
	if err != nil {
		return err
	}
	for _, party := range logs {
		page, err := m.store.Events(ctx, party.ID, max(party.EventSeq-fileEvents, 0), fileEvents)
		if err != nil {
			return err
		}
		for i := range page.Events {
			if page.Events[i].Task == l.Task.ID {
				e := ownEvent(page.Events[i])
				f.History = append(f.History, TaskEvent{At: NewTime(e.At), Type: e.Type, ToldTo: e.Agent, Data: e.Data})
			}
		}
	}
	f.History = append(f.History, keptSteps(l.Task, f.History)...)
	slices.SortStableFunc(f.History, func(a, b TaskEvent) int { return a.At.Compare(b.At.Time) })
	return nil
}

func (m *Market) fileReports(ctx context.Context, f *TaskFile, l *store.Loaded) error {
	f.Reports = []Report{}
	return m.newestReports(ctx, fileReports, func(r *store.Report) {
		if r.Task == l.Task.ID {
			f.Reports = append(f.Reports, reportView(r))
		}
	})
}

// newestReports looks through so many reports, newest first.
func (m *Market) newestReports(ctx context.Context, most int, look func(*store.Report)) error {
	for offset := 0; offset < most; {
		page, err := m.store.Reports(ctx, "", lookedPiece, offset)
		if err != nil {
			return err
		}
		for i := range page.Reports {
			look(&page.Reports[i])
		}
		if offset += len(page.Reports); len(page.Reports) == 0 || offset >= page.Total {
			break
		}
	}
	return nil
}
