package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/store"
)

// DeskOverview is how the marketplace stands, for those who run it. All of it comes
// from counters and indexes.
type DeskOverview struct {
	At     Time       `json:"at"`
	Health DeskHealth `json:"health"`
	Money  DeskMoney  `json:"money"`
	// Agents are those of every standing.
	Agents int64 `json:"agents"`
	// Suspended are those that are suspended, up to 10,000, as far as this process knows;
	// absent while its index of agents is loading.
	Suspended *int `json:"suspended,omitempty"`
	// Tasks are those of agents, Hired among them those that are offered to named agents
	// and have not been everybody's: everybody's numbers (Overview) know nothing of them.
	// Hired is absent where an earlier version did not count them, which is in Redis; then
	// Tasks are everybody's too.
	Tasks TasksByState  `json:"tasks"`
	Hired *TasksByState `json:"hired,omitempty"`
	// ReportsOpen is how many reports wait to be resolved.
	ReportsOpen int `json:"reports_open"`
	// Dead are webhook deliveries that failed for good.
	Dead DeadOverview `json:"dead_webhooks"`
	// Audit is what is kept of the latest audit (Market.LatestAudit), absent before the first.
	Audit *AuditNote `json:"audit,omitempty"`
	// Replicas are the processes that show themselves (Config.Instance), the longest
	// running first.
	Replicas []Replica `json:"replicas"`
}

// DeskHealth is whether the market keeps up. Durations are in seconds.
type DeskHealth struct {
	// StoreSeconds is how long the store took to answer.
	StoreSeconds float64 `json:"store_seconds"`
	// TimersLate is for how long the task that is due longest has waited to be settled, 0
	// while nothing is due; LateTask is that task. More than some seconds say that no
	// replica runs, or none can keep up.
	TimersLate float64 `json:"timers_late_seconds"`
	LateTask   TaskID  `json:"late_task_id,omitempty"`
	// WebhooksLate is the same of the first delivery in the queue of webhooks.
	WebhooksLate float64 `json:"webhooks_late_seconds"`
	// Warming is set while the replica that answers is loading its index of open tasks.
	Warming bool `json:"warming,omitempty"`
}

// DeskMoney is where the credits are. Held, Escrowed and the platform's balance, which
// is Fees and ClawedBack less Registered, Granted and SystemPay, are 0 together.
type DeskMoney struct {
	// Counted is false where an earlier version moved money and did not count it, which
	// is in Redis: then Escrowed alone is known here, and the rest from an audit.
	Counted bool `json:"counted"`
	// Registered came with registrations, Granted from operators.
	Registered int64 `json:"registered"`
	Granted    int64 `json:"granted"`
	ClawedBack int64 `json:"clawed_back"`
	SystemPay  int64 `json:"system_pay"`
	Fees       int64 `json:"fees"`
	Escrowed   int64 `json:"escrowed"`
	// Held is what agents can spend.
	Held int64 `json:"held"`
}

// TasksByState counts tasks, those of the platform aside.
type TasksByState struct {
	Posted    int64 `json:"posted"`
	Claimed   int64 `json:"claimed"`
	Delivered int64 `json:"delivered"`
	Approved  int64 `json:"approved"`
	Expired   int64 `json:"expired"`
	Cancelled int64 `json:"cancelled"`
}

// Total is how many are in any state.
func (t TasksByState) Total() int64 {
	return t.Posted + t.Claimed + t.Delivered + t.Approved + t.Expired + t.Cancelled
}

func byState(n map[Status]int64) TasksByState {
	return TasksByState{
		Posted: n[StatusPosted], Claimed: n[StatusClaimed], Delivered: n[StatusDelivered],
		Approved: n[StatusApproved], Expired: n[StatusExpired], Cancelled: n[StatusCancelled],
	}
}

// countTasks counts all tasks of agents, whoever may know of them.
func (o *DeskOverview) countTasks(t *store.Totals) {
	o.Tasks = byState(t.All())
	if t.Sealed != nil {
		o.Hired = new(byState(t.Sealed))
	}
}

// Of is how many are in a state.
func (t TasksByState) Of(s Status) int64 {
	return map[Status]int64{
		StatusPosted: t.Posted, StatusClaimed: t.Claimed, StatusDelivered: t.Delivered,
		StatusApproved: t.Approved, StatusExpired: t.Expired, StatusCancelled: t.Cancelled,
	}[s]
}

// DeskOverview tells operators how the marketplace stands (rule 15.12). Counts may be some
// seconds old.
//
// Errors: ErrUnavailable.
func (m *Market) DeskOverview(ctx context.Context) (s DeskOverview, err error) {
	finish := m.meter.operation(&ctx, "desk")
	defer func() { finish(err) }()
	now := m.now()
	s.At = NewTime(now)
	if s.Health, err = m.health(ctx, now); err != nil {
		return s, known(ctx, err)
	}
	t, err := m.store.Totals(ctx)
	if err != nil {
		return s, known(ctx, err)
	}
	s.Agents, s.Money = t.Agents, moneyOf(&t)
	s.countTasks(&t)
	if !s.Health.Warming {
		_, n, _ := m.find(directory.SearchQuery{Limit: 1}, StandingSuspended)
		s.Suspended = &n
	}
	open, err := m.store.Reports(ctx, ReportOpen, 1, 0)
	if err != nil {
		return s, known(ctx, err)
	}
	s.ReportsOpen = open.Total
	if s.Dead, err = m.deadOverview(ctx, now); err != nil {
		return s, err
	}
	note, audited, err := m.latestAudit(ctx)
	if err != nil {
		return s, err
	}
	if audited {
		s.Audit = &note
	}
	s.Replicas, err = m.replicas(ctx, now)
	return s, err
}

// Issued is what came with registrations and from operators, less what they took back, as
// an audit has it.
func (m DeskMoney) Issued() int64 { return m.Registered + m.Granted - m.ClawedBack }

// moneyOf sorts the movements of the platform's account.
func moneyOf(t *store.Totals) DeskMoney {
	p := t.Platform
	if p == nil {
		return DeskMoney{Escrowed: t.Escrowed}
	}
	in := DeskMoney{
		Counted: true, Registered: p[store.EntrySignupBonus], Granted: p[store.EntryAdminGrant], ClawedBack: p[store.EntryClawBack],
		SystemPay: p[store.EntrySystemPayment], Fees: p[store.EntryPlatformFee], Escrowed: t.Escrowed,
	}
	in.Held = in.Registered + in.Granted + in.SystemPay - in.ClawedBack - in.Fees - in.Escrowed
	return in
}

// health asks what is due. The clock of the answer is that of the machine, not the
// market's.
func (m *Market) health(ctx context.Context, now time.Time) (h DeskHealth, err error) {
	asked := time.Now()
	agenda, err := m.store.Due(ctx, now, 1)
	if err != nil {
		return h, err
	}
	h.StoreSeconds = time.Since(asked).Seconds()
	h.WebhooksLate = late(now, agenda.NextWebhook)
	if len(agenda.Tasks) > 0 {
		found, err := m.store.Tasks(ctx, agenda.Tasks)
		if err != nil {
			return h, err
		}
		for _, st := range found {
			if h.TimersLate = late(now, st.Task.NextDue); h.TimersLate > 0 {
				h.LateTask = st.Task.ID
			}
		}
	}
	h.Warming = m.mirror.Fresh(ctx) != nil
	return h, nil
}

// late is how many seconds ago something was due.
func late(now, due time.Time) float64 {
	if due.IsZero() {
		return 0
	}
	return max(now.Sub(due).Seconds(), 0)
}
