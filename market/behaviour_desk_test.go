package market_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Who runs the marketplace, and the log of what they did.

// operator makes an operator, and a context in which it calls.
func operator(t *testing.T, k *markettest.Kit, name string, role market.OperatorRole) (context.Context, market.NewOperator) {
	t.Helper()
	made, err := k.Market.AddOperator(k.Ctx, market.OperatorInput{Name: name, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return market.WithOperator(k.Ctx, made.Operator), made
}

// actions is the log, newest first.
func actions(t *testing.T, k *markettest.Kit, q market.ActionQuery) []market.OperatorAction {
	t.Helper()
	list, err := k.Market.Actions(k.Ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	return list.Actions
}

func roleRequired(t *testing.T, err error) {
	t.Helper()
	if e := markettest.Refused(t, err, market.ErrForbidden); e.Code != market.CodeRoleRequired {
		t.Errorf("the code is %s", e.Code)
	}
}

func TestAnOperatorHasAKeyUntilItIsRevoked(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		_, made := operator(t, k, "ada.l", market.OperatorAct)
		replica := k.Replica()
		for _, m := range []*market.Market{k.Market, replica} {
			if o, err := m.AdmitOperator(k.Ctx, made.APIKey); err != nil || o != made.Operator || o.Role != market.OperatorAct || !o.CreatedAt.Equal(k.Clock.Now()) {
				t.Errorf("admitted: %+v, %v", o, err)
			}
		}
		if list, err := replica.Operators(k.Ctx); err != nil || list.Total != 1 || !slices.Equal(list.Operators, []market.Operator{made.Operator}) {
			t.Errorf("the operators are %+v, %v", list, err)
		}
		if _, err := replica.RevokeOperator(k.Ctx, "ada", market.RevokeInput{}); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("nobody was revoked: %v", err)
		}
		if o, err := replica.RevokeOperator(k.Ctx, "ada.l", market.RevokeInput{}); err != nil || o != made.Operator {
			t.Errorf("revoked: %+v, %v", o, err)
		}
		for _, m := range []*market.Market{k.Market, replica} {
			if o, err := m.AdmitOperator(k.Ctx, made.APIKey); !errors.Is(err, market.ErrUnauthorized) {
				t.Errorf("after the end of the key: %+v, %v", o, err)
			}
			if o, err := m.OperatorNamed(k.Ctx, "ada.l"); !errors.Is(err, market.ErrUnauthorized) {
				t.Errorf("by name, after the end: %+v, %v", o, err)
			}
		}
		_, again := operator(t, k, "ada.l", market.OperatorLook)
		if o, err := replica.AdmitOperator(k.Ctx, again.APIKey); err != nil || o.Role != market.OperatorLook {
			t.Errorf("of the same name: %+v, %v", o, err)
		}
		if _, err := k.Market.AdmitOperator(k.Ctx, made.APIKey); !errors.Is(err, market.ErrUnauthorized) {
			t.Errorf("the key before opens again: %v", err)
		}
	})
}

func TestOperatorsHaveNamesAndRoles(t *testing.T) {
	k := markettest.New(t)
	operator(t, k, "Ada", market.OperatorAct)
	for _, in := range []market.OperatorInput{
		{Name: "", Role: "act"},
		{Name: "a b", Role: "act"},
		{Name: "a/b", Role: "act"},
		{Name: "..", Role: "act"},
		{Name: "ä", Role: "act"},
		{Name: "Root", Role: "act"},
		{Name: strings.Repeat("x", 65), Role: "act"},
		{Name: "bob", Role: "root"},
		{Name: "bob"},
		{Name: "bob", Role: "act", Reason: strings.Repeat("x", 5_001)},
	} {
		if _, err := k.Market.AddOperator(k.Ctx, in); !errors.Is(err, market.ErrInvalid) {
			t.Errorf("%+v: %v", in, err)
		}
	}
	if _, err := k.Market.AddOperator(k.Ctx, market.OperatorInput{Name: "aDA", Role: "look"}); !errors.Is(err, market.ErrAlreadyDone) {
		t.Errorf("a name that differs by case: %v", err)
	}
	for i := range 99 {
		operator(t, k, fmt.Sprint("o", i), market.OperatorLook)
	}
	if _, err := k.Market.AddOperator(k.Ctx, market.OperatorInput{Name: "bob", Role: "look"}); !errors.Is(err, market.ErrInvalid) {
		t.Errorf("one more than a hundred: %v", err)
	}
}

// Whoever looks does nothing, and nobody but root makes operators: an operator whose key
// ends could have made itself another.
func TestRolesOfOperators(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		bob := k.Agent("bob")
		look, _ := operator(t, k, "look", market.OperatorLook)
		act, _ := operator(t, k, "act", market.OperatorAct)
		grant := market.GrantInput{AgentID: bob.ID, Amount: 5}
		_, err := k.Market.Grant(look, grant)
		roleRequired(t, err)
		if _, err := k.Market.Grant(act, grant); err != nil {
			t.Error(err)
		}
		for _, ctx := range []context.Context{look, act} {
			_, err := k.Market.AddOperator(ctx, market.OperatorInput{Name: "more", Role: market.OperatorLook})
			roleRequired(t, err)
			_, err = k.Market.RevokeOperator(ctx, "nobody", market.RevokeInput{})
			roleRequired(t, err)
		}
		_, err = k.Market.RevokeOperator(look, "act", market.RevokeInput{})
		roleRequired(t, err)
		_, err = k.Market.RevokeOperator(market.WithOperator(k.Ctx, market.Operator{Name: "new"}), "act", market.RevokeInput{})
		roleRequired(t, err)
		if _, err := k.Market.RevokeOperator(look, "look", market.RevokeInput{Reason: "my key leaked"}); err != nil {
			t.Errorf("its own key: %v", err)
		}
		if bob.Me().Credits != 105 {
			t.Errorf("bob has %d", bob.Me().Credits)
		}
		if log := actions(t, k, market.ActionQuery{Operator: "look"}); len(log) != 2 || log[0].Action != market.ActionRevokeOperator || log[0].Subject != "look" || log[0].Reason != "my key leaked" {
			t.Errorf("what look did: %+v", log)
		}
	})
}

// Of two who make operators at once neither's is lost.
func TestOperatorsAreMadeAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		markets := []*market.Market{k.Market, k.Replica()}
		keys := make([]market.OperatorKey, 8)
		k.Together(len(keys), func(i int) {
			made, err := markets[i%2].AddOperator(k.Ctx, market.OperatorInput{Name: fmt.Sprint("o", i), Role: market.OperatorLook})
			if err != nil {
				t.Error(err)
			}
			keys[i] = made.APIKey
		})
		for i, key := range keys {
			if o, err := markets[1].AdmitOperator(k.Ctx, key); err != nil || o.Name != fmt.Sprint("o", i) {
				t.Errorf("operator %d: %+v, %v", i, o, err)
			}
		}
		log := actions(t, k, market.ActionQuery{})
		if len(log) != len(keys) {
			t.Errorf("the log has %d entries", len(log))
		}
		for i, a := range log {
			if a.Number != int64(len(log)-i) {
				t.Errorf("entry %d has number %d", i, a.Number)
			}
		}
	})
}

func TestEveryActIsInTheLog(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		task := ada.Post("Review")
		reported, err := bob.API.ReportTask(k.Ctx, task, "spam")
		if err != nil {
			t.Fatal(err)
		}
		ctx, _ := operator(t, k, "eve", market.OperatorAct)
		k.Clock.Advance(time.Minute)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err = k.Market.Grant(market.WithIdempotencyKey(ctx, "once"), market.GrantInput{AgentID: bob.ID, Amount: 7, Reason: "sorry"})
		must(err)
		_, err = k.Market.Grant(market.WithIdempotencyKey(ctx, "once"), market.GrantInput{AgentID: bob.ID, Amount: 7, Reason: "sorry"})
		must(err)
		_, err = k.Market.Suspend(ctx, market.SuspendInput{AgentID: ada.ID, Suspended: true, Reason: "fraud"})
		must(err)
		_, err = k.Market.Suspend(ctx, market.SuspendInput{AgentID: ada.ID})
		must(err)
		_, err = k.Market.AppointInfra(ctx, market.InfraInput{AgentID: bob.ID, Infra: true, Reason: "proven"})
		must(err)
		_, err = k.Market.AppointInfra(ctx, market.InfraInput{AgentID: bob.ID})
		must(err)
		_, err = k.Market.Invite(ctx, market.InviteInput{Count: 3, Note: "for three"})
		must(err)
		_, err = k.Market.ResolveReport(ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed, Note: "seen"})
		must(err)
		_, err = k.Market.ResolveReport(ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed})
		if !errors.Is(err, market.ErrConflict) {
			t.Errorf("resolved twice: %v", err)
		}
		at := market.NewTime(k.Clock.Now())
		want := []market.OperatorAction{
			{Number: 8, At: at, Operator: "eve", Action: "resolve_report", TaskID: task, ReportID: reported.ReportID, PosterID: ada.ID, PosterName: "ada", Outcome: "reviewed", Reason: "seen"},
			{Number: 7, At: at, Operator: "eve", Action: "invite", Amount: 3, Reason: "for three"},
			{Number: 6, At: at, Operator: "eve", Action: "dismiss_infra", AgentID: bob.ID, AgentName: "bob"},
			{Number: 5, At: at, Operator: "eve", Action: "appoint_infra", AgentID: bob.ID, AgentName: "bob", Reason: "proven"},
			{Number: 4, At: at, Operator: "eve", Action: "unsuspend", AgentID: ada.ID, AgentName: "ada"},
			{Number: 3, At: at, Operator: "eve", Action: "suspend", AgentID: ada.ID, AgentName: "ada", Reason: "fraud"},
			{Number: 2, At: at, Operator: "eve", Action: "grant", AgentID: bob.ID, AgentName: "bob", Amount: 7, Reason: "sorry"},
			{Number: 1, At: market.NewTime(k.Clock.Now().Add(-time.Minute)), Operator: "root", Action: "add_operator", Subject: "eve", Outcome: "act"},
		}
		if got := actions(t, k, market.ActionQuery{}); !slices.Equal(got, want) {
			t.Errorf("the log is %+v", got)
		}
		some := func(numbers ...int) (list []market.OperatorAction) {
			for _, n := range numbers {
				list = append(list, want[8-n])
			}
			return list
		}
		for _, c := range []struct {
			q    market.ActionQuery
			want []market.OperatorAction
		}{
			{market.ActionQuery{Operator: "root"}, some(1)},
			{market.ActionQuery{AgentID: bob.ID}, some(6, 5, 2)},
			{market.ActionQuery{AgentID: bob.ID, Page: market.Page{Limit: 1, Offset: 1}}, some(5)},
			{market.ActionQuery{TaskID: task}, some(8)},
			{market.ActionQuery{Page: market.Page{Limit: 2, Offset: 5}}, some(3, 2)},
			{market.ActionQuery{Page: market.Page{Offset: 8}}, nil},
			{market.ActionQuery{Operator: "nobody"}, nil},
		} {
			if got := actions(t, k, c.q); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %+v", c.q, got)
			}
		}
		for _, q := range []market.ActionQuery{{Operator: "eve", TaskID: task}, {Page: market.Page{Limit: 101}}, {Operator: strings.Repeat("x", 256)}} {
			if _, err := k.Market.Actions(k.Ctx, q); !errors.Is(err, market.ErrInvalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// A process that has not seen the log finds its end among many, and entries outlive
// everything that is pruned.
func TestTheEndOfALongLogIsFound(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		const entries = 230
		bob := k.Agent("bob")
		k.Do("grant often", func() {
			for i := range entries {
				if _, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: bob.ID, Amount: int64(i + 1)}); err != nil {
					t.Fatal(err)
				}
				if i%17 != 0 {
					continue
				}
				if list, err := k.Replica().Actions(k.Ctx, market.ActionQuery{AgentID: bob.ID, Page: market.Page{Limit: 1}}); err != nil || list.Total != i+1 || list.Actions[0].Amount != int64(i+1) {
					t.Fatalf("after %d entries a new process finds %+v, %v", i+1, list, err)
				}
			}
		})
		k.Advance(20 * 365 * 24 * time.Hour)
		for {
			pruned, err := k.Market.Prune(k.Ctx, k.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			if !pruned.More {
				break
			}
		}
		list, err := k.Market.Actions(k.Ctx, market.ActionQuery{Page: market.Page{Limit: 100, Offset: 150}})
		if err != nil || list.Total != entries || len(list.Actions) != 80 || list.Actions[79].Number != 1 {
			t.Errorf("%d of %d, %v", len(list.Actions), list.Total, err)
		}
		// The whole log comes out, each entry once, also while it grows.
		next := int64(entries)
		for a, err := range market.EachAction(k.Ctx, market.ActionQuery{AgentID: bob.ID}, k.Market.Actions) {
			if err != nil || a.Number != next {
				t.Fatalf("entry %d comes where %d should, %v", a.Number, next, err)
			}
			if next--; a.Number%40 == 0 {
				if _, err := k.Market.Grant(k.Ctx, market.GrantInput{AgentID: bob.ID, Amount: 1}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if next != 0 {
			t.Errorf("%d entries did not come", next)
		}
		credits := int64(0)
		for e, err := range market.EachEntry(k.Ctx, bob.ID, k.Market.LedgerOf) {
			if err != nil {
				t.Fatal(err)
			}
			credits += e.Amount
		}
		if me, err := bob.API.Me(k.Ctx); err != nil || credits != me.Credits {
			t.Errorf("the ledger's entries are %d together, the balance is %d, %v", credits, me.Credits, err)
		}
	}, markettest.CheckRarely())
}

// What is decided about a task or its reports is in the log of its parties too, with who
// got what.
func TestADecisionIsAboutItsParties(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		task := ada.Post("task", markettest.Budget(20))
		bob.Claim(task)
		bob.Deliver(task, "done")
		reported, err := ada.API.ReportTask(k.Ctx, task, "wrong")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Market.ResolveTask(k.Ctx, task, market.ResolveTaskInput{Outcome: market.OutcomeSplit, WorkerCredits: 12, Reason: "half of it"}); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Market.ResolveReport(k.Ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed}); err != nil {
			t.Fatal(err)
		}
		for _, party := range []market.AgentID{ada.ID, bob.ID} {
			log := actions(t, k, market.ActionQuery{AgentID: party})
			if len(log) != 2 || log[0].Action != market.ActionResolveReport || log[1].Action != market.ActionResolveTask {
				t.Fatalf("about a party: %+v", log)
			}
			for _, a := range log {
				if a.PosterID != ada.ID || a.WorkerID != bob.ID || a.AgentID != "" {
					t.Errorf("the parties of %+v", a)
				}
			}
			if a := log[1]; a.Amount != 12 || a.WorkerReceives != 11 || a.PosterGetsBack != 8 {
				t.Errorf("moved: %+v", a)
			}
		}
		if log := actions(t, k, market.ActionQuery{AgentID: cyd.ID}); len(log) != 0 {
			t.Errorf("about a stranger: %+v", log)
		}
		summaries, err := k.Market.Summaries(k.Ctx, task, "", "tk-none", task)
		if err != nil || len(summaries) != 1 || summaries[task].Need != "task" || summaries[task].WorkerID != bob.ID {
			t.Errorf("summaries: %+v, %v", summaries, err)
		}
	})
}

// failing is a store whose next commits fail, before or after they are written.
type failing struct {
	market.Store
	before, after error
}

func (f *failing) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	if f.before != nil {
		return store.Committed{}, f.before
	}
	done, err := f.Store.Commit(ctx, c)
	if err == nil && f.after != nil {
		return store.Committed{}, f.after
	}
	return done, err
}

// Whatever becomes of a commit, what was done is in the log and what is in the log was
// done: a grant without an entry, or an entry without its grant, cannot be.
func TestNoActWithoutItsEntry(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		bob := k.Agent("bob")
		broken := &failing{Store: k.Store}
		m, err := market.New(market.Config{Store: broken, Clock: k.Clock})
		if err != nil {
			t.Fatal(err)
		}
		agree := func(when string, want int) {
			t.Helper()
			given := 0
			for _, a := range actions(t, k, market.ActionQuery{AgentID: bob.ID}) {
				given += int(a.Amount)
			}
			if got := bob.Me().Credits; given != want || got != int64(100+want) {
				t.Errorf("%s: the log gives %d, bob has %d", when, given, got)
			}
		}
		grant := func() error {
			_, err := m.Grant(k.Ctx, market.GrantInput{AgentID: bob.ID, Amount: 1})
			return err
		}
		broken.before = errors.New("the store is away")
		if err := grant(); !errors.Is(err, market.ErrUnavailable) {
			t.Error(err)
		}
		agree("nothing was written", 0)
		broken.before, broken.after = nil, errors.New("the answer was lost")
		if err := grant(); !errors.Is(err, market.ErrUnavailable) {
			t.Error(err)
		}
		agree("the answer was lost", 1)
		broken.after = nil
		k.Together(8, func(int) {
			if err := grant(); err != nil {
				t.Error(err)
			}
		})
		agree("after many at once", 9)
	})
}
