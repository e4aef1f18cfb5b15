package market_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Sessions of operators.

func TestAnOperatorsSessionEnds(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		key := []byte("what servers with one admin key share")
		look, made := operator(t, k, "ada", market.OperatorLook)
		logIn := func(life time.Duration) market.SessionToken {
			token, err := k.Market.LogIn(look, key, life)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		admitted := func(token market.SessionToken, binding []byte) string {
			here, err := k.Market.AdmitLogIn(k.Ctx, token, binding)
			there, err2 := k.Replica().AdmitLogIn(k.Ctx, token, binding)
			if here != there || (err == nil) != (err2 == nil) {
				t.Errorf("the replicas admit %+v, %v and %+v, %v", here, err, there, err2)
			}
			if err != nil {
				markettest.Refused(t, err, market.ErrUnauthorized)
			}
			return here.Name
		}
		short, long, left := logIn(time.Hour), logIn(8*time.Hour), logIn(8*time.Hour)
		root, err := k.Market.LogIn(k.Ctx, key, 8*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if admitted(long, key) != "ada" || admitted(left, key) != "ada" || admitted(root, key) != "root" {
			t.Fatal("the sessions are not theirs")
		}
		for _, token := range []market.SessionToken{long, root} {
			if got := admitted(token, []byte("another key")); got != "" {
				t.Errorf("with another admin key a session is %s's", got)
			}
		}
		for range 2 {
			if err := k.Replica().LogOut(look, left, key); err != nil {
				t.Fatal(err)
			}
		}
		k.Clock.Advance(time.Hour)
		for what, token := range map[string]market.SessionToken{"after its time": short, "after logging out": left, "made up": "pws-made-up", "nothing": "", "a key": market.SessionToken(made.APIKey)} {
			if got := admitted(token, key); got != "" {
				t.Errorf("%s: a session is %s's", what, got)
			}
		}
		if _, err := k.Market.RevokeOperator(k.Ctx, "ada", market.RevokeInput{}); err != nil {
			t.Fatal(err)
		}
		if got := admitted(long, key); got != "" {
			t.Errorf("after the end of the key a session is %s's", got)
		}
		operator(t, k, "ada", market.OperatorAct)
		if got := admitted(long, key); got != "" {
			t.Errorf("another of the name has the session: %s", got)
		}
		log := actions(t, k, market.ActionQuery{Operator: "ada"})
		if len(log) != 4 || log[0].Action != market.ActionLogOut || log[3].Action != market.ActionLogIn {
			t.Errorf("the log says of ada: %+v", log)
		}
		for _, life := range []time.Duration{0, time.Minute - 1, 30*24*time.Hour + 1} {
			_, err := k.Market.LogIn(look, key, life)
			markettest.Refused(t, err, market.ErrInvalid)
		}
	})
}

// Whoever guesses keys does not flood the log.
func TestARefusedLogInIsNotedOnceAnHour(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		for range 3 {
			for _, m := range []*market.Market{k.Market, k.Replica()} {
				if err := m.LogInRefused(k.Ctx); err != nil {
					t.Fatal(err)
				}
			}
			k.Clock.Advance(20 * time.Minute)
		}
		if err := k.Market.LogInRefused(k.Ctx); err != nil {
			t.Fatal(err)
		}
		log := actions(t, k, market.ActionQuery{})
		if len(log) != 2 || log[0].Action != market.ActionLogInRefused || log[0].Operator != "" {
			t.Errorf("the log is %+v", log)
		}
	})
}
