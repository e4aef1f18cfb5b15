package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Keys that are replaced.

// opens tells which of the keys admit the agent.
func opens(k *markettest.Kit, id market.AgentID, keys ...market.APIKey) (which string) {
	for i, key := range keys {
		got, _, err := k.Market.Admit(k.Ctx, key, nil)
		if err == nil && got == id {
			which += string(rune('1' + i))
		}
	}
	return which
}

// rotate rotates with a key, if one is given.
func rotate(t *testing.T, a *markettest.Agent, overlap time.Duration, with ...market.APIKey) market.KeyRotation {
	t.Helper()
	in := market.RotateInput{Overlap: overlap}
	if len(with) > 0 {
		in.Key = with[0]
	}
	got, err := a.API.RotateKey(t.Context(), in)
	if err != nil || got.OldKeyUntil.IsZero() != (overlap == 0) {
		t.Fatalf("rotated: %+v, %v", got, err)
	}
	return got
}

func TestANewKeyWorksAndTheOldOneForTheOverlap(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		second := rotate(t, ada, time.Hour)
		if want := k.Clock.Now().Add(time.Hour); !second.OldKeyUntil.Equal(want) {
			t.Errorf("the old key works until %s, want %s", second.OldKeyUntil, want)
		}
		if got := opens(k, ada.ID, ada.Key, second.APIKey); got != "12" {
			t.Errorf("at first keys %s work", got)
		}
		k.Clock.Advance(time.Hour)
		if got := opens(k, ada.ID, ada.Key, second.APIKey); got != "2" {
			t.Errorf("after the overlap keys %s work", got)
		}
		third := rotate(t, ada, 0)
		if got := opens(k, ada.ID, ada.Key, second.APIKey, third.APIKey); got != "3" {
			t.Errorf("without an overlap keys %s work", got)
		}
		if me, err := ada.API.Me(k.Ctx); err != nil || me.Name != "ada" {
			t.Errorf("the agent is %+v, %v", me, err)
		}
	})
}

// Whoever never heard of its new key asks again with the one that it has, as often as
// it takes.
func TestALostAnswerLocksNobodyOut(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		lost := rotate(t, ada, time.Hour, ada.Key)
		k.Clock.Advance(time.Minute)
		lostToo := rotate(t, ada, time.Hour, ada.Key)
		k.Clock.Advance(59 * time.Minute)
		heard := rotate(t, ada, time.Hour, ada.Key)
		if got := opens(k, ada.ID, ada.Key, lost.APIKey, lostToo.APIKey, heard.APIKey); got != "14" {
			t.Errorf("keys %s work", got)
		}
		k.Clock.Advance(time.Hour)
		if got := opens(k, ada.ID, ada.Key, lost.APIKey, lostToo.APIKey, heard.APIKey); got != "4" {
			t.Errorf("after the overlap keys %s work", got)
		}
	})
}

// Whoever has its newest key, or comes without one, has lost no answer: it works on, and
// the one before it ends.
func TestTheKeyInUseWorksOn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		second := rotate(t, ada, 2*time.Hour, ada.Key)
		third := rotate(t, ada, time.Hour, second.APIKey)
		if got := opens(k, ada.ID, ada.Key, second.APIKey, third.APIKey); got != "23" {
			t.Errorf("keys %s work", got)
		}
		fourth := rotate(t, ada, time.Hour)
		if got := opens(k, ada.ID, ada.Key, second.APIKey, third.APIKey, fourth.APIKey); got != "34" {
			t.Errorf("without a key given, keys %s work", got)
		}
		k.Clock.Advance(time.Hour)
		if got := opens(k, ada.ID, ada.Key, second.APIKey, third.APIKey, fourth.APIKey); got != "4" {
			t.Errorf("after the overlap keys %s work", got)
		}
	})
}

func TestRotationsHaveBoundsAndConditions(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		rotate(t, ada, 24*time.Hour)
		for _, overlap := range []time.Duration{-1, 24*time.Hour + 1} {
			_, err := ada.API.RotateKey(k.Ctx, market.RotateInput{Overlap: overlap})
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "overlap_minutes" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		_, err := k.Market.As("ag-0000000000000000").RotateKey(k.Ctx, market.RotateInput{})
		markettest.Refused(t, err, market.ErrUnauthorized)
		made, err := k.Market.Ensure(k.Ctx, "user 1", market.RegisterInput{Name: "bob"})
		if err != nil {
			t.Fatal(err)
		}
		given, err := k.Market.As(made.AgentID).RotateKey(k.Ctx, market.RotateInput{})
		if err != nil || opens(k, made.AgentID, made.APIKey, given.APIKey) != "2" {
			t.Errorf("keys %s of a host's user work, %v", opens(k, made.AgentID, made.APIKey, given.APIKey), err)
		}
		if _, err = k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: ada.ID, Suspended: true}); err != nil {
			t.Fatal(err)
		}
		_, err = ada.API.RotateKey(k.Ctx, market.RotateInput{})
		markettest.Refused(t, err, market.ErrSuspended)
	})
}

// What a store is given of a key is its digest, in a rotation too.
func TestARotationStoresNoKey(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	got := rotate(t, ada, time.Hour)
	digest := got.APIKey.Digest()
	admitted, err := k.Store.Admit(k.Ctx, store.Admission{Now: k.Clock.Now(), Key: &digest})
	if err != nil || admitted.Agent == nil || admitted.Agent.ID != ada.ID {
		t.Errorf("the digest finds %+v, %v", admitted.Agent, err)
	}
}
