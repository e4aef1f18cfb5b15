package httpserver

import (
	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

func grant(c *call, in market.GrantInput) (market.Granted, error) {
	return c.server.market.Grant(c.ctx, in)
}

func invite(c *call, in wire.Invite) (market.Invites, error) {
	return c.server.market.Invite(c.ctx, in.Input())
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
