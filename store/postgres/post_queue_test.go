package postgres

import (
	"testing"

	"github.com/pinchwork/pinchwork/store"
)

// waiter is a posting that touches the accounts.
func waiter(accounts ...store.AgentID) *queued {
	w := &wireChange{}
	for _, id := range accounts {
		w.Accounts = append(w.Accounts, &wireAccount{ID: id})
	}
	return &queued{posting: &posting{change: w}, turn: make(chan turn, 1)}
}

func enter(t *testing.T, q *postQueue, p *queued, want bool) {
	t.Helper()
	if got := q.enter(p); got != want {
		t.Fatalf("goes at once: %v, want %v", got, want)
	}
}

// leads returns the group that a posting was told to lead.
func leads(t *testing.T, p *queued) []*queued {
	t.Helper()
	select {
	case turn := <-p.turn:
		return turn.group
	default:
		t.Fatal("its turn has not come")
		return nil
	}
}

func TestPostingsThatShareNothingGoAtOnce(t *testing.T) {
	q := newPostQueue()
	enter(t, q, waiter("a", "b"), true)
	enter(t, q, waiter("c", "d"), true)
}

func TestPostingsThatHaveWaitedGoTogether(t *testing.T) {
	q := newPostQueue()
	first, second, third, fourth := waiter("a", "b"), waiter("b", "c"), waiter("b", "d"), waiter("d", "e")
	enter(t, q, first, true)
	for _, p := range []*queued{second, third, fourth} {
		enter(t, q, p, false)
	}
	q.leave(first)
	group := leads(t, second)
	if len(group) != 3 || group[0] != second || group[1] != third || group[2] != fourth {
		t.Fatalf("%d went together", len(group))
	}
	enter(t, q, waiter("e"), false)
	q.leave(group...)
}

func TestPostingsWaitForAllWhoAreUnderWay(t *testing.T) {
	q := newPostQueue()
	first, other, both := waiter("a"), waiter("b"), waiter("a", "b")
	enter(t, q, first, true)
	enter(t, q, other, true)
	enter(t, q, both, false)
	q.leave(first)
	if len(both.turn) != 0 {
		t.Fatal("its turn came although the other is under way")
	}
	q.leave(other)
	q.leave(leads(t, both)...)
	if len(q.running)+len(q.wanted)+len(q.waiting) != 0 {
		t.Errorf("left over: %v %v %v", q.running, q.wanted, q.waiting)
	}
}

func TestPostingsBeyondTheBoundWaitForTheNextTurn(t *testing.T) {
	q := newPostQueue()
	first := waiter("a")
	enter(t, q, first, true)
	all := make([]*queued, maxTogether+1)
	for i := range all {
		all[i] = waiter("a")
		enter(t, q, all[i], false)
	}
	q.leave(first)
	group := leads(t, all[0])
	if len(group) != maxTogether {
		t.Fatalf("%d went together", len(group))
	}
	q.leave(group...)
	if group = leads(t, all[maxTogether]); len(group) != 1 {
		t.Fatalf("then %d", len(group))
	}
}

func TestPostingThatGivesUpIsLeftOut(t *testing.T) {
	q := newPostQueue()
	first, second, third := waiter("a"), waiter("a"), waiter("a")
	enter(t, q, first, true)
	enter(t, q, second, false)
	enter(t, q, third, false)
	if !q.giveUp(second) {
		t.Fatal("it had to stay")
	}
	q.leave(first)
	if group := leads(t, third); len(group) != 1 {
		t.Fatalf("%d went", len(group))
	}
	if q.giveUp(third) {
		t.Error("who leads gave up")
	}
}
