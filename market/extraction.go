package market

import (
	"context"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// extraction drafts the system task for an agent's good_at, or returns nil when
// there is nothing to extract or no infra agent to do it.
func (m *Market) extraction(ctx context.Context, p store.Profile) (*rules.Draft, error) {
	if p.GoodAt == "" || !m.infraBut(ctx, p.ID) {
		return nil, nil
	}
	id, err := m.ids.next("tk-")
	if err != nil {
		return nil, unavailable(err)
	}
	return rules.ExtractDraft(TaskID(id), rules.ExtractInput{AgentID: p.ID, GoodAt: p.GoodAt}), nil
}

// lastExtraction reads the newest extraction about an agent; nil when there was
// none or it has been pruned.
func (m *Market) lastExtraction(ctx context.Context, p *store.Profile) (*store.Task, error) {
	if p.Extraction == "" {
		return nil, nil
	}
	found, err := m.store.Tasks(ctx, []TaskID{p.Extraction})
	if err != nil || len(found) == 0 {
		return nil, known(ctx, err)
	}
	return found[0].Task, nil
}
