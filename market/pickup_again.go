package market

import (
	"context"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// recordedClaim is a claim in an idempotency record, without the texts.
type recordedClaim struct {
	Task *store.Task `json:"task"`
	// What was known of the poster then.
	Reputation   float64       `json:"reputation"`
	PosterRecord *PosterRecord `json:"poster_record,omitempty"`
	// Actions are the worker's then.
	Actions []Action `json:"actions,omitempty"`
}

// replayClaims renders the recorded claims again.
func (m *Market) replayClaims(ctx context.Context, data []byte) ([]Pickup, error) {
	claims, err := recall[[]recordedClaim](data)
	if err != nil {
		return nil, err
	}
	wanted := make([]TaskID, len(claims))
	for i, claim := range claims {
		wanted[i] = claim.Task.ID
	}
	texts, err := m.texts(ctx, wanted)
	if err != nil {
		return nil, err
	}
	out := make([]Pickup, len(claims))
	for i, claim := range claims {
		if out[i], err = m.claimAgain(&claim, texts[claim.Task.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claimAgain renders a recorded claim again.
func (m *Market) claimAgain(r *recordedClaim, text store.TaskText) (Pickup, error) {
	if text.Need == "" {
		return Pickup{}, textsGone()
	}
	return m.pickupView(r, text), nil
}

// textsGone is the answer to a repeat when the texts of the first outcome have
// been deleted. A refusal is better than an outcome without its texts.
func textsGone() *Error {
	return rules.Refuse(CodeNotFound, "The task was deleted after the first request under this Idempotency-Key")
}

// texts reads need and context of tasks.
func (m *Market) texts(ctx context.Context, ids []TaskID) (map[TaskID]store.TaskText, error) {
	stored, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	texts := make(map[TaskID]store.TaskText, len(stored))
	for _, st := range stored {
		if st.Text.Need != "" {
			texts[st.Task.ID] = st.Text
		}
	}
	return texts, nil
}
