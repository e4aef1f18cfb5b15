package rules_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// ended is a task that ended so an hour after t0.
func ended(status store.Status) *store.Task {
	t := posted()
	t.Status, t.Ending = status, &store.Ending{At: t1}
	t.NextDue = t1.Add(7 * 24 * time.Hour)
	return t
}

// fires wants the change of the timer that is due on the loaded task, whether it comes
// in time or a day late: what it does bears the instant at which it was due.
func fires(t *testing.T, l func() *store.Loaded, found rules.Ranking, want store.Change) {
	t.Helper()
	due := l().Task.NextDue
	if got := policy().Timer(due.Add(-1), l(), found, nil); got != nil {
		t.Error("it fires before it is due")
	}
	for _, late := range []time.Duration{0, 24 * time.Hour} {
		before := l()
		got := policy().Timer(due.Add(late), before, found, nil)
		if got == nil {
			t.Fatal("it does not fire")
		}
		same(t, got.Change, want)
		same(t, before, l())
	}
}

// expiry is the change that ends the task of an ordinary poster unpaid.
func expiry(old *store.Task) store.Change {
	at := old.NextDue
	return store.Change{
		At: at,
		Tasks: []store.TaskWrite{{Old: old, New: with(cancelled(old, at), func(n *store.Task) {
			n.Version, n.Status, n.Matching, n.Children = 5, store.StatusExpired, nil, nil
		})}},
		Transfers: refund(at),
		Accounts:  []store.AccountDelta{{Agent: poster, Escrowed: -50}},
		Events:    []store.Event{{Agent: poster, Type: store.EventTaskExpired, Task: task, At: at}},
		Feed:      []store.FeedItem{feed(task, 5, false)},
	}
}

func TestNothingIsDue(t *testing.T) {
	p := policy()
	for name, l := range map[string]*store.Loaded{
		"of nothing":              {Caller: agent(worker)},
		"of an approved task":     loaded(poster, approved()),
		"of a task that is young": loaded(poster, posted()),
	} {
		if rules.IsDue(l, t1) || p.Timer(t1, l, rules.Ranking{}, nil) != nil {
			t.Errorf("a timer %s is due", name)
		}
	}
}

func TestAPostedTaskExpires(t *testing.T) {
	matched := func() *store.Task {
		t := posted()
		t.Matching = &store.Matching{State: store.Matched, Until: t0.Add(90 * time.Second), Agents: []store.AgentID{worker}}
		return t
	}
	t.Run("unnoticed", func(t *testing.T) {
		fires(t, func() *store.Loaded { return loaded("", posted()) }, rules.Ranking{}, expiry(posted()))
	})
	t.Run("by its own time, of which the matched hear nothing", func(t *testing.T) {
		fires(t, func() *store.Loaded { return loaded("", matched()) }, rules.Ranking{}, expiry(matched()))
	})
	t.Run("at its deadline, of which the matched hear", func(t *testing.T) {
		urgent := func() *store.Task {
			t := matched()
			t.Deadline, t.NextDue = t1, t1
			return t
		}
		want := expiry(urgent())
		want.Events = append(want.Events, store.Event{Agent: worker, Type: store.EventTaskExpired, Task: task, At: t1})
		fires(t, func() *store.Loaded { return loaded("", urgent()) }, rules.Ranking{}, want)
	})
	t.Run("while it is being matched", func(t *testing.T) {
		old := func() *store.Task {
			t := awaiting()
			t.ExpiresAt, t.NextDue = t1, t1
			t.Matching.Until = t1.Add(time.Minute)
			return t
		}
		want := expiry(old())
		match := by(matching(), infra)
		want.Tasks = append([]store.TaskWrite{{Old: match, New: cancelled(match, t1)}}, want.Tasks...)
		want.SystemPays = []store.SystemPayWrite{{Agent: poster}}
		want.Accounts = append([]store.AccountDelta{{Agent: infra, OpenClaims: -1}}, want.Accounts...)
		want.Events = append([]store.Event{{Agent: infra, Type: store.EventTaskCancelled, Task: system, At: t1}}, want.Events...)
		fires(t, func() *store.Loaded { return loaded("", old(), by(matching(), infra)) }, rules.Ranking{}, want)
	})
}

func TestMatchingEnds(t *testing.T) {
	until := t0.Add(2 * time.Minute)
	t.Run("without an answer, as a broadcast", func(t *testing.T) {
		fires(t, func() *store.Loaded {
			l := loaded("", awaiting(), matching())
			l.Poster.SystemPay.Pending = 3
			return l
		}, rules.Ranking{Agents: []store.AgentID{worker}}, store.Change{
			At: until,
			Tasks: []store.TaskWrite{
				{Old: matching(), New: cancelled(matching(), until)},
				{Old: awaiting(), New: with(awaiting(), func(n *store.Task) { n.Matching, n.Children, n.NextDue = nil, nil, n.ExpiresAt })},
			},
			SystemPays: []store.SystemPayWrite{{Agent: poster, Old: store.SystemPay{Pending: 3}}},
			Feed:       []store.FeedItem{feed(system, 5, false), feed(task, 5, true)},
		})
	})
	t.Run("while somebody is at it", func(t *testing.T) {
		fires(t, func() *store.Loaded { return loaded("", awaiting(), by(matching(), infra)) }, rules.Ranking{}, store.Change{
			At:    until,
			Tasks: []store.TaskWrite{{Old: awaiting(), New: with(awaiting(), func(n *store.Task) { n.Matching, n.NextDue = nil, n.ExpiresAt })}},
			Feed:  []store.FeedItem{feed(task, 5, true)},
		})
	})
	t.Run("by the matcher, later", func(t *testing.T) {
		deferred := func() *store.Task {
			t := posted()
			t.Matching, t.NextDue = &store.Matching{State: store.MatchDeferred, Until: t0}, t0
			return t
		}
		fires(t, func() *store.Loaded { return loaded("", deferred()) }, rules.Ranking{Agents: []store.AgentID{worker}, HeadStart: true}, store.Change{
			At: t0,
			Tasks: []store.TaskWrite{{Old: deferred(), New: with(deferred(), func(n *store.Task) {
				n.Matching = &store.Matching{State: store.Matched, Until: t0.Add(90 * time.Second), Agents: []store.AgentID{worker}}
				n.NextDue = n.ExpiresAt
			})}},
			Events: []store.Event{{Agent: worker, Type: store.EventTaskMatched, Task: task, Data: store.EventData{Rank: new(0)}, At: t0}},
			Feed:   []store.FeedItem{feed(task, 5, true)},
		})
	})
}

func TestAClaimLapses(t *testing.T) {
	for name, c := range map[string]struct {
		edit   func(*store.Task)
		at     time.Time
		typ    store.EventType
		reason string
		why    string
		strike bool
	}{
		"as its time is over":          {asItIs, t3, store.EventDeadlineExpired, "claim_timeout", "the time for a delivery passed", true},
		"at the deadline":              {func(t *store.Task) { t.Deadline = t2 }, t2, store.EventDeadlineExpired, "", "the task's deadline passed", true},
		"before a later deadline":      {func(t *store.Task) { t.Deadline = t3.Add(1) }, t3, store.EventDeadlineExpired, "claim_timeout", "the time for a delivery passed", true},
		"at both":                      {func(t *store.Task) { t.Deadline = t3 }, t3, store.EventDeadlineExpired, "", "the task's deadline passed", true},
		"in the grace of a rejection":  {func(t *store.Task) { *t = *rejected() }, t3.Add(5 * time.Minute), store.EventRejectionGraceExpired, "", "the grace after the rejection passed without a new delivery", false},
		"in the grace, after all else": {func(t *store.Task) { *t = *rejected(); t.Deadline = t2 }, t3.Add(5 * time.Minute), store.EventRejectionGraceExpired, "", "the grace after the rejection passed without a new delivery", false},
	} {
		t.Run(name, func(t *testing.T) {
			old := func() *store.Task {
				old := claimed()
				c.edit(old)
				old.NextDue = c.at
				return old
			}
			want := givenBack(old(), c.at, c.why)
			n := want.Tasks[0].New
			if n.Deadline.After(c.at) {
				n.NextDue = n.Deadline
			} else {
				n.Deadline = time.Time{}
			}
			if !c.strike {
				want.Strikes = nil
				n.Superseded = []store.Superseded{{No: 1, Worker: worker, Bytes: 12, Until: c.at.Add(7 * 24 * time.Hour), At: t0.Add(2 * time.Hour), Charged: 40}}
			}
			data := store.EventData{Reason: c.reason}
			want.Events = []store.Event{
				{Agent: worker, Type: c.typ, Task: task, Data: data, At: c.at},
				{Agent: poster, Type: c.typ, Task: task, Data: data, At: c.at},
			}
			fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
		})
	}
}

func TestADeliveryIsApprovedInThePostersPlace(t *testing.T) {
	due := t0.Add(26 * time.Hour)
	want := approval(delivered(), due, 0, "")
	want.Active = nil
	want.Tasks[0].New.Ending.Auto = true
	want.Events = append(want.Events, store.Event{Agent: poster, Type: store.EventTaskApproved, Task: task, Data: store.EventData{Credits: new(int64(40))}, At: due})
	fires(t, func() *store.Loaded { return loaded("", delivered()) }, rules.Ranking{}, want)
	want.Agents = nil
	fires(t, func() *store.Loaded {
		l := loaded("", delivered())
		l.Worker = nil
		return l
	}, rules.Ranking{}, want)
}

// The work of a suspended agent is looked at again a minute after the timer came,
// however late that was, so that timers that stood still do not come in a row.
func TestADeliveryOfASuspendedAgentWaits(t *testing.T) {
	for _, late := range []time.Duration{0, time.Hour} {
		l := loaded("", delivered())
		l.Worker.Suspended = true
		due := l.Task.NextDue
		got := policy().Timer(due.Add(late), l, rules.Ranking{}, nil)
		decides(t, store.Change{
			At:    due,
			Tasks: []store.TaskWrite{{Old: delivered(), New: with(delivered(), func(n *store.Task) { n.NextDue = due.Add(late + time.Minute) })}},
		})(got, nil)
	}
}

// With the suspension's end, its approval is due at once.
func TestAReviewIsResumed(t *testing.T) {
	waits := delivered()
	waits.NextDue = t0.Add(30 * time.Hour)
	now := t0.Add(29 * time.Hour)
	same(t, *policy().ResumeReview(now, waits), store.Change{
		At: now, Tasks: []store.TaskWrite{{Old: waits, New: with(waits, func(n *store.Task) { n.NextDue = now })}},
	})
}

// The texts of a task that ended without an approval go after a week.
func TestTextsOfAnEndedTaskGo(t *testing.T) {
	week := t1.Add(7 * 24 * time.Hour)
	for _, status := range []store.Status{store.StatusCancelled, store.StatusExpired} {
		fires(t, func() *store.Loaded { return loaded("", ended(status)) }, rules.Ranking{}, store.Change{
			At:       week,
			Tasks:    []store.TaskWrite{{Old: ended(status), New: with(ended(status), func(n *store.Task) { n.TextsPruned, n.NextDue = true, time.Time{} })}},
			Drop:     []store.TextRef{{Task: task}},
			Accounts: []store.AccountDelta{{Agent: poster, TextBytes: -30}},
		})
	}
	old := func() *store.Task {
		t := matching()
		t.Status, t.Ending, t.NextDue = store.StatusCancelled, &store.Ending{At: t1}, week
		return t
	}
	t.Run("that of a system task count for nobody", func(t *testing.T) {
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, store.Change{
			At:    week,
			Tasks: []store.TaskWrite{{Old: old(), New: with(old(), func(n *store.Task) { n.TextsPruned, n.NextDue = true, time.Time{} })}},
			Drop:  []store.TextRef{{Task: system}},
		})
	})
}

// Superseded results go one after the other, each in its time, before anything else
// that is due, and the task's own texts after them.
func TestSupersededResultsGo(t *testing.T) {
	superseded := func(t *store.Task, until ...time.Time) *store.Task {
		for i, at := range until {
			t.Superseded = append(t.Superseded, store.Superseded{No: i + 1, Worker: other, Bytes: int64(10 * (i + 1)), Until: at})
		}
		t.NextDue = until[0]
		return t
	}
	dropping := func(at time.Time, old *store.Task, bytes int64, dropped ...int) store.Change {
		c := store.Change{At: at, Accounts: []store.AccountDelta{{Agent: other, TextBytes: -bytes}}}
		for _, no := range dropped {
			c.Drop = append(c.Drop, store.TextRef{Task: task, No: no})
		}
		c.Tasks = []store.TaskWrite{{Old: old, New: with(old, func(n *store.Task) { n.Superseded = n.Superseded[len(dropped):] })}}
		return c
	}
	t.Run("one of two", func(t *testing.T) {
		old := func() *store.Task { return superseded(posted(), t1, t1.Add(1)) }
		want := dropping(t1, old(), 10, 1)
		want.Tasks[0].New.NextDue = t1.Add(1)
		want.Feed = []store.FeedItem{feed(task, 5, true)}
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("two at once, and then what the status wants", func(t *testing.T) {
		old := func() *store.Task { return superseded(claimed(), t2, t2) }
		want := dropping(t2, old(), 30, 1, 2)
		want.Tasks[0].New.NextDue = t3
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("before a task expires", func(t *testing.T) {
		old := func() *store.Task {
			t := superseded(posted(), t2)
			t.ExpiresAt = t2
			return t
		}
		want := dropping(t2, old(), 10, 1)
		want.Tasks[0].New.NextDue = t2
		want.Feed = []store.FeedItem{feed(task, 5, true)}
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	week := t1.Add(7 * 24 * time.Hour)
	t.Run("with the rest of an ended task", func(t *testing.T) {
		old := func() *store.Task { return superseded(ended(store.StatusCancelled), week) }
		want := dropping(week, old(), 10, 1)
		want.Drop = append(want.Drop, store.TextRef{Task: task})
		want.Accounts = append(want.Accounts, store.AccountDelta{Agent: poster, TextBytes: -30})
		want.Tasks[0].New.TextsPruned, want.Tasks[0].New.NextDue = true, time.Time{}
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("before the rest of an ended task", func(t *testing.T) {
		old := func() *store.Task { return superseded(ended(store.StatusCancelled), week.Add(-1)) }
		want := dropping(week.Add(-1), old(), 10, 1)
		want.Tasks[0].New.NextDue = week
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("while those of an ended task wait for a later one", func(t *testing.T) {
		old := func() *store.Task { return superseded(ended(store.StatusCancelled), week, week.Add(1)) }
		want := dropping(week, old(), 10, 1)
		want.Tasks[0].New.NextDue = week.Add(1)
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("of an approved task, whose texts stay", func(t *testing.T) {
		old := func() *store.Task { return superseded(approved(), t3) }
		want := dropping(t3, old(), 10, 1)
		want.Tasks[0].New.NextDue = time.Time{}
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
	t.Run("of an ended task whose texts are gone", func(t *testing.T) {
		old := func() *store.Task {
			t := superseded(ended(store.StatusExpired), week)
			t.TextsPruned = true
			return t
		}
		want := dropping(week, old(), 10, 1)
		want.Tasks[0].New.NextDue = time.Time{}
		fires(t, func() *store.Loaded { return loaded("", old()) }, rules.Ranking{}, want)
	})
}

func TestASystemTaskExpires(t *testing.T) {
	until := t0.Add(72 * time.Hour)
	due := func(task, parent *store.Task) func() *store.Loaded {
		return func() *store.Loaded {
			l := loaded("", task)
			l.Parent = parent
			return l
		}
	}
	over := func(old *store.Task, status store.Status) store.Change {
		return store.Change{
			At: until,
			Tasks: []store.TaskWrite{{Old: old, New: with(cancelled(old, until), func(n *store.Task) {
				n.Version, n.Status = 5, status
			})}},
			SystemPays: []store.SystemPayWrite{{Agent: old.System.Subject, Old: store.SystemPay{Pending: old.MaxCredits}}},
			Feed:       []store.FeedItem{feed(system, 5, false)},
		}
	}
	t.Run("that nobody needs", func(t *testing.T) {
		fires(t, due(matching(), claimed()), rules.Ranking{}, over(matching(), store.StatusCancelled))
	})
	t.Run("that is needed to match", func(t *testing.T) {
		fires(t, due(matching(), awaiting()), rules.Ranking{}, over(matching(), store.StatusExpired))
	})
	t.Run("about somebody who is not loaded", func(t *testing.T) {
		want := over(matching(), store.StatusExpired)
		want.SystemPays = nil
		fires(t, func() *store.Loaded {
			l := due(matching(), awaiting())()
			l.Subject = nil
			return l
		}, rules.Ranking{}, want)
	})
	t.Run("that is needed to verify", func(t *testing.T) {
		want := over(verifying(), store.StatusExpired)
		want.Tasks = append(want.Tasks, store.TaskWrite{Old: inVerification(), New: with(inVerification(), func(n *store.Task) {
			n.Delivery.Verification = &store.Verification{Status: store.VerificationUnusable}
		})})
		want.Events = []store.Event{{Agent: poster, Type: store.EventTaskVerified, Task: task, At: until}}
		fires(t, due(verifying(), inVerification()), rules.Ranking{}, want)
	})
}

// A store may lose or keep what its timers know; a task is written once more so that
// the store moves it from where it has it to where it belongs.
func TestALostTimerIsSetAgain(t *testing.T) {
	if rules.IsLost(&store.StoredTask{Task: posted(), Due: posted().NextDue}) {
		t.Error("a timer that is in its place is lost")
	}
	if !rules.IsLost(&store.StoredTask{Task: posted(), Due: t1}) {
		t.Error("a timer elsewhere is not lost")
	}
	old := posted()
	old.NextDue = t1
	decides(t, store.Change{
		At: t2, Tasks: []store.TaskWrite{{Old: old, New: with(posted(), asItIs)}}, Feed: []store.FeedItem{feed(task, 5, true)},
	})(policy().Rearm(t2, posted(), t1), nil)
}
