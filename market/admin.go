package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/audit"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Grant gives credits from the platform to an agent (rule 3.9). The reason is
// kept as a note, since the kind of the entry is always that of a grant.
func (m *Market) Grant(ctx context.Context, in GrantInput) (Granted, error) {
	if err := rules.CheckRange("amount", in.Amount, 1, limits.Grant); err != nil {
		return Granted{}, m.refused(ctx, "grant", err)
	}
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Granted{}, m.refused(ctx, "grant", err)
	}
	granted := Granted{Granted: in.Amount, AgentID: in.AgentID, Reason: in.Reason}
	return recorded[Granted](ctx, m, operation{
		name: "grant", input: in, anonymous: true, load: store.LoadQuery{Agent: in.AgentID},
		deed: does(OperatorAction{Action: ActionGrant, AgentID: in.AgentID, Amount: in.Amount, Reason: in.Reason}),
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Grant(now, l, in.AgentID, in.Amount, in.Reason)
		},
		outcome: func(*store.Loaded, *rules.Outcome) any { return granted },
	})
}

// Suspend suspends an agent or ends its suspension (rule 2.9). Suspension
// closes the agent's streams; ending it releases the approvals that waited for
// it.
func (m *Market) Suspend(ctx context.Context, in SuspendInput) (Suspension, error) {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Suspension{}, m.refused(ctx, "suspend", err)
	}
	answer := Suspension{AgentID: in.AgentID, Suspended: in.Suspended, Message: "Agent suspended"}
	entry := OperatorAction{Action: ActionSuspend, AgentID: in.AgentID, Reason: in.Reason}
	if !in.Suspended {
		answer.Message, entry.Action = "Agent unsuspended", ActionUnsuspend
	}
	d, err := m.edit(ctx, "suspend", in, entry, answer, func(p *store.Profile) {
		p.Suspended, p.SuspendReason = in.Suspended, in.Reason
	})
	if err != nil {
		return Suspension{}, err
	}
	m.notifier.Wake(in.AgentID)
	if in.Suspended {
		return answer, nil
	}
	if err := m.resumeReviews(ctx, in.AgentID, d.now); err != nil {
		// The suspension has ended all the same; the approvals that waited for it are
		// only late.
		m.log.WarnContext(ctx, "approvals that waited for an agent come a minute late", "error", reason(err))
	}
	return answer, nil
}

// edit is the operator's change of the profile of the entry's agent.
func (m *Market) edit(ctx context.Context, name string, input any, entry OperatorAction, answer any, edit func(*store.Profile)) (done, error) {
	return m.operate(ctx, operation{
		name: name, input: input, anonymous: true, load: store.LoadQuery{Agent: entry.AgentID},
		deed: does(entry),
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Edit(now, l, edit)
		},
		outcome: func(*store.Loaded, *rules.Outcome) any { return answer },
	})
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
// matters only if the policy is InfraAppointed (rule 7.12).
func (m *Market) AppointInfra(ctx context.Context, in InfraInput) (Appointment, error) {
	if err := rules.CheckText("reason", in.Reason, limits.Reason); err != nil {
		return Appointment{}, m.refused(ctx, "appoint", err)
	}
	answer := Appointment{AgentID: in.AgentID, Infra: in.Infra}
	entry := OperatorAction{Action: ActionAppointInfra, AgentID: in.AgentID, Reason: in.Reason}
	if !in.Infra {
		entry.Action = ActionDismissInfra
	}
	_, err := m.edit(ctx, "appoint", in, entry, answer, func(p *store.Profile) { p.Appointed = in.Infra })
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

// ResolveReport closes an open report as reviewed or dismissed.
func (m *Market) ResolveReport(ctx context.Context, id ReportID, in ResolveInput) (Report, error) {
	if in.Status != ReportReviewed && in.Status != ReportDismissed {
		return Report{}, m.refused(ctx, "resolve", rules.Invalid("status", "must be reviewed or dismissed"))
	}
	if err := rules.CheckText("note", in.Note, limits.Reason); err != nil {
		return Report{}, m.refused(ctx, "resolve", err)
	}
	var about []store.StoredTask
	return recorded[Report](ctx, m, operation{
		name: "resolve " + string(id), input: in, anonymous: true, load: store.LoadQuery{Report: id},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			if l.Report != nil {
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
			return m.rules.Resolve(now, l, in.Status, in.Note)
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
