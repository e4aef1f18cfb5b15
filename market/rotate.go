package market

import (
	"context"
	"log/slog"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// RotateInput asks for another key.
type RotateInput struct {
	// Overlap is how long the key before works too, 0–24 h; 0 ends it at once, as
	// befits a key that others may know, who could rotate it as well. Over HTTP it is
	// rounded up to whole minutes.
	Overlap time.Duration
	// Key is the key with which the agent called, if it did. Over HTTP it is that of the
	// request.
	Key APIKey `json:"-"`
}

// KeyRotation is the answer to RotateKey. APIKey is shown this once, and in JSON
// alone.
type KeyRotation struct {
	APIKey APIKey `json:"api_key"`
	// OldKeyUntil is when the key before stops to work, zero when it has stopped.
	OldKeyUntil Time   `json:"old_key_valid_until,omitzero"`
	Message     string `json:"message"`
}

// LogValue leaves out the key, which a handler that logs JSON would show.
func (r KeyRotation) LogValue() slog.Value {
	if r.OldKeyUntil.IsZero() {
		return slog.GroupValue()
	}
	return slog.GroupValue(slog.Any("old_key_valid_until", r.OldKeyUntil))
}

// RotateKey gives the agent another key and returns it; the one before works for the
// overlap too, and no other (rule 2.13). Called with an older key that works still, it
// replaces the newest key at once and that older one works on: so whoever never got
// the answer asks again with the key that it has. Like Register it takes no
// idempotency key, since what it returns is not kept.
//
// Errors: ErrInvalid, ErrUnauthorized, ErrSuspended, ErrUnavailable.
func (h *Handle) RotateKey(ctx context.Context, in RotateInput) (KeyRotation, error) {
	if in.Overlap < 0 || in.Overlap > limits.KeyOverlap {
		return KeyRotation{}, h.m.refused(ctx, "rotate", rules.Invalid("overlap_minutes", "must be 0 to %d minutes", int64(limits.KeyOverlap/time.Minute)))
	}
	key, err := h.m.ids.key()
	if err != nil {
		return KeyRotation{}, h.m.refused(ctx, "rotate", unavailable(err))
	}
	older, err := h.holdsOlder(ctx, in.Key)
	if err != nil {
		return KeyRotation{}, h.m.refused(ctx, "rotate", err)
	}
	d, err := h.m.operate(ctx, operation{
		name: "rotate key", load: store.LoadQuery{Caller: h.id},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return h.m.rules.RotateKey(now, l, key.Digest(), in.Overlap, older), nil
		},
	})
	if err != nil {
		return KeyRotation{}, err
	}
	return KeyRotation{
		APIKey: key, OldKeyUntil: NewTime(d.outcome.Agents[0].New.OldKeyUntil),
		Message: "SAVE YOUR NEW API KEY: it is shown only this once and cannot be recovered.",
	}, nil
}

// holdsOlder reports whether a key is not the agent's newest: only that one works after
// every overlap. Without a key nobody can be locked out.
func (h *Handle) holdsOlder(ctx context.Context, key APIKey) (bool, error) {
	if key == "" {
		return false, nil
	}
	digest := key.Digest()
	got, err := h.m.store.Admit(ctx, store.Admission{Now: h.m.now().Add(limits.KeyOverlap + time.Hour), Key: &digest})
	if err != nil {
		return false, known(ctx, err)
	}
	return got.Agent == nil, nil
}
