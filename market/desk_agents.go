package market

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Standing says whether an agent is suspended.
type Standing string

// The standings of agents.
const (
	StandingActive    Standing = "active"
	StandingSuspended Standing = "suspended"
)

// StandingQuery selects agents for the operator; limit 1–100, default 20.
type StandingQuery struct {
	// AgentQuery is that of everybody. Search may be the id of an agent too, and SortBy
	// "newest": who registered last first.
	AgentQuery
	// Standing is "" for all.
	Standing Standing
}

// AgentStanding is an agent in the operator's list.
type AgentStanding struct {
	ID            AgentID `json:"id"`
	Name          string  `json:"name"`
	Suspended     bool    `json:"suspended"`
	SuspendReason string  `json:"suspend_reason,omitempty"`
	// SuspendedAt is when an operator last suspended it, if that is among the newest 100
	// suspensions. Market.AllAgents alone tells it; the file has the whole act.
	SuspendedAt    Time         `json:"suspended_at,omitzero"`
	Credits        int64        `json:"credits"`
	Escrowed       int64        `json:"escrowed"`
	OpenClaims     int64        `json:"open_claims"`
	TasksPosted    int64        `json:"tasks_posted"`
	TasksCompleted int64        `json:"tasks_completed"`
	Reputation     float64      `json:"reputation"`
	RatingCount    int64        `json:"rating_count"`
	AsPoster       PosterRecord `json:"as_poster"`
	// Rejected counts the agent's own deliveries that were rejected.
	Rejected           int64    `json:"rejected"`
	GoodAt             string   `json:"good_at,omitempty"`
	Tags               []string `json:"tags"`
	AcceptsSystemTasks bool     `json:"accepts_system_tasks"`
	Appointed          bool     `json:"appointed"` // as infra agent
	HasWebhook         bool     `json:"has_webhook"`
	// WebhookAddress is where it is, as in DeadWebhook.
	WebhookAddress string `json:"webhook_address,omitempty"`
	// ExternalID is what the host program calls the agent, "" for nothing.
	ExternalID string `json:"external_id,omitempty"`
	CreatedAt  Time   `json:"created_at"`
}

// AgentStandings is a page of agents of any standing. Total counts up to 10,000 of
// each standing; TotalMore says that there are more.
type AgentStandings struct {
	Agents    []AgentStanding `json:"agents"`
	Total     int             `json:"total"`
	TotalMore bool            `json:"total_more,omitempty"`
}

// AgentFile is all that is kept about an agent, but for its secrets.
type AgentFile struct {
	Agent AgentStanding `json:"agent"`
	// Strikes count toward the block of pickups, which lasts until BlockedUntil.
	Strikes      int  `json:"strikes"`
	BlockedUntil Time `json:"blocked_until,omitzero"`
	// MostGranted and MostClawedBack are how many credits an operator may grant to the agent,
	// and take back from it, at once; 0 for none.
	MostGranted     int64           `json:"most_granted"`
	MostClawedBack  int64           `json:"most_clawed_back"`
	Earned          int64           `json:"earned"`
	Spent           int64           `json:"spent"`
	FeesPaid        int64           `json:"fees_paid"`
	ReputationByTag []TagReputation `json:"reputation_by_tag"`
	// Ledger holds the newest 50 entries of LedgerTotal, Dead the newest 50 dead
	// letters of DeadTotal.
	Ledger      []LedgerEntry `json:"ledger"`
	LedgerTotal int           `json:"ledger_total"`
	Dead        []DeadLetter  `json:"dead_letters"`
	DeadTotal   int           `json:"dead_total"`
	// Redelivered are those that operators had delivered again, as in DeadWebhookList.
	Redelivered []Redelivery `json:"redelivered"`
	// Posted are the newest 20 of the agent's tasks, PostedTotal all of them; Worked those
	// that it works on, or was the last to, system tasks among them. There are fewer of
	// tasks with long texts.
	Posted      []TaskSummary `json:"posted"`
	PostedTotal int           `json:"posted_total"`
	Worked      []TaskSummary `json:"worked"`
	WorkedTotal int           `json:"worked_total"`
	// ReportsBy are the reports that the agent made, ReportsAbout those about the tasks in
	// Posted and Worked that others made; both of the newest 300 reports, newest first.
	ReportsBy    []Report `json:"reports_by"`
	ReportsAbout []Report `json:"reports_about"`
	// Actions are the newest 100 that operators took about the agent, newest first.
	Actions []OperatorAction `json:"actions"`
	// Suspended is the act by which the agent is suspended, nil while it is not, or when the
	// act is not among Actions.
	Suspended *OperatorAction `json:"suspended,omitempty"`
	// SuspendedBefore are the earlier acts of the same suspension, whose reasons stood until
	// the next one's, newest first.
	SuspendedBefore []OperatorAction `json:"suspended_before,omitempty"`
}

const (
	// partyTasks tasks of an agent in each role are in its file, with so many bytes of
	// texts read for them, and partyReports reports are looked through.
	partyTasks   = 20
	partyBytes   = 1 << 20
	partyReports = 300
)

// AgentFile returns all that is kept about an agent of any standing (rule 15.4); the
// platform and unknown ids are ErrNotFound. It settles nothing.
func (m *Market) AgentFile(ctx context.Context, id AgentID) (f AgentFile, err error) {
	finish := m.meter.operation(&ctx, "inspect agent")
	defer func() { finish(err) }()
	if id == "" || id == Platform {
		return f, rules.NoAgent()
	}
	now := m.now()
	row, err := m.store.Stats(ctx, store.StatsQuery{Agent: id, Now: now})
	switch {
	case err != nil:
		return f, known(ctx, err)
	case row.Agent == nil:
		return f, rules.NoAgent()
	}
	a := row.Agent
	f = AgentFile{
		Agent: standingView(a), MostGranted: max(rules.MostGranted(a), 0), MostClawedBack: rules.MostClawedBack(a), Strikes: a.Strikes.Count, BlockedUntil: blockedUntil(a.Strikes, now),
		Earned: a.Earned, Spent: a.Spent, FeesPaid: a.Fees, ReputationByTag: tagReputation(row.Tags),
	}
	r := AgentRecord{Profile: PublicProfile{ID: id}}
	if err := m.fillRecord(ctx, &r, now); err != nil {
		return f, err
	}
	f.Ledger, f.LedgerTotal, f.Dead, f.DeadTotal = r.Ledger, r.LedgerTotal, r.Dead, r.DeadTotal
	if f.Redelivered, err = m.redeliveries(ctx, id, now); err != nil {
		return f, err
	}
	if err := m.fileTasksOf(ctx, &f, now); err != nil {
		return f, known(ctx, err)
	}
	if err := m.fileReportsOf(ctx, &f); err != nil {
		return f, known(ctx, err)
	}
	actions, err := m.actions(ctx, ActionQuery{AgentID: id, Page: Page{Limit: 100}})
	f.Actions = actions.Actions
	if f.Agent.Suspended {
		f.suspended()
	}
	return f, err
}

// suspended finds the acts of the suspension that lasts.
func (f *AgentFile) suspended() {
	for i := range f.Actions {
		switch a := &f.Actions[i]; {
		case a.Action == ActionUnsuspend:
			return
		case a.Action != ActionSuspend:
		case f.Suspended == nil:
			f.Suspended = a
		default:
			f.SuspendedBefore = append(f.SuspendedBefore, *a)
		}
	}
}

// LedgerPage is a page of an agent's ledger, newest first.
type LedgerPage struct {
	Ledger []LedgerEntry `json:"ledger"`
	Total  int           `json:"total"`
}

// LedgerOf pages through the ledger of an agent of any standing, beyond what is in its
// file; limit 1–100, default 50. An unknown agent has none.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) LedgerOf(ctx context.Context, id AgentID, p Page) (list LedgerPage, err error) {
	finish := m.meter.operation(&ctx, "ledger of")
	defer func() { finish(err) }()
	if p, err = checkPage(p, recordPage, 100); err != nil {
		return list, err
	}
	page, err := m.store.Ledger(ctx, store.PageQuery{Agent: id, Limit: p.Limit, Offset: p.Offset, Now: m.now()})
	if err != nil {
		return list, known(ctx, err)
	}
	list = LedgerPage{Ledger: make([]LedgerEntry, len(page.Entries)), Total: page.Total}
	for i := range page.Entries {
		list.Ledger[i] = ledgerView(&page.Entries[i])
	}
	return list, nil
}

func (m *Market) fileTasksOf(ctx context.Context, f *AgentFile, now time.Time) error {
	for _, of := range []struct {
		role  PartyRole
		tasks *[]TaskSummary
		total *int
	}{{PartyPoster, &f.Posted, &f.PostedTotal}, {PartyWorker, &f.Worked, &f.WorkedTotal}} {
		page, err := m.store.TasksOf(ctx, store.TasksQuery{Agent: f.Agent.ID, Role: of.role, Limit: partyTasks, MaxBytes: partyBytes, Now: now})
		if err != nil {
			return err
		}
		*of.tasks, *of.total = make([]TaskSummary, len(page.Tasks)), page.Total
		for i := range page.Tasks {
			(*of.tasks)[i] = summaryOf(&page.Tasks[i])
		}
	}
	return nil
}

func (m *Market) fileReportsOf(ctx context.Context, f *AgentFile) error {
	f.ReportsBy, f.ReportsAbout = []Report{}, []Report{}
	about := map[TaskID]bool{}
	for _, list := range [][]TaskSummary{f.Posted, f.Worked} {
		for i := range list {
			about[list[i].TaskID] = true
		}
	}
	return m.newestReports(ctx, partyReports, func(r *store.Report) {
		switch {
		case r.Reporter == f.Agent.ID:
			f.ReportsBy = append(f.ReportsBy, reportView(r))
		case about[r.Task]:
			f.ReportsAbout = append(f.ReportsAbout, reportView(r))
		}
	})
}

// AllAgents searches agents of any standing for the operator (rule 15.4): in the order
// that the query asks for, suspended ones after the others.
//
// Errors: ErrInvalid, ErrUnavailable, also while the index of agents is loading.
func (m *Market) AllAgents(ctx context.Context, q StandingQuery) (list AgentStandings, err error) {
	finish := m.meter.operation(&ctx, "agents")
	defer func() { finish(err) }()
	newest := q.SortBy == directory.ByCreated
	if newest {
		q.SortBy = ""
	}
	query, err := checkAgentQuery(q.AgentQuery)
	if err != nil {
		return list, err
	}
	if newest {
		query.SortBy = directory.ByCreated
	}
	if !slices.Contains([]Standing{"", StandingActive, StandingSuspended}, q.Standing) {
		return list, rules.Invalid("standing", "must be active or suspended")
	}
	list.Agents = []AgentStanding{}
	var found []string
	if id := strings.TrimSpace(q.Search); strings.HasPrefix(id, "ag-") {
		if query.Offset == 0 {
			found = []string{id}
		}
		list.Total = 1
	} else if err := m.consult(ctx, func() { found, list.Total, list.TotalMore = m.find(query, q.Standing) }); err != nil {
		return list, err
	}
	agents, err := m.store.Agents(ctx, agentIDs(found))
	if err != nil {
		return list, known(ctx, err)
	}
	for _, a := range agents {
		if q.Standing == "" || a.Suspended == (q.Standing == StandingSuspended) {
			list.Agents = append(list.Agents, standingView(a))
		}
	}
	if err := m.dateSuspensions(ctx, list.Agents); err != nil {
		return list, err
	}
	if len(agents) == 0 && len(found) == 1 && found[0] == strings.TrimSpace(q.Search) {
		list.Total = 0
	}
	return list, nil
}

// dateSuspensions finds when those that are suspended were.
func (m *Market) dateSuspensions(ctx context.Context, list []AgentStanding) error {
	if !slices.ContainsFunc(list, func(a AgentStanding) bool { return a.Suspended }) {
		return nil
	}
	acts, err := m.actions(ctx, ActionQuery{Action: ActionSuspend, Page: Page{Limit: 100}})
	if err != nil {
		return err
	}
	for i := range list {
		a := &list[i]
		if at := slices.IndexFunc(acts.Actions, func(act OperatorAction) bool { return act.AgentID == a.ID }); a.Suspended && at >= 0 {
			a.SuspendedAt = acts.Actions[at].At
		}
	}
	return nil
}

func agentIDs(found []string) []AgentID {
	ids := make([]AgentID, len(found))
	for i, id := range found {
		ids[i] = AgentID(id)
	}
	return ids
}

// find pages through the agents of a standing, or all: first those that everybody
// finds.
func (m *Market) find(q directory.SearchQuery, standing Standing) (ids []string, total int, more bool) {
	if standing != StandingSuspended {
		ids, total, more = m.mirror.Agents.Search(q)
	}
	if standing == StandingActive || more {
		return ids, total, more
	}
	q.Offset, q.Limit = max(q.Offset-total, 0), q.Limit-len(ids)
	others, n, more := m.mirror.Suspended.Search(q)
	return append(ids, others...), total + n, more
}

func standingView(a *store.Agent) AgentStanding {
	return AgentStanding{
		ID: a.ID, Name: a.Name, Suspended: a.Suspended, SuspendReason: a.SuspendReason,
		Credits: a.Balance, Escrowed: a.Escrowed, OpenClaims: a.OpenClaims,
		TasksPosted: a.Posted, TasksCompleted: a.Completed, Reputation: a.Reputation(), RatingCount: a.RatingCount,
		AsPoster: *recordOf(a), Rejected: a.Rejected, GoodAt: a.GoodAt, Tags: tagList(a.CapabilityTags()),
		AcceptsSystemTasks: a.AcceptsSystemTasks, Appointed: a.Appointed, HasWebhook: a.Hooked(),
		WebhookAddress: webhookAddress(a.WebhookURL),
		ExternalID:     a.ExternalID, CreatedAt: NewTime(a.CreatedAt),
	}
}
