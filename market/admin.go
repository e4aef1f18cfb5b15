package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/audit"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Suspend suspends an agent or ends its suspension (rules 2.9 and 15.16). Suspension
// closes the agent's streams; ending it releases the approvals that waited for
// it. Who finds the agent so already is told by whom, and changes the reason at most.
func (m *Market) Suspend(ctx context.Context, in SuspendInput) (Suspension, error) {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Suspension{}, m.refused(ctx, "suspend", err)
	}
	entry := OperatorAction{Action: ActionSuspend, AgentID: in.AgentID, Reason: in.Reason}
	if !in.Suspended {
		entry.Action = ActionUnsuspend
	}
	answer, at, err := editAgent(ctx, m, agentEdit[Suspension]{
		name: "suspend", input: in, entry: entry,
		is:   func(p *store.Profile) bool { return p.Suspended == in.Suspended },
		anew: func(p *store.Profile) bool { return in.Suspended && in.Reason != "" && in.Reason != p.SuspendReason },
		edit: func(p *store.Profile) { p.Suspended, p.SuspendReason = in.Suspended, in.Reason },
		answer: func(a Already) Suspension {
			return Suspension{AgentID: in.AgentID, Suspended: in.Suspended, Message: suspensionMessage(in.Suspended, a), Already: a}
		},
	})
	if err != nil {
		return Suspension{}, err
	}
	m.notifier.Wake(in.AgentID)
	if in.Suspended || at.IsZero() {
		return answer, nil
	}
	if err := m.resumeReviews(ctx, in.AgentID, at); err != nil {
		// The suspension has ended all the same; the approvals that waited for it are
		// only late.
		m.log.WarnContext(ctx, "approvals that waited for an agent come a minute late", "error", reason(err))
	}
	return answer, nil
}

func suspensionMessage(suspended bool, a Already) string {
	switch {
	case !suspended && a.Was:
		return "Agent was not suspended; nothing has changed"
	case !suspended:
		return "Agent unsuspended"
	case a.Unchanged:
		return "Agent was suspended already; nothing has changed"
	case a.Was:
		return "Agent was suspended already; your reason is now the reason"
	}
	return "Agent suspended"
}

// agentEdit is an operator's change of the profile of the entry's agent, with the answer T.
type agentEdit[T any] struct {
	name  string
	input any
	entry OperatorAction
	// is reports whether the agent is so already, and anew whether the act changes
	// something about one that is; nil for never.
	is, anew func(*store.Profile) bool
	edit     func(*store.Profile)
	answer   func(Already) T
}

// editAgent makes the change, and says when, with zero for the repetition of a change. What
// changes nothing leaves no entry in the log.
func editAgent[T any](ctx context.Context, m *Market, e agentEdit[T]) (answer T, at time.Time, err error) {
	var already Already
	answer, err = recorded[T](ctx, m, operation{
		name: e.name, input: e.input, anonymous: true, load: store.LoadQuery{Agent: e.entry.AgentID},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			already = Already{Was: l.Agent != nil && e.is(&l.Agent.Profile)}
			if already.Was {
				already.Unchanged = e.anew == nil || !e.anew(&l.Agent.Profile)
				already.Before, err = m.lastAct(ctx, ActionQuery{AgentID: e.entry.AgentID}, e.entry.Action)
			}
			return err
		},
		deed: &deed{each: func() []OperatorAction {
			if already.Unchanged {
				return nil
			}
			return []OperatorAction{e.entry}
		}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			at = now
			if already.Unchanged {
				return m.rules.Record(now), nil
			}
			return m.rules.Edit(now, l, e.edit)
		},
		outcome: func(*store.Loaded, *rules.Outcome) any { return e.answer(already) },
	})
	return answer, at, err
}

// lastAct is the newest act of the kind among the newest 100 that the query selects, nil
// for none.
func (m *Market) lastAct(ctx context.Context, q ActionQuery, action string) (*OperatorAction, error) {
	q.Limit = 100
	list, err := m.actions(ctx, q)
	for i := range list.Actions {
		if list.Actions[i].Action == action {
			return &list.Actions[i], err
		}
	}
	return nil, err
}

// resumeReviews makes the approvals that waited for a suspended worker due
// now. A crash in between only delays them by suspendedRecheck.
func (m *Market) resumeReviews(ctx context.Context, worker AgentID, now time.Time) error {
	q := store.TasksQuery{Agent: worker, Role: PartyWorker, Status: StatusDelivered, Now: now}
	err := m.eachPage(ctx, q, func(tasks []store.StoredTask) {
		var changes []*store.Change
		for _, st := range tasks {
			if t := st.Task; rules.Passed(t.Delivery.ReviewUntil, now) && t.NextDue.After(now) {
				changes = append(changes, m.rules.ResumeReview(now, t))
			}
		}
		if len(changes) > 0 {
			// A task whose change fails was changed by somebody else meanwhile.
			m.store.CommitEach(ctx, changes)
		}
	})
	return known(ctx, err)
}

// AppointInfra appoints an infra agent or takes the appointment back. It
// matters only if the policy is InfraAppointed (rule 7.12). Of an agent that is so already
// nothing changes, and who made it so is told (rule 15.16).
func (m *Market) AppointInfra(ctx context.Context, in InfraInput) (Appointment, error) {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Appointment{}, m.refused(ctx, "appoint", err)
	}
	entry := OperatorAction{Action: ActionAppointInfra, AgentID: in.AgentID, Reason: in.Reason}
	if !in.Infra {
		entry.Action = ActionDismissInfra
	}
	answer, _, err := editAgent(ctx, m, agentEdit[Appointment]{
		name: "appoint", input: in, entry: entry,
		is:   func(p *store.Profile) bool { return p.Appointed == in.Infra },
		edit: func(p *store.Profile) { p.Appointed = in.Infra },
		answer: func(a Already) Appointment {
			return Appointment{AgentID: in.AgentID, Infra: in.Infra, Already: a}
		},
	})
	return answer, err
}

// Reports lists reports, newest first; status "" lists all. Limit 1–100,
// default 50.
func (m *Market) Reports(ctx context.Context, status ReportStatus, p Page) (_ ReportList, err error) {
	finish := m.meter.operation(&ctx, "reports")
	defer func() { finish(err) }()
	switch status {
	case "", ReportOpen, ReportReviewed, ReportDismissed:
	default:
		return ReportList{}, rules.Invalid("status", "must be open, reviewed or dismissed")
	}
	p, err = checkPage(p, 50, 100)
	if err != nil {
		return ReportList{}, err
	}
	page, err := m.store.Reports(ctx, status, p.Limit, p.Offset)
	if err != nil {
		return ReportList{}, known(ctx, err)
	}
	list := ReportList{Reports: make([]Report, len(page.Reports)), Total: page.Total}
	for i := range page.Reports {
		list.Reports[i] = reportView(&page.Reports[i])
	}
	n := fitting(len(list.Reports), func(i int) int { return textSize(page.Reports[i].Reason, page.Reports[i].Note) })
	if n < len(list.Reports) {
		list.Reports, list.NextOffset = list.Reports[:n], p.Offset+n
	}
	return list, nil
}

// ResolveReport closes an open report as reviewed or dismissed. Of one that is closed the
// refusal says by whom.
func (m *Market) ResolveReport(ctx context.Context, id ReportID, in ResolveInput) (Report, error) {
	if in.Status != ReportReviewed && in.Status != ReportDismissed {
		return Report{}, m.refused(ctx, "resolve", rules.Invalid("status", "must be reviewed or dismissed"))
	}
	if err := rules.CheckText("note", in.Note, limits.Reason); err != nil {
		return Report{}, m.refused(ctx, "resolve", err)
	}
	var about []store.StoredTask
	var closed *OperatorAction
	return recorded[Report](ctx, m, operation{
		name: "resolve " + string(id), input: in, anonymous: true, load: store.LoadQuery{Report: id},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			switch {
			case l.Report == nil:
			case l.Report.Status != ReportOpen:
				closed, err = m.lastAct(ctx, ActionQuery{ReportID: id}, ActionResolveReport)
			default:
				about, err = m.store.Tasks(ctx, []TaskID{l.Report.Task})
			}
			return known(ctx, err)
		},
		deed: &deed{entry: func(l *store.Loaded, _ *rules.Outcome) OperatorAction {
			a := OperatorAction{Action: ActionResolveReport, TaskID: l.Report.Task, ReportID: id, Outcome: string(in.Status), Reason: in.Note}
			for i := range about {
				a.PosterID, a.WorkerID = about[i].Task.Poster, about[i].Task.Worker()
			}
			return a
		}},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			o, err := m.rules.Resolve(now, l, in.Status, in.Note)
			return o, closed.toldIn(err)
		},
		outcome: func(_ *store.Loaded, o *rules.Outcome) any { return reportView(&o.Resolutions[0]) },
	})
}

// Audit replays the whole ledger and proves every balance, every escrow, the zero
// sum, the totals and the budget of system pay as the policy has it now, and names the tasks
// whose timers the store has lost. It is exact even while the market runs, and reads
// everything that is stored. LatestAudit then knows of it.
func (m *Market) Audit(ctx context.Context) (_ AuditReport, err error) {
	finish := m.meter.operation(&ctx, "audit")
	defer func() { finish(err) }()
	found, err := audit.Books(ctx, m.store, m.policy.SystemPayPerDay, m.now)
	if err != nil {
		return AuditReport{}, known(ctx, err)
	}
	report := AuditReport(found)
	return report, m.keepAudit(ctx, &report)
}
