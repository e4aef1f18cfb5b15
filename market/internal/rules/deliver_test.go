package rules_test

import (
	"slices"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

var t2 = t0.Add(2 * time.Hour)

// handedIn is the change of a delivery at t2 of the twelve bytes below.
func handedIn(old *store.Task, edit func(*store.Task)) store.Change {
	return store.Change{
		At: t2, Active: []store.AgentID{worker},
		Tasks: []store.TaskWrite{{Old: old, New: with(old, func(n *store.Task) {
			n.Status, n.Deliveries = store.StatusDelivered, old.Deliveries+1
			n.Delivery = &store.Delivery{No: int(n.Deliveries), At: t2, Charged: 50, ReviewUntil: t2.Add(24 * time.Hour), Bytes: 12}
			n.NextDue = n.Delivery.ReviewUntil
			edit(n)
		})}},
		Results:  []store.Result{{Task: task, No: int(old.Deliveries) + 1, Text: "twelve bytes"}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: -1, TextBytes: 12, MaxTextBytes: 1000}},
		Events:   []store.Event{{Agent: poster, Type: store.EventTaskDelivered, Task: task, At: t2}},
	}
}

func TestDeliver(t *testing.T) {
	p := policy()
	for name, c := range map[string]struct {
		claims  int64
		charged int64
	}{
		"for the whole budget":    {0, 50},
		"for a part":              {49, 49},
		"for as much as there is": {50, 50},
		"for more than there is":  {51, 50},
	} {
		t.Run(name, func(t *testing.T) {
			want := handedIn(claimed(), func(n *store.Task) { n.Delivery.Charged = c.charged })
			decides(t, want)(p.Deliver(t2, loaded(worker, claimed()), rules.Work{Result: "twelve bytes", CreditsClaimed: c.claims}, nil, rules.Answer{}))
		})
	}
	work := rules.Work{Result: "twelve bytes"}
	t.Run("with a review time of its own", func(t *testing.T) {
		old := claimed()
		old.ReviewTimeout = time.Minute
		want := handedIn(old, func(n *store.Task) {
			n.Delivery.ReviewUntil = t2.Add(time.Minute)
			n.NextDue = n.Delivery.ReviewUntil
		})
		decides(t, want)(p.Deliver(t2, loaded(worker, old), work, nil, rules.Answer{}))
	})
	t.Run("by a stranger", func(t *testing.T) {
		refuses(t, rules.CodeNotFound, "Task not found")(p.Deliver(t2, loaded(other, claimed()), work, nil, rules.Answer{}))
	})
	t.Run("twice", func(t *testing.T) {
		refuses(t, rules.CodeWrongState, "Task is delivered and cannot be delivered")(p.Deliver(t2, loaded(worker, delivered()), work, nil, rules.Answer{}))
	})
	t.Run("beside verdicts that nobody needs any more", func(t *testing.T) {
		l := loaded(worker, claimed(), verifying())
		l.Poster.SystemPay.Pending = 7
		want := handedIn(claimed(), asItIs)
		want.Tasks = append([]store.TaskWrite{{Old: verifying(), New: cancelled(verifying(), t2)}}, want.Tasks...)
		want.Feed = []store.FeedItem{feed(system, 5, false)}
		want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 7}, New: store.SystemPay{Pending: 2}}}
		decides(t, want)(p.Deliver(t2, l, work, nil, rules.Answer{}))
	})
	t.Run("beside one that is at work", func(t *testing.T) {
		want := handedIn(claimed(), func(n *store.Task) { n.Children = []store.TaskID{system} })
		decides(t, want)(p.Deliver(t2, loaded(worker, claimed(), by(verifying(), infra)), work, nil, rules.Answer{}))
	})
}

// cancelled is a task that is ended so at an instant.
func cancelled(t *store.Task, at time.Time) *store.Task {
	return with(t, func(n *store.Task) {
		n.Status, n.Ending, n.NextDue = store.StatusCancelled, &store.Ending{At: at}, at.Add(7*24*time.Hour)
	})
}

// The result before stays for a week for those who may have to look into it, and what
// the rejection left is there until the next.
func TestDeliverAgain(t *testing.T) {
	p := policy()
	now := t0.Add(3*time.Hour + time.Minute)
	next := with(rejected(), func(n *store.Task) {
		n.Status, n.Deliveries, n.Claim.Grace = store.StatusDelivered, 2, time.Time{}
		n.Delivery = &store.Delivery{No: 2, At: now, Charged: 50, ReviewUntil: now.Add(24 * time.Hour), Bytes: 12}
		n.Superseded = []store.Superseded{{No: 1, Worker: worker, Bytes: 12, Until: now.Add(7 * 24 * time.Hour), At: t0.Add(2 * time.Hour), Charged: 40}}
		n.NextDue = n.Delivery.ReviewUntil
	})
	decides(t, store.Change{
		At: now, Active: []store.AgentID{worker},
		Tasks:    []store.TaskWrite{{Old: rejected(), New: next}},
		Results:  []store.Result{{Task: task, No: 2, Text: "twelve bytes"}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: -1, TextBytes: 12, MaxTextBytes: 1000}},
		Events:   []store.Event{{Agent: poster, Type: store.EventTaskDelivered, Task: task, At: now}},
	})(p.Deliver(now, loaded(worker, rejected()), rules.Work{Result: "twelve bytes"}, nil, rules.Answer{}))
}

// Of twenty results that others have followed, the oldest goes early.
func TestDeliverKeepsTwentySupersededResults(t *testing.T) {
	p := policy()
	for _, kept := range []int{19, 20} {
		old := rejected()
		for no := range kept {
			old.Superseded = append(old.Superseded, store.Superseded{No: no - 20, Worker: other, Bytes: 100, Until: t0.Add(time.Duration(no) * time.Hour)})
		}
		got, err := p.Deliver(t2, loaded(worker, old), rules.Work{Result: "twelve bytes"}, nil, rules.Answer{})
		if err != nil {
			t.Fatal(err)
		}
		want := slices.Concat(old.Superseded[kept-19:], []store.Superseded{{No: 1, Worker: worker, Bytes: 12, Until: t2.Add(7 * 24 * time.Hour), At: t0.Add(2 * time.Hour), Charged: 40}})
		same(t, got.Tasks[0].New.Superseded, want)
		same(t, got.Tasks[0].New.NextDue, want[0].Until)
		accounts := []store.AccountDelta{{Agent: worker, OpenClaims: -1, TextBytes: 12, MaxTextBytes: 1000}}
		var drop []store.TextRef
		if kept == 20 {
			accounts = append([]store.AccountDelta{{Agent: other, TextBytes: -100}}, accounts...)
			drop = []store.TextRef{{Task: task, No: -20}}
		}
		same(t, got.Accounts, accounts)
		same(t, got.Drop, drop)
	}
}

func TestDeliverWithAVerifyTask(t *testing.T) {
	p := policy()
	draft := func() *rules.Draft {
		return rules.VerifyDraft("tk-verify", rules.VerifyInput{TaskID: task}, poster, worker)
	}
	l := func(pending int64) *store.Loaded {
		l := loaded(worker, claimed(), by(verifying(), infra))
		l.Poster.SystemPay.Pending = pending
		return l
	}
	work := rules.Work{Result: "twelve bytes"}
	got, err := p.Deliver(t2, l(15), work, draft(), rules.Answer{})
	verify := with(verifying(), func(n *store.Task) {
		n.ID, n.Version, n.CreatedAt, n.ExpiresAt, n.NextDue = "tk-verify", 1, t2, t2.Add(72*time.Hour), t2.Add(72*time.Hour)
		n.System.Until = t2.Add(24 * time.Hour)
	})
	want := handedIn(claimed(), func(n *store.Task) {
		n.Verifications, n.Children = 1, []store.TaskID{system, "tk-verify"}
		n.Delivery.Verification = &store.Verification{Status: store.VerificationPending}
	})
	text := store.TaskText{}
	if got != nil && len(got.Tasks) > 0 {
		text = got.Tasks[0].Text
	}
	want.Tasks = append([]store.TaskWrite{{New: verify, Text: text}}, want.Tasks...)
	want.Feed = []store.FeedItem{feed("tk-verify", 1, true)}
	want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 15}, New: store.SystemPay{Pending: 20}}}
	decides(t, want)(got, err)

	beyond := handedIn(claimed(), func(n *store.Task) { n.Children = []store.TaskID{system} })
	decides(t, beyond)(p.Deliver(t2, l(16), work, draft(), rules.Answer{}))
}
