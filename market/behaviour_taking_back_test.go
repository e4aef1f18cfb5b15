package market_test

import (
	"errors"
	"testing"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// paidTask is one of ada's that paid bob 36 of 40.
func paidTask(k *markettest.Kit, ada, bob *markettest.Agent) market.TaskID {
	id := ada.Post("Review", markettest.Budget(40))
	bob.Claim(id)
	bob.Deliver(id, "done")
	ada.Approve(id, 5)
	return id
}

// What a worker was paid goes back to the poster in one step, which the books, the task's
// file, both ledgers and the log show; of one payment no more is taken than was paid.
func TestAPaymentIsTakenBackForThePoster(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := paidTask(k, ada, bob)
		in := market.ClawBackInput{AgentID: bob.ID, Amount: 20, Reason: "it was copied", TaskID: id, Refund: true}
		would, err := k.Market.ForeseeClawBack(k.Ctx, in)
		if want := (market.Foreseen{AgentID: bob.ID, Amount: 20, Balance: 136, After: 116, PosterID: ada.ID, PosterBalance: 60, PosterAfter: 80}); err != nil || would != want {
			t.Errorf("foreseen is %+v, %v", would, err)
		}
		ctx := market.WithIdempotencyKey(k.Ctx, "once")
		for range 2 {
			back, err := k.Market.ClawBack(ctx, in)
			want := market.ClawedBack{ClawedBack: 20, AgentID: bob.ID, Balance: 116, Reason: in.Reason, TaskID: id, Refunded: 20, PosterID: ada.ID, PosterBalance: 80}
			if err != nil || back != want {
				t.Errorf("%+v, %v", back, err)
			}
		}
		k.Check()
		if a, b := ada.Me().Credits, bob.Me().Credits; a != 80 || b != 116 {
			t.Errorf("ada has %d, bob %d", a, b)
		}
		in.Amount = 17
		if _, err := k.Market.ClawBack(k.Ctx, in); markettest.Refused(t, err, market.ErrInvalid).Field != "amount" {
			t.Errorf("more than was paid: %v", err)
		}
		in.Amount = 4
		if _, err := k.Market.ClawBack(k.Ctx, in); err != nil {
			t.Fatal(err)
		}
		k.Check()
		f, err := k.Market.TaskFile(k.Ctx, id)
		if err != nil || *f.Paid != (market.TaskPay{WorkerReceived: 36, TakenBack: 24, Most: 12}) || f.Task.CreditsTakenBack != 24 || f.Task.Status != market.StatusApproved {
			t.Errorf("the file has %+v, %v", f.Paid, err)
		}
		moved := map[store.EntryKind]int64{}
		for _, e := range f.Ledger {
			moved[e.Reason] += e.Amount
		}
		if moved[store.EntryClawBack] != 24 || moved[store.EntryAdminGrant] != 24 {
			t.Errorf("the file's ledger has %v", moved)
		}
		if len(f.Actions) != 2 || f.Actions[0].Amount != 4 || f.Actions[0].PosterGetsBack != 4 || f.Actions[0].TaskID != id || f.Actions[0].WorkerID != bob.ID {
			t.Errorf("the file's acts are %+v", f.Actions)
		}
		for agent, want := range map[*markettest.Agent]int64{ada: 4, bob: -4} {
			c, err := agent.API.Credits(k.Ctx, market.Page{Limit: 1})
			if err != nil || c.Ledger[0].Amount != want || c.Ledger[0].TaskID != id || c.Ledger[0].Note != in.Reason {
				t.Errorf("%s has %+v, %v", agent.Name, c.Ledger, err)
			}
			if log := actions(t, k, market.ActionQuery{AgentID: agent.ID}); len(log) != 2 {
				t.Errorf("the log about %s has %+v", agent.Name, log)
			}
			if v := agent.Task(id); v.CreditsTakenBack != 24 {
				t.Errorf("%s reads %d", agent.Name, v.CreditsTakenBack)
			}
		}
	})
}

// Of several who take at once, those do to whom something is left.
func TestNoMoreIsTakenBackThanWasPaid(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := paidTask(k, ada, bob)
		k.Together(6, func(i int) {
			_, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: 10, Reason: "copied", TaskID: id, Refund: i%2 == 0})
			if err != nil && !errors.Is(err, market.ErrInvalid) {
				t.Error(err)
			}
		})
		if f, err := k.Market.TaskFile(k.Ctx, id); err != nil || f.Paid.TakenBack != 30 || bob.Me().Credits != 106 {
			t.Errorf("%+v, %v; bob has %d", f.Paid, err, bob.Me().Credits)
		}
		k.Check()
	})
}

func TestActsAboutATaskHaveBounds(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		paid, open := paidTask(k, ada, bob), ada.Post("Open", markettest.Budget(20))
		for _, c := range []struct {
			in    market.ClawBackInput
			want  error
			field string
		}{
			{market.ClawBackInput{AgentID: bob.ID, Refund: true}, market.ErrInvalid, "refund"},
			{market.ClawBackInput{AgentID: ada.ID, TaskID: paid, Refund: true}, market.ErrInvalid, "refund"},
			{market.ClawBackInput{AgentID: ada.ID, TaskID: open, Refund: true}, market.ErrInvalid, "refund"},
			{market.ClawBackInput{AgentID: cyd.ID, TaskID: paid}, market.ErrInvalid, "task_id"},
			{market.ClawBackInput{AgentID: bob.ID, TaskID: "tk-none"}, market.ErrNotFound, ""},
		} {
			c.in.Amount, c.in.Reason = 1, "x"
			if _, err := k.Market.ClawBack(k.Ctx, c.in); markettest.Refused(t, err, c.want).Field != c.field {
				t.Errorf("%+v: %v", c.in, err)
			}
		}
		bob.Post("Spend it", markettest.Budget(130))
		if _, err := k.Market.ClawBack(k.Ctx, market.ClawBackInput{AgentID: bob.ID, Amount: 7, Reason: "x", TaskID: paid, Refund: true}); !errors.Is(err, market.ErrInsufficientCredits) {
			t.Errorf("more than bob has: %v", err)
		}
		if f, err := k.Market.TaskFile(k.Ctx, paid); err != nil || f.Paid.Most != 6 {
			t.Errorf("%+v, %v", f.Paid, err)
		}
		if _, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: cyd.ID, Amount: 1, TaskID: paid}); markettest.Refused(t, err, market.ErrInvalid).Field != "task_id" {
			t.Errorf("a grant to a stranger: %v", err)
		}
		for range 2 {
			if g, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: ada.ID, Amount: 5, Reason: "sorry", TaskID: paid}); err != nil || g.TaskID != paid {
				t.Errorf("%+v, %v", g, err)
			}
		}
		if f, err := k.Market.TaskFile(k.Ctx, paid); err != nil || len(f.Actions) != 2 || f.Actions[1].AgentID != ada.ID || f.Actions[1].WorkerID != bob.ID {
			t.Errorf("%+v, %v", f.Actions, err)
		}
		k.Check()
	})
}

// Before a grant its figures are known, and whether it is more than all there was.
func TestAGrantIsForeseen(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		k.Agent("bob")
		for amount, unusual := range map[int64]bool{200: false, 201: true} {
			f, err := k.Market.ForeseeGrant(k.Ctx, market.GrantInput{AgentID: ada.ID, Amount: amount})
			if err != nil || f != (market.Foreseen{AgentID: ada.ID, Amount: amount, Balance: 100, After: 100 + amount, Issued: 200, Unusual: unusual}) {
				t.Errorf("%+v, %v", f, err)
			}
		}
		if ada.Me().Credits != 100 {
			t.Errorf("ada has %d", ada.Me().Credits)
		}
		if _, err := k.Market.ForeseeGrant(k.Ctx, market.GrantInput{AgentID: "ag-none", Amount: 1}); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}
