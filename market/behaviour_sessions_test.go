package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Sessions of agents' owners.

func signIn(t *testing.T, k *markettest.Kit, key market.APIKey, life time.Duration) market.SessionToken {
	t.Helper()
	token, _, err := k.Market.SignIn(k.Ctx, key, life)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// admitted is the agent of a session, on either replica.
func admitted(t *testing.T, k *markettest.Kit, token market.SessionToken) market.AgentID {
	t.Helper()
	here, _, err := k.Market.AdmitSession(k.Ctx, token, nil)
	there, _, err2 := k.Replica().AdmitSession(k.Ctx, token, nil)
	if here != there || (err == nil) != (err2 == nil) || (err == nil) != (here != "") {
		t.Errorf("the replicas admit %q, %v and %q, %v", here, err, there, err2)
	}
	if err != nil {
		markettest.Refused(t, err, market.ErrUnauthorized)
	}
	return here
}

func TestASessionEndsWithItsTimeItsKeyOrBySigningOut(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		short, long, left := signIn(t, k, ada.Key, time.Hour), signIn(t, k, ada.Key, 24*time.Hour), signIn(t, k, ada.Key, 24*time.Hour)
		if short == long || admitted(t, k, short) != ada.ID || admitted(t, k, long) != ada.ID {
			t.Fatal("the sessions are not ada's")
		}
		for range 2 {
			if err := k.Market.SignOut(k.Ctx, left); err != nil {
				t.Fatal(err)
			}
		}
		k.Clock.Advance(time.Hour)
		if got := admitted(t, k, left); got != "" {
			t.Errorf("who signed out is still %s", got)
		}
		if got := admitted(t, k, short); got != "" {
			t.Errorf("after its time a session is %s's", got)
		}
		second := rotate(t, ada, time.Hour)
		if admitted(t, k, long) != ada.ID {
			t.Error("a session ended although its key still works")
		}
		newer := signIn(t, k, second.APIKey, time.Hour)
		k.Clock.Advance(time.Hour - time.Second)
		rotate(t, ada, 0)
		for _, token := range []market.SessionToken{long, newer, "", "pws-made-up", market.SessionToken(second.APIKey)} {
			if got := admitted(t, k, token); got != "" {
				t.Errorf("without a key a session is %s's", got)
			}
		}
	})
}

func TestWhoMaySignIn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		for _, key := range []market.APIKey{"", "pwk-made-up", ada.Key + "x"} {
			_, _, err := k.Market.SignIn(k.Ctx, key, time.Hour)
			markettest.Refused(t, err, market.ErrUnauthorized)
		}
		for _, life := range []time.Duration{0, time.Minute - 1, 30*24*time.Hour + 1} {
			_, _, err := k.Market.SignIn(k.Ctx, ada.Key, life)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "life" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		token := signIn(t, k, ada.Key, time.Hour)
		k.Suspend(ada, true)
		_, _, err := k.Market.AdmitSession(k.Ctx, token, nil)
		markettest.Refused(t, err, market.ErrSuspended)
		_, _, err = k.Market.SignIn(k.Ctx, ada.Key, time.Hour)
		markettest.Refused(t, err, market.ErrSuspended)
		k.Suspend(ada, false)
		charge := &market.Charge{Bucket: "read", Every: time.Hour, Burst: 1}
		if _, _, err = k.Market.AdmitSession(k.Ctx, token, charge); err != nil {
			t.Error(err)
		}
		_, _, err = k.Market.AdmitSession(k.Ctx, token, charge)
		markettest.Refused(t, err, market.ErrRateLimited)
	})
}
