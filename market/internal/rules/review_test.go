package rules_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

var t3 = t0.Add(3 * time.Hour)

// step is one step of trust from a neutral pair.
func step(from, to store.AgentID, score float64, at time.Time) store.TrustPair {
	return store.TrustPair{From: from, To: to, Score: score, Interactions: 1, UpdatedAt: at}
}

// approval is the change of an approval of a delivery for 40 of 50 credits, by the
// poster, with a rating.
func approval(old *store.Task, at time.Time, rating int, feedback string) store.Change {
	rated := int64(0)
	if rating > 0 {
		rated = 1
	}
	there, back := step(poster, worker, 0.55, at), step(worker, poster, 0.55, at)
	l := loaded(poster, old)
	tag := func(name string) store.TagDelta {
		return store.TagDelta{Agent: worker, TagStat: store.TagStat{Tag: name, Count: 1, Earned: 36, RatingSum: int64(rating), RatingCount: rated}}
	}
	return store.Change{
		At: at, Active: []store.AgentID{poster},
		Tasks: []store.TaskWrite{{Old: old, New: with(old, func(n *store.Task) {
			n.Status, n.NextDue, n.Children = store.StatusApproved, time.Time{}, nil
			n.Ending = &store.Ending{At: at, Charged: 40, Fee: 4, Rating: rating, Feedback: feedback}
		})}},
		Agents: []store.AgentWrite{{Old: &l.Worker.Profile, New: profiled(&l.Worker.Profile, func(n *store.Profile) { n.WorkedFor = []store.AgentID{poster} })}},
		Trust:  []store.TrustWrite{{New: there}, {New: back}},
		Transfers: []store.Transfer{
			{From: "escrow:tk-1", To: "ag-worker", Amount: 36, Fee: 4, Kind: store.EntryPayment, Agent: worker, Task: task, At: at},
			{From: "escrow:tk-1", To: store.PlatformAccount, Amount: 4, Kind: store.EntryPlatformFee, Task: task, At: at},
			{From: "escrow:tk-1", To: "ag-poster", Amount: 10, Kind: store.EntryRefund, Agent: poster, Task: task, At: at},
		},
		Accounts: []store.AccountDelta{
			{Agent: worker, Completed: 1, Earned: 36, Fees: 4, Charged: 40, RatingSum: int64(rating), RatingCount: rated, TextBytes: -12},
			{Agent: poster, Escrowed: -50, Spent: 40, Approvals: 1, FeesBrought: 4, TextBytes: -30},
		},
		Tags: []store.TagDelta{tag("go"), tag("sql")},
		Events: []store.Event{{
			Agent: worker, Type: store.EventTaskApproved, Task: task, Data: store.EventData{Credits: new(int64(36)), Rating: rating}, At: at,
		}},
		Feed: []store.FeedItem{agentFeed(worker), agentFeed(poster), trustFeed(there), trustFeed(back)},
	}
}

func TestApprove(t *testing.T) {
	p := policy()
	t.Run("with a rating", func(t *testing.T) {
		decides(t, approval(delivered(), t3, 5, "fine"))(p.Approve(t3, loaded(poster, delivered()), rules.Review{Rating: 5, Feedback: "fine"}))
	})
	t.Run("with the least rating", func(t *testing.T) {
		decides(t, approval(delivered(), t3, 1, ""))(p.Approve(t3, loaded(poster, delivered()), rules.Review{Rating: 1}))
	})
	t.Run("without a rating", func(t *testing.T) {
		decides(t, approval(delivered(), t3, 0, ""))(p.Approve(t3, loaded(poster, delivered()), rules.Review{}))
	})
	t.Run("before the verdict has come", func(t *testing.T) {
		l := loaded(poster, inVerification(), verifying())
		l.Poster.SystemPay.Pending = 5
		want := approval(inVerification(), t3, 0, "")
		want.Tasks = append([]store.TaskWrite{{Old: verifying(), New: cancelled(verifying(), t3)}}, want.Tasks...)
		want.Feed = append([]store.FeedItem{feed(system, 5, false)}, want.Feed...)
		want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 5}}}
		decides(t, want)(p.Approve(t3, l, rules.Review{}))
	})
	t.Run("while somebody is at work on it", func(t *testing.T) {
		want := approval(inVerification(), t3, 0, "")
		want.Tasks[0].New.Children = []store.TaskID{system}
		decides(t, want)(p.Approve(t3, loaded(poster, inVerification(), by(verifying(), infra)), rules.Review{}))
	})
	t.Run("by the worker", func(t *testing.T) {
		refuses(t, rules.CodeForbidden, "Only the poster can approve; without a review it is approved at 2026-03-02T14:00:00+00:00")(p.Approve(t3, loaded(worker, delivered()), rules.Review{}))
		refuses(t, rules.CodeForbidden, "Only the poster can approve")(p.Approve(t3, loaded(worker, claimed()), rules.Review{}))
		refuses(t, rules.CodeForbidden, "Only the poster can approve")(p.Approve(t3, loaded(other, posted()), rules.Review{}))
	})
	t.Run("by a stranger", func(t *testing.T) {
		refuses(t, rules.CodeNotFound, "Task not found")(p.Approve(t3, loaded(other, delivered()), rules.Review{}))
	})
	t.Run("what is not delivered", func(t *testing.T) {
		refuses(t, rules.CodeWrongState, "Task is claimed and cannot be approved")(p.Approve(t3, loaded(poster, rejected()), rules.Review{}))
	})
}

// Three posters are remembered, each once: they prove an infra agent.
func TestApproveRemembersThreePosters(t *testing.T) {
	p := policy()
	for name, c := range map[string]struct{ before, after []store.AgentID }{
		"the third":       {[]store.AgentID{"ag-1", "ag-2"}, []store.AgentID{"ag-1", "ag-2", poster}},
		"the fourth":      {[]store.AgentID{"ag-1", "ag-2", "ag-3"}, nil},
		"one for another": {[]store.AgentID{"ag-1", poster}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := loaded(poster, delivered())
			l.Worker.WorkedFor = c.before
			want := approval(delivered(), t3, 0, "")
			if c.after == nil {
				want.Agents = nil
			} else {
				want.Agents[0].Old = &l.Worker.Profile
				want.Agents[0].New.WorkedFor = c.after
			}
			decides(t, want)(p.Approve(t3, l, rules.Review{}))
		})
	}
	t.Run("of nobody who is not loaded", func(t *testing.T) {
		l := loaded(poster, delivered())
		l.Worker = nil
		want := approval(delivered(), t3, 0, "")
		want.Agents = nil
		decides(t, want)(p.Approve(t3, l, rules.Review{}))
	})
}

// Whatever was charged, the escrow ends empty.
func TestApproveEmptiesTheEscrow(t *testing.T) {
	p := policy()
	for charged := range int64(51) {
		old := delivered()
		old.Delivery.Charged = charged
		got, err := p.Approve(t3, loaded(poster, old), rules.Review{})
		if err != nil {
			t.Fatal(err)
		}
		moved := map[store.AccountName]int64{}
		for _, tr := range got.Transfers {
			if tr.Amount <= 0 {
				t.Errorf("%d charged: a transfer of %d", charged, tr.Amount)
			}
			moved[tr.From] -= tr.Amount
			moved[tr.To] += tr.Amount
		}
		fee := charged / 10
		if moved["escrow:tk-1"] != -50 || moved["ag-worker"] != charged-fee || moved["ag-poster"] != 50-charged || moved[store.PlatformAccount] != fee {
			t.Errorf("%d charged: %v", charged, moved)
		}
	}
}

func TestFee(t *testing.T) {
	for _, c := range []struct {
		percent      float64
		charged, fee int64
	}{{10, 9, 0}, {10, 10, 1}, {10, 19, 1}, {7, 100, 7}, {7, 99, 6}, {0, 100_000, 0}, {100, 7, 7}, {2.5, 40, 1}, {2.5, 39, 0}, {29, 100, 29}} {
		p := policy()
		p.FeePercent = c.percent
		if got := p.Fee(c.charged); got != c.fee {
			t.Errorf("%v %% of %d is %d, wanted %d", c.percent, c.charged, got, c.fee)
		}
	}
}

// Trust goes a tenth of the way to 1, or loses a tenth, in six decimals.
func TestStepsOfTrust(t *testing.T) {
	p := policy()
	up := func(score float64) float64 {
		l := loaded(poster, delivered())
		l.PosterTrust.Score = score
		l.PosterTrust.Interactions = 4
		got, err := p.Approve(t3, l, rules.Review{})
		if err != nil || got.Trust[0].New.Interactions != 5 {
			t.Fatal(got, err)
		}
		return got.Trust[0].New.Score
	}
	down := func(score float64) float64 {
		l := loaded(poster, delivered())
		l.PosterTrust.Score = score
		got, err := p.Reject(t3, l, "r", "")
		if err != nil {
			t.Fatal(err)
		}
		return got.Trust[0].New.Score
	}
	for _, c := range []struct{ before, up, down float64 }{
		{0.5, 0.55, 0.45}, {0, 0.1, 0}, {1, 1, 0.9}, {0.123456, 0.21111, 0.11111}, {0.123454, 0.211109, 0.111109}, {0.123455, 0.21111, 0.11111},
	} {
		if got := up(c.before); got != c.up {
			t.Errorf("%v went up to %v, wanted %v", c.before, got, c.up)
		}
		if got := down(c.before); got != c.down {
			t.Errorf("%v went down to %v, wanted %v", c.before, got, c.down)
		}
	}
}

// A pair of whom nothing is kept yet says whose trust it is as soon as there is a step.
func TestAStepOfTrustNamesBoth(t *testing.T) {
	l := loaded(poster, delivered())
	l.PosterTrust, l.WorkerTrust = store.TrustPair{Score: store.NeutralTrust}, store.TrustPair{Score: store.NeutralTrust}
	decides(t, approval(delivered(), t3, 0, ""))(policy().Approve(t3, l, rules.Review{}))
}

func TestReject(t *testing.T) {
	p := policy()
	grace := t3.Add(5 * time.Minute)
	l := loaded(poster, inVerification(), verifying())
	l.Poster.SystemPay.Pending = 5
	loss := step(poster, worker, 0.45, t3)
	decides(t, store.Change{
		At: t3, Active: []store.AgentID{poster},
		Tasks: []store.TaskWrite{
			{Old: verifying(), New: cancelled(verifying(), t3)},
			{Old: inVerification(), New: with(inVerification(), func(n *store.Task) {
				n.Status, n.Rejections, n.Children, n.NextDue = store.StatusClaimed, 1, nil, grace
				n.Rejection = &store.Rejection{Reason: "short", Feedback: "longer", At: t3}
				n.Claim.Grace = grace
				n.Delivery.Verification = nil
			})},
		},
		Trust:      []store.TrustWrite{{New: loss}},
		SystemPays: []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 5}}},
		Talk:       []store.TalkCount{{Task: task, Bytes: 11, MaxBytes: 4 << 20}},
		Accounts:   []store.AccountDelta{{Agent: worker, OpenClaims: 1, Rejected: 1}, {Agent: poster, Rejections: 1}},
		Events: []store.Event{{Agent: worker, Type: store.EventTaskRejected, Task: task, At: t3, Data: store.EventData{
			Reason: "short", Feedback: "longer", GraceDeadline: store.NewTime(grace),
		}}},
		Feed: []store.FeedItem{feed(system, 5, false), agentFeed(poster), trustFeed(loss)},
	})(p.Reject(t3, l, "short", "longer"))
	same(t, l.Task, inVerification())

	refuses(t, rules.CodeForbidden, "Only the poster can reject")(p.Reject(t3, loaded(worker, delivered()), "r", ""))
	refuses(t, rules.CodeWrongState, "Task is claimed and cannot be rejected")(p.Reject(t3, loaded(poster, claimed()), "r", ""))
}

// The second rejection counts on, and who is at work on a verdict goes on.
func TestRejectAgain(t *testing.T) {
	old := inVerification()
	old.Rejections = 1
	got, err := policy().Reject(t3, loaded(poster, old, by(verifying(), infra)), "r", "")
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Tasks[0].New; n.Rejections != 2 || len(n.Children) != 1 || len(got.Tasks) != 1 {
		t.Errorf("%+v", n)
	}
}
