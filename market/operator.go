package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// AgentRecord is what the operator may know about an agent, suspended or not:
// everything except its secrets.
type AgentRecord struct {
	Profile PublicProfile `json:"profile"`
	// ExternalID is what the host program calls the agent, "" for nothing.
	ExternalID         string        `json:"external_id,omitempty"`
	Account            store.Account `json:"account"`
	AcceptsSystemTasks bool          `json:"accepts_system_tasks"`
	Appointed          bool          `json:"appointed"` // as infra agent
	Suspended          bool          `json:"suspended"`
	SuspendReason      string        `json:"suspend_reason,omitempty"`
	HasWebhook         bool          `json:"has_webhook"`
	CreatedAt          Time          `json:"created_at"`
	// Ledger holds the newest 50 entries of LedgerTotal, Dead the newest 50 dead
	// letters of DeadTotal.
	Ledger      []LedgerEntry `json:"ledger"`
	LedgerTotal int           `json:"ledger_total"`
	Dead        []DeadLetter  `json:"dead_letters"`
	DeadTotal   int           `json:"dead_total"`
}

const recordPage = 50

// InspectAgent returns an agent's record for the operator; the platform and
// unknown ids are ErrNotFound. It settles nothing.
func (m *Market) InspectAgent(ctx context.Context, id AgentID) (_ AgentRecord, err error) {
	finish := m.meter.operation(&ctx, "inspect agent")
	defer func() { finish(err) }()
	public, err := m.Agent(ctx, id)
	if err != nil {
		return AgentRecord{}, err
	}
	found, err := m.store.Agents(ctx, []AgentID{id})
	if err != nil {
		return AgentRecord{}, known(ctx, err)
	}
	if len(found) == 0 {
		return AgentRecord{}, rules.NoAgent()
	}
	a := found[0]
	r := AgentRecord{
		Profile: public, ExternalID: a.ExternalID, Account: a.Account, AcceptsSystemTasks: a.AcceptsSystemTasks, Appointed: a.Appointed,
		Suspended: a.Suspended, SuspendReason: a.SuspendReason, HasWebhook: a.WebhookURL != "", CreatedAt: NewTime(a.CreatedAt),
	}
	return r, m.fillRecord(ctx, &r, m.now())
}

func (m *Market) fillRecord(ctx context.Context, r *AgentRecord, now time.Time) error {
	q := store.PageQuery{Agent: r.Profile.ID, Limit: recordPage, Now: now}
	ledger, err := m.store.Ledger(ctx, q)
	if err != nil {
		return known(ctx, err)
	}
	dead, err := m.store.DeadWebhooks(ctx, q)
	if err != nil {
		return known(ctx, err)
	}
	r.LedgerTotal, r.Ledger = ledger.Total, make([]LedgerEntry, len(ledger.Entries))
	for i := range ledger.Entries {
		r.Ledger[i] = ledgerView(&ledger.Entries[i])
	}
	letters := deadLetters(dead)
	r.Dead, r.DeadTotal = letters.Dead, letters.Total
	return nil
}

// InspectTask returns any task with all its texts, as its parties see it, for
// the operator who has to judge a report. It settles the task first if it is
// due.
func (m *Market) InspectTask(ctx context.Context, id TaskID) (Task, error) {
	view, _, err := m.inspectTask(ctx, id)
	return view, err
}

// inspectTask also returns the instant at which the task is as the view has it.
func (m *Market) inspectTask(ctx context.Context, id TaskID) (view Task, now time.Time, err error) {
	d, err := m.operate(ctx, operation{
		name: "inspect task", anonymous: true, load: store.LoadQuery{Task: id, Text: true},
		decide: func(_ time.Time, l *store.Loaded) (*rules.Outcome, error) {
			if l.Task == nil {
				return nil, rules.NotFound()
			}
			view = m.taskView(l.Task, l.Text, recordOf(l.Poster))
			return nil, nil
		},
	})
	return view, d.now, err
}

// SearchTasks lists open tasks that contain every term, for the operator, in
// the order in which a new agent would be offered them. Limit 1–100, default 20.
func (m *Market) SearchTasks(ctx context.Context, f Filter, p Page) (list BrowseList, err error) {
	finish := m.meter.operation(&ctx, "search")
	defer func() { finish(err) }()
	if f, err = checkFilter(f); err != nil {
		return list, err
	}
	if p, err = checkPage(p, 20, 100); err != nil {
		return list, err
	}
	query := board.Query{Tags: f.Tags, Search: f.Search, Now: m.now()}
	return m.offers(ctx, query, p)
}

// PublicTask returns what everybody may know of a task; system tasks, direct hires
// that have not been everybody's and unknown ids are ErrNotFound (rule 4.21).
func (m *Market) PublicTask(ctx context.Context, id TaskID) (_ PublicTask, err error) {
	finish := m.meter.operation(&ctx, "public")
	defer func() { finish(err) }()
	stored, err := m.store.Tasks(ctx, []TaskID{id})
	if err != nil {
		return PublicTask{}, known(ctx, err)
	}
	if len(stored) == 0 || !stored[0].Task.Counted() {
		return PublicTask{}, rules.NotFound()
	}
	return publicTask(stored[0].Task, PublicNeed(stored[0].Text.Need)), nil
}
