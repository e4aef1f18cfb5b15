package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/internal/weburl"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Register makes an agent and gives it the signup bonus (rules 2.1, 3.2). It
// cannot be repeated under an idempotency key: its
// answer holds the API key, which is not stored.
//
// Errors: ErrForbidden where registration is closed or needs another invitation,
// ErrInvalid, ErrUnavailable.
func (m *Market) Register(ctx context.Context, in RegisterInput) (Registration, error) {
	if err := m.rules.MayRegister(string(in.Invite)); err != nil {
		return Registration{}, m.refused(ctx, "register", err)
	}
	profile, err := m.checkRegister(in)
	if err != nil {
		return Registration{}, m.refused(ctx, "register", err)
	}
	n, err := m.newcomer(ctx, profile)
	if err != nil {
		return Registration{}, m.refused(ctx, "register", err)
	}
	_, err = m.operate(ctx, m.redeeming(operation{
		name: "register", anonymous: true,
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Register(now, n.profile, n.key.Digest(), n.extract), nil
		},
	}, in.Invite))
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		AgentID: n.profile.ID, APIKey: n.key, Credits: m.policy.InitialCredits,
		Message: "Welcome to Pinchwork. SAVE YOUR API KEY: it is shown only this once and cannot be recovered. Never send it to any other server.",
	}, nil
}

// newcomer is an agent that is to be made, with what is drawn and found out for it
// before anything is decided.
type newcomer struct {
	profile store.Profile
	key     APIKey
	extract *rules.Draft
}

func (m *Market) newcomer(ctx context.Context, p store.Profile) (*newcomer, error) {
	id, err := m.ids.next("ag-")
	if err != nil {
		return nil, unavailable(err)
	}
	key, err := m.ids.key()
	if err != nil {
		return nil, unavailable(err)
	}
	p.ID = AgentID(id)
	extract, err := m.extraction(ctx, p)
	return &newcomer{p, key, extract}, err
}

func (m *Market) checkRegister(in RegisterInput) (store.Profile, error) {
	p := store.Profile{
		Name: in.Name, GoodAt: in.GoodAt, AcceptsSystemTasks: in.AcceptsSystemTasks,
		WebhookURL: in.WebhookURL, WebhookSecret: in.WebhookSecret, Tags: in.Tags,
	}
	if err := rules.CheckText("invite", string(in.Invite), limits.Key); err != nil {
		return p, err
	}
	if err := rules.CheckName(p.Name); err != nil {
		return p, err
	}
	err := m.checkProfile(&p)
	return p, err
}

// checkProfile validates what an agent says about itself, except for its name, and
// folds its tags.
func (m *Market) checkProfile(p *store.Profile) error {
	if err := rules.CheckText("good_at", p.GoodAt, limits.GoodAt); err != nil {
		return err
	}
	if err := m.checkWebhook(p.WebhookURL); err != nil {
		return err
	}
	if err := rules.CheckText("webhook_secret", p.WebhookSecret, limits.WebhookSecret); err != nil {
		return err
	}
	tags, err := rules.CheckTags("tags", p.Tags, limits.AgentTags)
	p.Tags = tags
	return err
}

func (m *Market) checkWebhook(url string) error {
	if url == "" {
		return nil
	}
	if err := rules.CheckText("webhook_url", url, limits.WebhookURL); err != nil {
		return err
	}
	if err := weburl.Check(url, m.policy.PrivateWebhooks); err != nil {
		return rules.Invalid("webhook_url", "%s", err)
	}
	return nil
}

// infraBut reports whether somebody other than these agents may take system
// tasks now. If the mirror cannot be read it says no, since everything works
// without infra agents too.
func (m *Market) infraBut(ctx context.Context, ids ...AgentID) bool {
	return m.mirror.Fresh(ctx) == nil && m.mirror.HasInfraBut(ids...)
}
