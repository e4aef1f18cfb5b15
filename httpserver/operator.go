package httpserver

import (
	"math"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

func grant(c *call, in market.GrantInput) (market.Granted, error) {
	return c.server.market.Grant(c.ctx, in)
}

// inviteInput is market.InviteInput with its time in seconds.
type inviteInput struct {
	ValidFor int `json:"valid_for,omitempty"`
}

func invite(c *call, in inviteInput) (market.Invitation, error) {
	return c.server.market.Invite(c.ctx, market.InviteInput{ValidFor: ofSeconds(in.ValidFor)})
}

// ofSeconds is the duration; more seconds than it holds are too many all the same.
func ofSeconds(n int) time.Duration {
	return time.Duration(min(max(n, -1), math.MaxInt32)) * time.Second
}

func suspend(c *call, in market.SuspendInput) (market.Suspension, error) {
	return c.server.market.Suspend(c.ctx, in)
}

func appointInfra(c *call, in market.InfraInput) (market.Appointment, error) {
	return c.server.market.AppointInfra(c.ctx, in)
}

func listReports(c *call) (market.ReportList, error) {
	page, err := c.page()
	if err != nil {
		return market.ReportList{}, err
	}
	status, err := c.text("status")
	if err != nil {
		return market.ReportList{}, err
	}
	return c.server.market.Reports(c.ctx, market.ReportStatus(status), page)
}

func resolveReport(c *call, in market.ResolveInput) (market.Report, error) {
	return c.server.market.ResolveReport(c.ctx, market.ReportID(c.param("id")), in)
}

func audit(c *call) (market.AuditReport, error) { return c.server.market.Audit(c.ctx) }
