package rules_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// refund is the transfer that empties the escrow of a task without pay.
func refund(at time.Time) []store.Transfer {
	return []store.Transfer{{
		From: "escrow:tk-1", To: "ag-poster", Amount: 50, Kind: store.EntryRefund, Agent: poster, Task: task, At: at,
	}}
}

func TestCancel(t *testing.T) {
	p := policy()
	change := func(old *store.Task) store.Change {
		return store.Change{
			At: t1, Active: []store.AgentID{poster},
			Tasks: []store.TaskWrite{{Old: old, New: with(cancelled(old, t1), func(n *store.Task) {
				n.Version, n.Matching, n.Children = 5, nil, nil
			})}},
			Transfers: refund(t1),
			Accounts:  []store.AccountDelta{{Agent: poster, Escrowed: -50}},
			Feed:      []store.FeedItem{feed(task, 5, false)},
		}
	}
	t.Run("a task of nobody's", func(t *testing.T) {
		decides(t, change(posted()))(p.Cancel(t1, loaded(poster, posted())))
	})
	t.Run("a matched task", func(t *testing.T) {
		old := posted()
		old.Matching = &store.Matching{State: store.Matched, Until: t0, Agents: []store.AgentID{worker, other}}
		want := change(old)
		want.Events = []store.Event{
			{Agent: worker, Type: store.EventTaskCancelled, Task: task, At: t1},
			{Agent: other, Type: store.EventTaskCancelled, Task: task, At: t1},
		}
		decides(t, want)(p.Cancel(t1, loaded(poster, old)))
	})
	t.Run("a task whose match task nobody has", func(t *testing.T) {
		l := loaded(poster, awaiting(), matching())
		l.Poster.SystemPay.Pending = 4
		want := change(awaiting())
		want.Tasks = append([]store.TaskWrite{{Old: matching(), New: cancelled(matching(), t1)}}, want.Tasks...)
		want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 4}, New: store.SystemPay{Pending: 1}}}
		want.Feed = append([]store.FeedItem{feed(system, 5, false)}, want.Feed...)
		decides(t, want)(p.Cancel(t1, l))
	})
	t.Run("a task that somebody matches", func(t *testing.T) {
		l := loaded(poster, awaiting(), by(matching(), infra), by(verifying(), infra))
		l.Children[1].Status = store.StatusApproved
		l.Poster.SystemPay.Pending = 2
		want := change(awaiting())
		want.Tasks = append([]store.TaskWrite{{Old: by(matching(), infra), New: cancelled(by(matching(), infra), t1)}}, want.Tasks...)
		want.Accounts = append([]store.AccountDelta{{Agent: infra, OpenClaims: -1}}, want.Accounts...)
		want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 2}}}
		want.Events = []store.Event{{Agent: infra, Type: store.EventTaskCancelled, Task: system, At: t1}}
		decides(t, want)(p.Cancel(t1, l))
	})
	t.Run("by a stranger", func(t *testing.T) {
		refuses(t, rules.CodeForbidden, "Only the poster can cancel")(p.Cancel(t1, loaded(other, posted())))
	})
	t.Run("what is claimed", func(t *testing.T) {
		refuses(t, rules.CodeWrongState, "Task is claimed and cannot be cancelled")(p.Cancel(t1, loaded(poster, claimed())))
	})
}

// givenBack is the change of a claimed task that everybody may have again.
func givenBack(old *store.Task, at time.Time, why string) store.Change {
	by := old.Claim.Worker
	return store.Change{
		At: at,
		Tasks: []store.TaskWrite{{Old: old, New: with(old, func(n *store.Task) {
			n.Status, n.Claim, n.Delivery, n.Rejection, n.Matching, n.Children = store.StatusPosted, nil, nil, nil, nil, nil
			n.ExpiresAt = at.Add(72 * time.Hour)
			n.NextDue = n.ExpiresAt
		})}},
		Strikes:  []store.StrikeWrite{{Agent: by, New: store.Strikes{Count: 1}}},
		Roles:    []store.RoleWrite{{Task: task, Agent: by, Role: store.RoleWorker, Lapse: &store.Lapse{At: at, Why: why, Claim: old.Claims}}},
		Accounts: []store.AccountDelta{{Agent: by, OpenClaims: -1}},
		Feed:     []store.FeedItem{feed(old.ID, 5, true)},
	}
}

func abandoned(old *store.Task) store.Change {
	want := givenBack(old, t2, "you gave it back")
	want.Active = []store.AgentID{old.Claim.Worker}
	return want
}

func TestAbandon(t *testing.T) {
	p := policy()
	t.Run("a task", func(t *testing.T) {
		old := claimed()
		old.Matching = &store.Matching{State: store.Matched, Until: t0, Agents: []store.AgentID{worker}}
		decides(t, abandoned(old))(p.Abandon(t2, loaded(worker, old)))
	})
	for name, c := range map[string]struct {
		deadline time.Time
		stays    bool
	}{"with a deadline to come": {t2.Add(1), true}, "at the deadline": {t2, false}, "after the deadline": {t2.Add(-1), false}} {
		t.Run(name, func(t *testing.T) {
			old := claimed()
			old.Deadline = c.deadline
			want := abandoned(old)
			if n := want.Tasks[0].New; c.stays {
				n.NextDue = n.Deadline
			} else {
				n.Deadline = time.Time{}
			}
			decides(t, want)(p.Abandon(t2, loaded(worker, old)))
		})
	}
	t.Run("after a rejection", func(t *testing.T) {
		old := rejected()
		old.Children = []store.TaskID{system}
		want := abandoned(old)
		week := t2.Add(7 * 24 * time.Hour)
		want.Tasks[0].New.Superseded = []store.Superseded{{No: 1, Worker: worker, Bytes: 12, Until: week, At: t0.Add(2 * time.Hour), Charged: 40}}
		want.Tasks[0].New.Children = old.Children
		verify := by(verifying(), infra)
		decides(t, want)(p.Abandon(t2, loaded(worker, old, verify)))
	})
	t.Run("with a verdict that nobody needs", func(t *testing.T) {
		l := loaded(worker, claimed(), verifying())
		l.Poster.SystemPay.Pending = 5
		want := abandoned(claimed())
		want.Tasks = append([]store.TaskWrite{{Old: verifying(), New: cancelled(verifying(), t2)}}, want.Tasks...)
		want.SystemPays = []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 5}}}
		want.Feed = append([]store.FeedItem{feed(system, 5, false)}, want.Feed...)
		decides(t, want)(p.Abandon(t2, l))
	})
	t.Run("by the poster", func(t *testing.T) {
		refuses(t, rules.CodeForbidden, "Only the worker can abandon")(p.Abandon(t2, loaded(poster, claimed())))
	})
	t.Run("what is delivered", func(t *testing.T) {
		refuses(t, rules.CodeWrongState, "Task is delivered and cannot be abandoned")(p.Abandon(t2, loaded(worker, delivered())))
	})
}

func TestAbandonASystemTask(t *testing.T) {
	p := policy()
	about := func(task, parent *store.Task) *store.Loaded {
		l := loaded(infra, by(task, infra))
		l.Parent = parent
		return l
	}
	again := func(old *store.Task) store.Change {
		want := abandoned(old)
		want.Roles = nil
		return want
	}
	t.Run("that is still needed to match", func(t *testing.T) {
		old := by(matching(), infra)
		want := again(old)
		excluding := *old.System
		excluding.Excluded = []store.AgentID{poster, infra}
		want.Tasks[0].New.System = &excluding
		want.Tasks = append([]store.TaskWrite{{Old: awaiting(), New: with(awaiting(), asItIs)}}, want.Tasks...)
		want.Feed = append([]store.FeedItem{feed(task, 5, true)}, want.Feed...)
		l := about(matching(), awaiting())
		decides(t, want)(p.Abandon(t2, l))
		same(t, l.Task.System.Excluded, []store.AgentID{poster})
	})
	t.Run("that is still needed to verify, by one who is excluded", func(t *testing.T) {
		old := by(verifying(), infra)
		old.System.Excluded = append(old.System.Excluded, infra)
		l := about(verifying(), inVerification())
		l.Task = old
		decides(t, again(old))(p.Abandon(t2, l))
	})
	t.Run("about an agent", func(t *testing.T) {
		l := about(extracting(), nil)
		l.Subject.Extraction, l.Subject.GoodAt = system, "Go"
		decides(t, again(by(extracting(), infra)))(p.Abandon(t2, l))
	})
	t.Run("that nobody needs", func(t *testing.T) {
		old := by(matching(), infra)
		decides(t, store.Change{
			At: t2, Active: []store.AgentID{infra},
			Tasks:      []store.TaskWrite{{Old: old, New: cancelled(old, t2)}},
			Strikes:    []store.StrikeWrite{{Agent: infra, New: store.Strikes{Count: 1}}},
			SystemPays: []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 3}}},
			Accounts:   []store.AccountDelta{{Agent: infra, OpenClaims: -1}},
		})(p.Abandon(t2, about(matching(), claimed())))
	})
}

// The strike that reaches the limit blocks pickup and ends the count; during the
// cooldown nothing is counted.
func TestStrikes(t *testing.T) {
	blocked := store.Strikes{BlockedUntil: t2.Add(30 * time.Minute)}
	for name, c := range map[string]struct {
		limit  int
		before store.Strikes
		after  *store.Strikes
	}{
		"the first":                      {3, store.Strikes{}, &store.Strikes{Count: 1}},
		"the last that is free":          {3, store.Strikes{Count: 1}, &store.Strikes{Count: 2}},
		"the one that reaches the limit": {3, store.Strikes{Count: 2}, &blocked},
		"one beyond a lowered limit":     {2, store.Strikes{Count: 2}, &blocked},
		"the only one":                   {1, store.Strikes{}, &blocked},
		"without a limit":                {0, store.Strikes{Count: 9}, nil},
		"during the cooldown":            {3, store.Strikes{BlockedUntil: t2.Add(1)}, nil},
		"as the cooldown ends":           {3, store.Strikes{BlockedUntil: t2}, &store.Strikes{Count: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy()
			p.AbandonLimit = c.limit
			l := loaded(worker, claimed())
			l.Worker.Strikes = c.before
			want := abandoned(claimed())
			want.Strikes = nil
			if c.after != nil {
				want.Strikes = []store.StrikeWrite{{Agent: worker, Old: c.before, New: *c.after}}
			}
			decides(t, want)(p.Abandon(t2, l))
		})
	}
	t.Run("of nobody who is not loaded", func(t *testing.T) {
		l := loaded(worker, claimed())
		l.Worker = nil
		want := abandoned(claimed())
		want.Strikes = nil
		decides(t, want)(policy().Abandon(t2, l))
	})
}

func TestRate(t *testing.T) {
	p := policy()
	now := t0.Add(4 * time.Hour)
	for rating, score := range map[int]float64{1: 0.45, 2: 0.45, 3: 0.55, 5: 0.55} {
		pair := step(worker, poster, score, now)
		l := loaded(worker, approved())
		decides(t, store.Change{
			At: now, Active: []store.AgentID{worker},
			Tasks: []store.TaskWrite{{Old: approved(), New: with(approved(), func(n *store.Task) {
				n.Ending.PosterRating, n.Ending.PosterFeedback = rating, "clear"
			})}},
			Trust:    []store.TrustWrite{{New: pair}},
			Accounts: []store.AccountDelta{{Agent: poster, RatingSum: int64(rating), RatingCount: 1}},
			Events:   []store.Event{{Agent: poster, Type: store.EventTaskRated, Task: task, Data: store.EventData{Rating: rating}, At: now}},
			Feed:     []store.FeedItem{trustFeed(pair), agentFeed(poster)},
		})(p.Rate(now, l, rating, "clear"))
		same(t, l.Task, approved())
	}
	twice := loaded(worker, approved())
	twice.Task.Ending.PosterRating = 1
	ofSystem := by(matching(), worker)
	ofSystem.Status = store.StatusApproved
	for name, c := range map[string]struct {
		l    *store.Loaded
		code rules.Code
		says string
	}{
		"by the poster":       {loaded(poster, approved()), rules.CodeForbidden, "Only the worker can rate the poster"},
		"before the approval": {loaded(worker, delivered()), rules.CodeWrongState, "Task is delivered and cannot be rated"},
		"twice":               {twice, rules.CodeAlreadyDone, "Task is approved and already rated"},
		"the platform":        {loaded(worker, ofSystem), rules.CodeForbidden, "System tasks are not rated"},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, c.code, c.says)(p.Rate(now, c.l, 5, "")) })
	}
}
