package market_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Of two operators who do the same, the second is told of the first, and what its own act
// has changed.
func TestTheSecondOperatorIsToldOfTheFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		bob := k.Agent("bob")
		eve, _ := operator(t, k, "eve", market.OperatorAct)
		suspend := func(reason string, suspended bool) market.Suspension {
			t.Helper()
			s, err := k.Market.Suspend(eve, market.SuspendInput{AgentID: bob.ID, Suspended: suspended, Reason: reason})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		if s := suspend("", false); s.Before != nil || !s.Was || !s.Unchanged || s.Message != "Agent was not suspended; nothing has changed" {
			t.Errorf("the end of no suspension: %+v", s)
		}
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "spam"}); err != nil {
			t.Fatal(err)
		}
		k.Clock.Advance(time.Minute)
		for _, reason := range []string{"", "spam"} {
			s := suspend(reason, true)
			if s.Before == nil || s.Before.Operator != "root" || s.Before.Reason != "spam" || !s.Before.At.Equal(k.Clock.Now().Add(-time.Minute)) {
				t.Errorf("suspended before: %+v", s.Before)
			}
			if !s.Was || !s.Unchanged || !s.Suspended || s.Message != "Agent was suspended already; nothing has changed" {
				t.Errorf("for %q: %+v", reason, s)
			}
		}
		s, err := k.Market.Suspend(market.WithIdempotencyKey(eve, "k"), market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "fraud"})
		if err != nil || !s.Was || s.Unchanged || s.Before == nil || s.Before.Reason != "spam" || s.Message != "Agent was suspended already; your reason is now the reason" {
			t.Errorf("for another reason: %+v, %v", s, err)
		}
		again, err := k.Market.Suspend(market.WithIdempotencyKey(eve, "k"), market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "fraud"})
		if err != nil || again.Before == nil || *again.Before != *s.Before || again.Message != s.Message {
			t.Errorf("its repeat: %+v, %v", again, err)
		}
		f, err := k.Market.AgentFile(k.Ctx, bob.ID)
		if err != nil || f.Agent.SuspendReason != "fraud" || f.Suspended == nil || f.Suspended.Operator != "eve" || len(f.SuspendedBefore) != 1 || f.SuspendedBefore[0].Reason != "spam" {
			t.Errorf("the file: %+v, %+v, %v", f.Suspended, f.SuspendedBefore, err)
		}
		if s := suspend("", false); s.Was || s.Before != nil || s.Suspended || s.Message != "Agent unsuspended" {
			t.Errorf("its end: %+v", s)
		}
		if s := suspend("", false); s.Before == nil || s.Before.Operator != "eve" || !s.Unchanged {
			t.Errorf("its end again: %+v", s)
		}
		if log := actions(t, k, market.ActionQuery{AgentID: bob.ID}); len(log) != 3 {
			t.Errorf("what changed nothing is in the log: %+v", log)
		}
	})
}

func TestWhatIsSoAlreadyIsToldOfAppointmentsAndReports(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		reported, err := bob.API.ReportTask(k.Ctx, ada.Post("Review"), "spam")
		if err != nil {
			t.Fatal(err)
		}
		eve, _ := operator(t, k, "eve", market.OperatorAct)
		for _, infra := range []bool{true, false} {
			if a, err := k.Market.AppointInfra(k.Ctx, market.InfraInput{AgentID: bob.ID, Infra: infra, Reason: "first"}); err != nil || a.Was {
				t.Errorf("first: %+v, %v", a, err)
			}
			a, err := k.Market.AppointInfra(eve, market.InfraInput{AgentID: bob.ID, Infra: infra, Reason: "second"})
			if err != nil || !a.Was || !a.Unchanged || a.Infra != infra || a.Before == nil || a.Before.Operator != "root" || a.Before.Reason != "first" {
				t.Errorf("second: %+v, %v", a, err)
			}
		}
		if log := actions(t, k, market.ActionQuery{AgentID: bob.ID}); len(log) != 2 {
			t.Errorf("what changed nothing is in the log: %+v", log)
		}
		if _, err := k.Market.ResolveReport(eve, reported.ReportID, market.ResolveInput{Status: market.ReportDismissed, Note: "a joke"}); err != nil {
			t.Fatal(err)
		}
		_, err = k.Market.ResolveReport(k.Ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed})
		if e := markettest.Refused(t, err, market.ErrConflict); !strings.HasPrefix(e.Message, "Report is already dismissed: by eve at 20") || !strings.HasSuffix(e.Message, ", “a joke”") {
			t.Errorf("closed twice: %s", e.Message)
		}
	})
}

// Of those who suspend an agent at once one is the first, and every other is told of
// somebody.
func TestOneOfManyWhoSuspendIsTheFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		bob, markets := k.Agent("bob"), []*market.Market{k.Market, k.Replica()}
		var answers [6]market.Suspension
		var errs [6]error
		var wait sync.WaitGroup
		for i := range answers {
			wait.Go(func() {
				in := market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: strings.Repeat("x", i+1)}
				answers[i], errs[i] = markets[i%2].Suspend(k.Ctx, in)
			})
		}
		wait.Wait()
		first := 0
		for i, a := range answers {
			switch {
			case errs[i] != nil:
				t.Error(errs[i])
			case !a.Was:
				first++
			case a.Before == nil:
				t.Errorf("told of nobody: %+v", a)
			}
		}
		if log := actions(t, k, market.ActionQuery{AgentID: bob.ID}); first != 1 || len(log) != len(answers) {
			t.Errorf("%d were the first, and %d entries are in the log", first, len(log))
		}
	})
}
