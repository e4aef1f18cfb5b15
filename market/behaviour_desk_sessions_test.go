package market_test

import (
	"fmt"
	"slices"
	"strings"
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
		if len(log) != 7 || log[2].Action != market.ActionLogOut || log[5].Action != market.ActionLogIn {
			t.Errorf("the log says of ada: %+v", log)
		}
		for _, life := range []time.Duration{0, time.Minute - 1, 30*24*time.Hour + 1} {
			_, err := k.Market.LogIn(look, key, life)
			markettest.Refused(t, err, market.ErrInvalid)
		}
	})
}

// Whoever guesses keys does not flood the log, which says how many guesses there were and
// from where.
func TestRefusedLogInsAreCountedInFewEntries(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		refuse := func(times int, m *market.Market, from string) {
			for range times {
				if err := m.LogInRefused(k.Ctx, from); err != nil {
					t.Fatal(err)
				}
			}
		}
		refuse(3, k.Market, "192.0.2.1")
		refuse(37, k.Market, "2001:db8::7")
		replica := k.Replica()
		refuse(1, replica, "192.0.2.9") // which has been noted
		log := actions(t, k, market.ActionQuery{Action: market.ActionLogInRefused})
		if len(log) != 6 || log[0].Amount != 32 || log[0].Operator != "" || log[5].Amount != 1 {
			t.Fatalf("40 in an hour are %+v", log)
		}
		if got := log[0].Clients; got != "2001:db8::7 (29), 192.0.2.1 (3)" {
			t.Errorf("they came from %q", got)
		}
		k.Clock.Advance(time.Hour)
		for n := range 2_000 {
			refuse(1, k.Market, fmt.Sprintf("10.0.%d.%d", n/256, n%256))
		}
		log = actions(t, k, market.ActionQuery{Action: market.ActionLogInRefused})
		if len(log) != 6+11 || log[0].Amount != 1_024 || strings.Count(log[0].Clients, ",") != 4 {
			t.Errorf("after another hour the log is %+v", log)
		}
		refuse(1, k.Market, "")
	})
}

// The log is found by kind, and by the operator to whom something was done.
func TestTheLogIsFoundByKindAndByWhomItIsAbout(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		look, _ := operator(t, k, "ada", market.OperatorLook)
		k.Clock.Advance(time.Minute)
		if _, err := k.Market.LogIn(look, []byte("key"), time.Hour); err != nil {
			t.Fatal(err)
		}
		at := k.Market.Now()
		if _, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: k.Agent("bob").ID, Amount: 5, Reason: "why not"}); err != nil {
			t.Fatal(err)
		}
		all, err := k.Replica().Operators(k.Ctx)
		if err != nil || len(all.Operators) != 1 || !all.Operators[0].LastLogIn.Equal(at) || !all.RootLastLogIn.IsZero() {
			t.Errorf("the operators are %+v, %v", all, err)
		}
		k.Clock.Advance(time.Minute)
		if _, err := k.Market.LogIn(k.Ctx, []byte("key"), time.Hour); err != nil {
			t.Fatal(err)
		}
		if all, err = k.Replica().Operators(k.Ctx); err != nil || !all.RootLastLogIn.Equal(k.Market.Now()) {
			t.Errorf("root was last there at %v, %v, want %v", all.RootLastLogIn, err, k.Market.Now())
		}
		if _, err := k.Market.RevokeOperator(k.Ctx, "ada", market.RevokeInput{Reason: "left"}); err != nil {
			t.Fatal(err)
		}
		kinds := func(q market.ActionQuery) (kinds []string) {
			for _, a := range actions(t, k, q) {
				kinds = append(kinds, a.Operator+" "+a.Action)
			}
			return kinds
		}
		if got := kinds(market.ActionQuery{Operator: "ada"}); !slices.Equal(got, []string{"root revoke_operator", "ada log_in", "root add_operator"}) {
			t.Errorf("about ada there is %q", got)
		}
		if got := kinds(market.ActionQuery{Action: market.ActionGrant}); !slices.Equal(got, []string{"root grant"}) {
			t.Errorf("grants are %q", got)
		}
		_, err = k.Market.Actions(k.Ctx, market.ActionQuery{Action: "nonsense"})
		markettest.Refused(t, err, market.ErrInvalid)
		k.Clock.Advance(time.Minute)
		operator(t, k, "ada", market.OperatorAct)
		if all, err := k.Market.Operators(k.Ctx); err != nil || !all.Operators[0].LastLogIn.IsZero() {
			t.Errorf("another ada has logged in: %+v, %v", all, err)
		}
	})
}
