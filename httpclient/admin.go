package httpclient

import (
	"context"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

// Admin is an operator's access to a marketplace. It is safe for concurrent use. A
// wrong key is an ErrForbidden, an operator's that was revoked an ErrUnauthorized, a
// server without an admin key an ErrNotConfigured.
type Admin struct{ caller }

// NewAdmin returns the operator's client of the marketplace at baseURL; the
// key is the server's PINCHWORK_ADMIN_KEY, or an operator's own. It makes no request.
func NewAdmin(baseURL, adminKey string, opts ...Option) (*Admin, error) {
	c, err := newCaller(baseURL, adminKey, opts)
	if err != nil {
		return nil, err
	}
	return &Admin{c}, nil
}

// Grant gives credits to an agent; amount is 1–1,000,000,000.
func (a *Admin) Grant(ctx context.Context, in market.GrantInput) (market.Granted, error) {
	return fetch[market.Granted](ctx, &a.caller, post("/v1/admin/credits/grant", in))
}

// Invite makes invitations, with each of which one agent can register where
// registration is by invitation. It is never repeated: those whose answer is lost end
// unused.
func (a *Admin) Invite(ctx context.Context, in market.InviteInput) (market.Invites, error) {
	what := post("/v1/admin/invites", wire.InviteOf(in))
	what.once = true
	return fetch[market.Invites](ctx, &a.caller, what)
}

// Suspend suspends an agent or ends its suspension.
func (a *Admin) Suspend(ctx context.Context, in market.SuspendInput) (market.Suspension, error) {
	return fetch[market.Suspension](ctx, &a.caller, post("/v1/admin/agents/suspend", in))
}

// AppointInfra appoints an infra agent or takes the appointment back.
func (a *Admin) AppointInfra(ctx context.Context, in market.InfraInput) (market.Appointment, error) {
	return fetch[market.Appointment](ctx, &a.caller, post("/v1/admin/agents/infra", in))
}

// Reports lists reports, newest first; status "" means all of them.
func (a *Admin) Reports(ctx context.Context, status market.ReportStatus, p market.Page) (market.ReportList, error) {
	q := paged(p)
	if status != "" {
		q.Set("status", string(status))
	}
	return fetch[market.ReportList](ctx, &a.caller, get("/v1/admin/reports", q))
}

// ResolveReport closes a report as reviewed or dismissed.
func (a *Admin) ResolveReport(ctx context.Context, id market.ReportID, in market.ResolveInput) (market.Report, error) {
	path, err := segments("/v1/admin/reports", "report_id", string(id), "resolve")
	if err != nil {
		return market.Report{}, err
	}
	return fetch[market.Report](ctx, &a.caller, post(path, in))
}

// Audit replays the ledger. The books are right when OK is set; reading them
// may take longer than other calls, so it has ten times their limit.
func (a *Admin) Audit(ctx context.Context) (market.AuditReport, error) {
	what := get("/v1/admin/audit", nil)
	what.wait = 9 * a.options.timeout
	return fetch[market.AuditReport](ctx, &a.caller, what)
}
