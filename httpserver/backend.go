package httpserver

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
)

// backend is what the server needs of a market besides the agents' handles.
// *market.Market is one; tests inject faults here.
type backend interface {
	Register(ctx context.Context, in market.RegisterInput) (market.Registration, error)
	Admit(ctx context.Context, key market.APIKey, charge *market.Charge) (market.AgentID, market.Admitted, error)
	AdmitAgent(ctx context.Context, id market.AgentID, charge *market.Charge) (market.Admitted, error)
	Charge(ctx context.Context, charge market.Charge) (market.Admitted, error)
	Agent(ctx context.Context, id market.AgentID) (market.PublicProfile, error)
	Agents(ctx context.Context, q market.AgentQuery) (market.AgentList, error)
	Tags(ctx context.Context, q market.TagQuery) (market.TagList, error)
	Grant(ctx context.Context, in market.GrantInput) (market.Granted, error)
	Suspend(ctx context.Context, in market.SuspendInput) (market.Suspension, error)
	Invite(ctx context.Context, in market.InviteInput) (market.Invites, error)
	AppointInfra(ctx context.Context, in market.InfraInput) (market.Appointment, error)
	Reports(ctx context.Context, status market.ReportStatus, p market.Page) (market.ReportList, error)
	ResolveReport(ctx context.Context, id market.ReportID, in market.ResolveInput) (market.Report, error)
	Audit(ctx context.Context) (market.AuditReport, error)
	Ready(ctx context.Context) error
	desk
}
