package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Me returns the agent's own profile and credits. What was due is settled.
func (h *Handle) Me(ctx context.Context) (Me, error) {
	d, err := h.m.operate(ctx, operation{
		name: "me", load: store.LoadQuery{Caller: h.id},
		decide: func(time.Time, *store.Loaded) (*outcome, error) { return nil, nil },
	})
	if err != nil {
		return Me{}, err
	}
	return meView(d.loaded.Caller, d.now), nil
}

// UpdateMe changes the fields that are set; null clears good_at, webhook_url,
// webhook_secret and tags (contract §3). A changed good_at starts an extraction
// of capability tags when an infra agent can do it, at the latest an hour after the
// last one; one that is not claimed yet is replaced.
func (h *Handle) UpdateMe(ctx context.Context, in UpdateInput) (Me, error) {
	var draft *systemDraft
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
		decide: func(now time.Time, l *store.Loaded) (*outcome, error) {
			return h.m.decideUpdate(now, l, in, last, draft)
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

func (m *Market) decideUpdate(now time.Time, l *store.Loaded, in UpdateInput, last *store.Task, draft *systemDraft) (*outcome, error) {
	old := &l.Caller.Profile
	next := *old
	if err := update(&next, in); err != nil {
		return nil, err
	}
	changeSecret(&next, in.WebhookSecret, now)
	if err := m.checkProfile(&next); err != nil {
		return nil, err
	}
	o := m.policy.outcome(now)
	if next.GoodAt != old.GoodAt {
		o.reread(l.Caller, &next, last, draft)
	}
	o.profile(old, &next)
	return o, nil
}

// update applies the fields that are present.
func update(p *store.Profile, in UpdateInput) error {
	if in.Name.IsNull() {
		return invalid("name", "must not be null")
	}
	if in.AcceptsSystemTasks.IsNull() {
		return invalid("accepts_system_tasks", "must not be null")
	}
	if name, present := in.Name.Get(); present {
		if err := checkName(name); err != nil {
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

// oldSecretFor is how long webhooks are signed with the secret before a change
// as well, so that no receiver has to change at the same moment.
const oldSecretFor = day

// changeSecret keeps the secret before beside a new one for a day: of several
// changes the last two hold. Without a secret there is no old one either.
func changeSecret(p *store.Profile, to Optional[string], now time.Time) {
	secret, present := to.Get()
	switch {
	case !present || secret == p.WebhookSecret:
	case secret == "" || p.WebhookSecret == "":
		p.OldWebhookSecret, p.OldSecretUntil = "", time.Time{}
	default:
		p.OldWebhookSecret, p.OldSecretUntil = p.WebhookSecret, now.Add(oldSecretFor)
	}
	if present {
		p.WebhookSecret = secret
	}
}

func set[T any](field *T, o Optional[T]) {
	if v, present := o.Get(); present {
		*field = v
	}
}
