package market_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// costing is a batch of tasks with these budgets.
func costing(budgets ...int64) []market.PostInput {
	tasks := make([]market.PostInput, len(budgets))
	for i, credits := range budgets {
		tasks[i] = market.PostInput{Need: "task", MaxCredits: credits}
	}
	return tasks
}

// fate says of each element whether it was posted, or its refusal's code and field.
func fate(b market.PostedBatch) (all []string) {
	for _, item := range b.Tasks {
		said := "posted"
		if e, is := errors.AsType[*market.Error](item.Err); is {
			said = string(e.Code) + " " + e.Field
		} else if item.Existing {
			said = "existing"
		}
		all = append(all, said)
	}
	return all
}

func isFate(t *testing.T, b market.PostedBatch, err error, want ...string) {
	t.Helper()
	if err != nil || b.Total != len(want) {
		t.Fatalf("%d, %v", b.Total, err)
	}
	if diff := cmp.Diff(want, fate(b)); diff != "" {
		t.Error(diff)
	}
}

// A task of a batch is what the same post on its own would be, with its matching,
// ledger entry and events, in the order of the batch.
func TestATaskOfABatchIsATask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob", markettest.Capable("go"))
		in := []market.PostInput{
			{Need: "first", Context: "so", MaxCredits: 30, Tags: []string{"go"}, Metadata: map[string]string{"order": "7"}, Deadline: time.Hour},
			{Need: "second", MaxCredits: 20, Tags: []string{"go"}, ReviewTimeout: 2 * time.Minute, ClaimTimeout: time.Minute},
			{Need: "third"},
		}
		got, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: in})
		isFate(t, got, err, "posted", "posted", "posted")
		eve := k.Agent("eve")
		var posted []market.TaskID
		for i, item := range got.Tasks {
			alone, err := eve.API.Post(k.Ctx, in[i])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(alone, item.Posted, cmpopts.IgnoreFields(market.Posted{}, "TaskID", "Actions")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(eve.Task(alone.TaskID), ada.Task(item.TaskID), cmpopts.IgnoreFields(market.Task{}, "TaskID", "PosterID")); diff != "" {
				t.Error(diff)
			}
			posted = append(posted, alone.TaskID)
		}
		for _, id := range posted {
			eve.Cancel(id)
		}
		told := matchesOf(bob)
		if len(told) < 2 || told[0] != got.Tasks[0].TaskID || told[1] != got.Tasks[1].TaskID {
			t.Errorf("bob is told of %v", told)
		}
		for i, want := range []market.TaskID{got.Tasks[0].TaskID, got.Tasks[1].TaskID, got.Tasks[2].TaskID} {
			if p := bob.Pickup(); p.TaskID != want {
				t.Errorf("pickup %d is %s, want %s", i, p.TaskID, want)
			}
		}
		credits, err := ada.API.Credits(k.Ctx, market.Page{})
		if err != nil || credits.Total != 4 || credits.Balance != 0 || credits.Escrowed != 100 {
			t.Errorf("%+v, %v", credits, err)
		}
	})
}

func matchesOf(a *markettest.Agent) (ids []market.TaskID) {
	for _, e := range a.Events() {
		if e.Type == "task_matched" {
			ids = append(ids, e.Task)
		}
	}
	return ids
}

// Without Each one refusal refuses all, and says which it is and why.
func TestABatchIsPostedWholeOrNotAtAll(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		for _, c := range []struct {
			name, field string
			kind        error
			index       int
			tasks       []market.PostInput
		}{
			{"the fourth is too dear", "tasks[3].max_credits", market.ErrInsufficientCredits, 3, costing(50, 30, 20, 1)},
			{"one has no need", "tasks[1].need", market.ErrInvalid, 1, []market.PostInput{{Need: "x"}, {Need: " "}}},
			{"one waits", "tasks[0].wait", market.ErrInvalid, 0, []market.PostInput{{Need: "x", Wait: time.Second}}},
			{"texts", "tasks[1]", market.ErrConflict, 1, []market.PostInput{{Need: strings.Repeat("n", 600), MaxCredits: 1}, {Need: strings.Repeat("n", 600), MaxCredits: 1}}},
			{"none", "tasks", market.ErrInvalid, -1, nil},
			{"too long", "tasks", market.ErrInvalid, -1, []market.PostInput{{Need: "x", Context: strings.Repeat("c", 2<<20)}}},
			{"too many", "tasks", market.ErrInvalid, -1, costing(make([]int64, 101)...)},
		} {
			_, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: c.tasks})
			e := markettest.Refused(t, err, c.kind)
			if i, of := e.Index(); e.Field != c.field || of != (c.index >= 0) || of && i != c.index {
				t.Errorf("%s: field %q, index %d %t", c.name, e.Field, i, of)
			}
		}
		_, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: []market.PostInput{{Need: "x", MaxCredits: -1}}})
		if want := "Tasks[0].MaxCredits: must be 1 to 100000"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		if mine := ada.Mine("", ""); len(mine) != 0 || ada.Balance() != 100 {
			t.Errorf("%d tasks, %d credits", len(mine), ada.Balance())
		}
		got, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: costing(50, 30, 20)})
		isFate(t, got, err, "posted", "posted", "posted")
	}, atMost(1_000))
}

// With Each what is refused stops nothing else, and takes no credits that a later one
// needs.
func TestEachOfABatchIsPostedByItself(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		tasks := costing(60, 60, -5, 30, 11, 10)
		tasks[0].Need = strings.Repeat("n", 900)
		tasks = append(tasks, market.PostInput{Need: strings.Repeat("n", 200), MaxCredits: 1})
		got, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: tasks, Each: true})
		isFate(t, got, err, "posted", "insufficient_credits tasks[1].max_credits", "invalid tasks[2].max_credits", "posted",
			"insufficient_credits tasks[4].max_credits", "posted", "insufficient_credits tasks[6].max_credits")
		if b := []int64{got.Tasks[0].Balance, got.Tasks[3].Balance, got.Tasks[5].Balance, ada.Balance()}; !cmp.Equal(b, []int64{40, 10, 0, 0}) {
			t.Errorf("balances %v", b)
		}
		bob := k.Agent("bob")
		tasks[5].MaxCredits = 1
		got, err = bob.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: []market.PostInput{tasks[0], tasks[6], tasks[5]}, Each: true})
		isFate(t, got, err, "posted", "too_many_bytes tasks[1]", "posted")
		got, err = bob.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: []market.PostInput{{}, {}}, Each: true})
		isFate(t, got, err, "invalid tasks[0].need", "invalid tasks[1].need")
	}, atMost(1_000))
}

// One key is the whole batch's: a repeat is answered as the first was, whatever has
// happened meanwhile.
func TestABatchUnderAKeyIsPostedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		for _, each := range []bool{false, true} {
			ada := k.Agent("ada")
			in := market.PostBatchInput{Tasks: []market.PostInput{{Need: "a", MaxCredits: 40}, {Need: "b", MaxCredits: 40, ExternalID: "b"}}, Each: each}
			if each {
				in.Tasks = append(in.Tasks, costing(40)...)
			}
			first, err := ada.API.PostBatch(keyed(k, "k"), in)
			if err != nil {
				t.Fatal(err)
			}
			ada.Cancel(first.Tasks[0].TaskID)
			again, err := ada.API.PostBatch(keyed(k, "k"), in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(first, again, cmp.Comparer(func(a, b error) bool { return (a == nil) == (b == nil) && (a == nil || a.Error() == b.Error()) })); diff != "" {
				t.Error(diff)
			}
			if mine := ada.Mine("", ""); len(mine) != 2 || ada.Balance() != 60 {
				t.Errorf("%d tasks, %d credits", len(mine), ada.Balance())
			}
			in.Tasks[0].Need = "other"
			_, err = ada.API.PostBatch(keyed(k, "k"), in)
			markettest.Refused(t, err, market.ErrIdempotencyKeyUsed)
		}
	})
}

// A name that the poster has used is the task that it has, in a batch too, and costs
// nothing: so a program may send its whole list again.
func TestNamesInABatch(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		old, err := named(k.Ctx, ada, "one", "old")
		if err != nil {
			t.Fatal(err)
		}
		bob.Claim(old.TaskID)
		in := market.PostBatchInput{Tasks: []market.PostInput{
			{Need: "two", MaxCredits: 10, ExternalID: "two"},
			{Need: "old", MaxCredits: 10, ExternalID: "one"},
			{Need: "two", MaxCredits: 10, ExternalID: "two"},
			{Need: "nameless", MaxCredits: 10},
		}}
		got, err := ada.API.PostBatch(k.Ctx, in)
		isFate(t, got, err, "posted", "existing", "existing", "posted")
		if p := got.Tasks[1]; p.TaskID != old.TaskID || p.Need != "old" || p.Status != market.StatusClaimed {
			t.Errorf("%+v", p)
		}
		if p := got.Tasks[2]; p.TaskID != got.Tasks[0].TaskID || p.Need != "two" {
			t.Errorf("%+v", p)
		}
		if left := ada.Balance(); left != 70 {
			t.Errorf("%d credits are left", left)
		}
		one, err := named(k.Ctx, ada, "two", "two")
		if err != nil || one.TaskID != got.Tasks[0].TaskID || !one.Existing {
			t.Errorf("%+v, %v", one, err)
		}
		in.Tasks = in.Tasks[:3]
		for _, each := range []bool{false, true} {
			in.Each = each
			again, err := ada.On(k.Replica()).API.PostBatch(k.Ctx, in)
			isFate(t, again, err, "existing", "existing", "existing")
		}
		// Another task under a name is refused, whether the name is old or of the batch.
		for _, other := range []string{"one", "two"} {
			in := market.PostBatchInput{Tasks: []market.PostInput{{Need: "two", MaxCredits: 10, ExternalID: "two"}, {Need: "other", MaxCredits: 10, ExternalID: other}}}
			_, err = ada.API.PostBatch(k.Ctx, in)
			e := markettest.Refused(t, err, market.ErrExternalIDUsed)
			if i, is := e.Index(); i != 1 || !is {
				t.Errorf("the refusal is about element %d, %v", i, is)
			}
		}
		// A refused batch takes no name.
		_, err = ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: []market.PostInput{{Need: "x", MaxCredits: 1, ExternalID: "free"}, {}}})
		markettest.Refused(t, err, market.ErrInvalid)
		if p, err := named(k.Ctx, ada, "free", "x"); err != nil || p.Existing {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// Of many batches at once with the same names each task is posted once, and of what
// credits there are none is spent twice.
func TestBatchesRace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, poor := k.Agent("ada"), k.Agent("poor")
		markets := []*market.Market{k.Market, k.Replica()}
		in := []market.PostInput{{Need: "a", MaxCredits: 10, ExternalID: "a"}, {Need: "b", MaxCredits: 10, ExternalID: "b"}}
		var all [6]market.PostedBatch
		k.Together(len(all), func(i int) {
			var err error
			if all[i], err = ada.On(markets[i%2]).API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: in, Each: i%3 == 0}); err != nil {
				t.Error(err)
			}
		})
		for _, b := range all {
			if len(b.Tasks) != 2 || b.Tasks[0].TaskID != all[0].Tasks[0].TaskID || b.Tasks[1].TaskID != all[0].Tasks[1].TaskID {
				t.Errorf("%+v", b)
			}
		}
		if left := ada.Balance(); left != 80 {
			t.Errorf("%d credits are left", left)
		}
		k.Together(4, func(i int) {
			_, err := poor.On(markets[i%2]).API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: costing(30, 30), Each: i == 3})
			if err != nil && !errors.Is(err, market.ErrInsufficientCredits) {
				t.Error(err)
			}
		})
		if n, left := len(poor.Mine("", "")), poor.Balance(); left != 100-30*int64(n) || n < 2 {
			t.Errorf("%d tasks, %d credits are left", n, left)
		}
	})
}

// The platform asks infra agents about the tasks of a batch until its budget is used
// up; the rest is matched without them.
func TestABatchKeepsToTheBudgetOfSystemPay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		got, err := ada.API.PostBatch(k.Ctx, market.PostBatchInput{Tasks: costing(1, 1, 1, 1, 1)})
		isFate(t, got, err, "posted", "posted", "posted", "posted", "posted")
		var asked []int
		for _, item := range got.Tasks {
			asked = append(asked, len(k.Stored(item.TaskID).Children))
		}
		if !cmp.Equal(asked, []int{1, 1, 1, 0, 0}) {
			t.Errorf("match tasks %v", asked)
		}
		for _, item := range got.Tasks[:3] {
			if p := infra.Pickup(); p.ParentTaskID != item.TaskID {
				t.Errorf("the match task is about %s, want %s", p.ParentTaskID, item.TaskID)
			}
		}
	}, policy(func(p *market.Policy) { p.SystemPayPerDay = 10 }))
}
