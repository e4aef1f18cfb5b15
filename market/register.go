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
// is the one operation that cannot be repeated under an idempotency key: its
// answer holds the API key, which is not stored.
//
// Errors: ErrInvalid, ErrUnavailable.
func (m *Market) Register(ctx context.Context, in RegisterInput) (Registration, error) {
	profile, err := m.checkRegister(in)
	if err != nil {
		return Registration{}, err
	}
	id, err := m.ids.next("ag-")
	if err != nil {
		return Registration{}, unavailable(err)
	}
	key, err := m.ids.key()
	if err != nil {
		return Registration{}, unavailable(err)
	}
	profile.ID = AgentID(id)
	extract, err := m.extraction(ctx, profile)
	if err != nil {
		return Registration{}, err
	}
	_, err = m.operate(ctx, operation{
		name: "register", anonymous: true,
		decide: func(now time.Time, _ *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Register(now, profile, key.Digest(), extract), nil
		},
	})
	if err != nil {
		return Registration{}, err
	}
	return Registration{
		AgentID: profile.ID, APIKey: string(key), Credits: m.policy.InitialCredits,
		Message: "Welcome to Pinchwork. SAVE YOUR API KEY: it is shown only this once and cannot be recovered. Never send it to any other server.",
	}, nil
}

func (m *Market) checkRegister(in RegisterInput) (store.Profile, error) {
	p := store.Profile{
		Name: in.Name, GoodAt: in.GoodAt, AcceptsSystemTasks: in.AcceptsSystemTasks,
		WebhookURL: in.WebhookURL, WebhookSecret: in.WebhookSecret, Tags: in.Tags,
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
