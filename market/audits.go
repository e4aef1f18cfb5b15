package market

import (
	"context"
	"errors"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// AuditNote is what is kept of an audit.
type AuditNote struct {
	At Time `json:"at"`
	OK bool `json:"ok"`
	// Problems is how many accounts and totals did not agree, at most 100.
	Problems int `json:"problems"`
}

// LatestAudit returns what is kept of the latest audit that any process with this store has
// made (rule 3.10), or ok false when there was none. It is one look at the store.
//
// Errors: ErrUnavailable.
func (m *Market) LatestAudit(ctx context.Context) (_ AuditNote, ok bool, err error) {
	finish := m.meter.operation(&ctx, "latest audit")
	defer func() { finish(err) }()
	return m.latestAudit(ctx)
}

func (m *Market) latestAudit(ctx context.Context) (AuditNote, bool, error) {
	ends, err := m.ends(ctx, auditsChain)
	if err != nil || ends[0].number == 0 {
		return AuditNote{}, false, err
	}
	note, err := recall[AuditNote](ends[0].data)
	return note, err == nil, err
}

// keepAudit appends to what is kept of audits. When others have appended meanwhile, it does
// so after them.
func (m *Market) keepAudit(ctx context.Context, report *AuditReport) error {
	for {
		ends, err := m.ends(ctx, auditsChain)
		if err != nil {
			return err
		}
		now := m.now()
		note := AuditNote{At: NewTime(now), OK: report.OK, Problems: len(report.Problems)}
		c := &store.Change{At: now, Records: []*store.IdempotencyRecord{ends[0].next(rules.AsJSON(note))}}
		_, err = m.store.Commit(ctx, c)
		if taken := (*store.Conflict)(nil); !errors.As(err, &taken) {
			return known(ctx, err)
		}
	}
}
