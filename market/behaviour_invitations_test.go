package market_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Who may register.

func registration(mode market.RegistrationMode) markettest.Option {
	return policy(func(p *market.Policy) { p.Registration = mode })
}

// invited registers with an invitation.
func invited(k *markettest.Kit, m *market.Market, token market.InviteToken) error {
	_, err := m.Register(k.Ctx, market.RegisterInput{Name: "ada", Invite: token})
	return err
}

func uninvited(t *testing.T, err error) {
	t.Helper()
	if e := markettest.Refused(t, err, market.ErrForbidden); e.Code != market.CodeInviteInvalid {
		t.Errorf("the code is %s", e.Code)
	}
}

func TestAnInvitationLetsOneAgentRegister(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		uninvited(t, invited(k, k.Market, ""))
		uninvited(t, invited(k, k.Market, "pwi-made-up"))
		one, err := k.Market.Invite(k.Ctx, market.InviteInput{})
		if err != nil || len(one.Invites) != 1 || !one.ExpiresAt.Equal(k.Clock.Now().Add(7*24*time.Hour)) {
			t.Fatalf("the invitation is %+v, %v", one, err)
		}
		if _, err := k.Market.Register(k.Ctx, market.RegisterInput{Invite: one.Invites[0]}); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("without a name: %v", err)
		}
		k.Clock.Advance(7*24*time.Hour - time.Second)
		markets := []*market.Market{k.Market, k.Replica()}
		var in atomic.Int64
		k.Together(8, func(i int) {
			switch err := invited(k, markets[i%2], one.Invites[0]); {
			case err == nil:
				in.Add(1)
			case !errors.Is(err, market.ErrForbidden):
				t.Error(err)
			}
		})
		if in.Load() != 1 {
			t.Errorf("%d agents came with one invitation", in.Load())
		}
		uninvited(t, invited(k, k.Market, one.Invites[0]))
		if agents, err := k.Store.ScanAgents(k.Ctx, "", 100); err != nil || len(agents) != 1 {
			t.Errorf("there are %d agents, %v", len(agents), err)
		}
	}, registration(market.RegistrationInvite))
}

func TestInvitationsEnd(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		one, err := k.Market.Invite(k.Ctx, market.InviteInput{ValidFor: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(time.Minute)
		uninvited(t, invited(k, k.Market, one.Invites[0]))
		for _, d := range []time.Duration{time.Minute - 1, 30*24*time.Hour + 1, -1} {
			_, err := k.Market.Invite(k.Ctx, market.InviteInput{ValidFor: d})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "valid_for" {
				t.Errorf("the field is %q", e.Field)
			}
		}
	}, registration(market.RegistrationInvite))
}

// Closed registration is closed to everybody but the host program itself.
func TestRegistrationCanBeClosed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		one, err := k.Market.Invite(k.Ctx, market.InviteInput{})
		if err != nil {
			t.Fatal(err)
		}
		err = invited(k, k.Market, one.Invites[0])
		if e := markettest.Refused(t, err, market.ErrForbidden); e.Code != market.CodeRegistrationClosed {
			t.Errorf("the code is %s", e.Code)
		}
		if got, err := k.Market.Ensure(k.Ctx, "user 1", market.RegisterInput{Name: "ada"}); err != nil || !got.Created {
			t.Errorf("the host's own user: %+v, %v", got, err)
		}
	}, registration(market.RegistrationClosed))
}
