package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Me returns the agent's own profile and credits. What was due is settled.
func (h *Handle) Me(ctx context.Context) (Me, error) {
	d, err := h.m.operate(ctx, operation{
		name: "me", load: store.LoadQuery{Caller: h.id},
		decide: func(time.Time, *store.Loaded) (*rules.Outcome, error) { return nil, nil },
	})
	if err != nil {
		return Me{}, err
	}
	return meView(d.loaded.Caller, d.now), nil
}

// UpdateMe changes the fields that are set; null clears good_at, webhook_url,
// webhook_secret and tags (rule 2.4). A changed good_at starts an extraction of
// capability tags when an infra agent can do it: at once, or an hour after the last
// extraction if that is later. An extraction that nobody has claimed yet is
// replaced.
func (h *Handle) UpdateMe(ctx context.Context, in UpdateInput) (Me, error) {
	var draft *rules.Draft
	var last *store.Task
	if goodAt, set := in.GoodAt.Get(); set {
		var err error
		if draft, err = h.m.extraction(ctx, store.Profile{ID: h.id, GoodAt: goodAt}); err != nil {
			return Me{}, err
		}
	}
	d, err := h.m.operate(ctx, operation{
		name: "update me", load: store.LoadQuery{Caller: h.id},
		learn: func(ctx context.Context, l *store.Loaded) (err error) {
			if !in.GoodAt.IsZero() {
				last, err = h.m.lastExtraction(ctx, &l.Caller.Profile)
			}
			return err
		},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			next, err := h.m.updated(l.Caller.Profile, in, now)
			if err != nil {
				return nil, err
			}
			return h.m.rules.Update(now, l, next, last, draft), nil
		},
	})
	if err != nil {
		return Me{}, err
	}
	after := *d.loaded.Caller
	if d.outcome != nil {
		after.Profile = *d.outcome.Agents[0].New
	}
	return meView(&after, d.now), nil
}

// updated is the profile changed by the fields that are present in the input.
func (m *Market) updated(old store.Profile, in UpdateInput, now time.Time) (store.Profile, error) {
	next := old
	if err := update(&next, in); err != nil {
		return next, err
	}
	if secret, present := in.WebhookSecret.Get(); present {
		rules.ChangeSecret(&next, secret, now)
	}
	return next, m.checkProfile(&next)
}

// update applies the fields that are present.
func update(p *store.Profile, in UpdateInput) error {
	if in.Name.IsNull() {
		return rules.Invalid("name", "must not be null")
	}
	if in.AcceptsSystemTasks.IsNull() {
		return rules.Invalid("accepts_system_tasks", "must not be null")
	}
	if name, present := in.Name.Get(); present {
		if err := rules.CheckName(name); err != nil {
			return err
		}
		p.Name = name
	}
	set(&p.GoodAt, in.GoodAt)
	set(&p.AcceptsSystemTasks, in.AcceptsSystemTasks)
	set(&p.WebhookURL, in.WebhookURL)
	set(&p.Tags, in.Tags)
	return nil
}

func set[T any](field *T, o Optional[T]) {
	if v, present := o.Get(); present {
		*field = v
	}
}
