package market

import (
	"context"

	"github.com/pinchwork/pinchwork/market/internal/audit"
)

// Books finds what Audit finds and leaves no trace of it in the store: for a copy that is
// looked at before anybody serves it.
//
// Errors: ErrUnavailable.
func (m *Market) Books(ctx context.Context) (_ AuditReport, err error) {
	finish := m.meter.operation(&ctx, "books")
	defer func() { finish(err) }()
	report, err := audit.Books(ctx, m.store, m.policy.SystemPayPerDay, m.now)
	return AuditReport(report), known(ctx, err)
}
