package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// lapsed is a task that the caller had claimed before.
func lapsed(t *store.Task, caller store.AgentID, role store.Role) *store.Loaded {
	l := loaded(caller, t)
	l.Role, l.Lapse = role, &store.Lapse{At: t0.Add(time.Hour), Why: "you gave it back"}
	return l
}

func TestWhoKnowsOfATask(t *testing.T) {
	for name, c := range map[string]struct {
		l                 *store.Loaded
		visible, ordinary bool
	}{
		"nothing":                        {&store.Loaded{Caller: agent(other)}, false, false},
		"a posted one, its poster":       {loaded(poster, posted()), true, true},
		"a posted one, a stranger":       {loaded(other, posted()), true, true},
		"a claimed one, a stranger":      {loaded(other, claimed()), false, true},
		"a claimed one, its worker":      {loaded(worker, claimed()), true, true},
		"a system task, a stranger":      {loaded(other, matching()), false, false},
		"a system task, its worker":      {loaded(infra, by(matching(), infra)), true, false},
		"a system task, another's claim": {loaded(other, by(matching(), infra)), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(err error, allowed bool) {
				t.Helper()
				if allowed && err != nil {
					t.Errorf("refused: %v", err)
				}
				if !allowed {
					refused(t, err, rules.CodeNotFound, "Task not found")
				}
			}
			check(rules.Visible(t0, c.l), c.visible)
			check(rules.Ordinary(t0, c.l), c.ordinary)
		})
	}
}

// A direct hire is there for those whom it is offered to, and for others only while it
// is posted and its time has come, or once it has been everybody's.
func TestWhoKnowsOfADirectHire(t *testing.T) {
	direct := func(task *store.Task, opens time.Time, opened bool) *store.Task {
		task.Direct = &store.Direct{To: []store.AgentID{worker}, OpensAt: opens, Opened: opened}
		return task
	}
	later := t0.Add(time.Hour)
	for name, c := range map[string]struct {
		task *store.Task
		// hidden is set if strangers may not know of it, readable if they read its
		// questions.
		hidden, readable bool
	}{
		"posted":                  {direct(posted(), time.Time{}, false), true, false},
		"posted, opens later":     {direct(posted(), later, false), true, false},
		"posted, its time is now": {direct(posted(), t0, false), false, true},
		"posted, opened":          {direct(posted(), later, true), false, true},
		"claimed":                 {direct(claimed(), time.Time{}, false), true, false},
		"claimed, its time came":  {direct(claimed(), t0, false), true, false},
		"claimed, opened":         {direct(claimed(), t0, true), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, id := range []store.AgentID{poster, worker} {
				l := loaded(id, c.task)
				if err := errors.Join(rules.Visible(t0, l), rules.Ordinary(t0, l)); err != nil {
					t.Errorf("%s: %v", id, err)
				}
			}
			l := loaded(other, c.task)
			if err := rules.Visible(t0, l); (err != nil) != c.hidden {
				t.Errorf("a stranger: %v", err)
			}
			if err := rules.Ordinary(t0, l); (err == nil) != c.readable {
				t.Errorf("its questions: %v", err)
			}
			if _, err := policy().Claim(t0, c.task, agent(other), nil); errors.Is(err, rules.ErrNotFound) == c.readable {
				t.Errorf("a claim: %v", err)
			}
		})
	}
}

func TestWhoMayActOnATask(t *testing.T) {
	const gone = "Your claim on this task ended at 2026-03-01T13:00:00+00:00: you gave it back"
	for name, c := range map[string]struct {
		err  error
		code rules.Code
		says string
	}{
		"worker":                          {err: rules.WorkerOnly(t0, loaded(worker, claimed()), "do it")},
		"worker that had lost it before":  {err: rules.WorkerOnly(t0, lapsed(claimed(), worker, store.RoleWorker), "do it")},
		"worker, nothing":                 {rules.WorkerOnly(t0, &store.Loaded{Caller: agent(other)}, "do it"), rules.CodeNotFound, "Task not found"},
		"worker, a stranger":              {rules.WorkerOnly(t0, loaded(other, claimed()), "do it"), rules.CodeNotFound, "Task not found"},
		"worker, a stranger, posted":      {rules.WorkerOnly(t0, loaded(other, posted()), "do it"), rules.CodeForbidden, "Only the worker can do it; the task is posted, pick it up first"},
		"worker, the poster, posted":      {rules.WorkerOnly(t0, loaded(poster, posted()), "do it"), rules.CodeForbidden, "Only the worker can do it"},
		"worker, the poster, claimed":     {rules.WorkerOnly(t0, loaded(poster, claimed()), "do it"), rules.CodeForbidden, "Only the worker can do it"},
		"worker, lapsed, posted":          {rules.WorkerOnly(t0, lapsed(posted(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"worker, lapsed, claimed":         {rules.WorkerOnly(t0, lapsed(claimed(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"worker, lapsed, as infra":        {rules.WorkerOnly(t0, lapsed(claimed(), other, store.RoleInfra), "do it"), rules.CodeNotFound, "Task not found"},
		"worker, lapsed, of the parent":   {rules.WorkerOnly(t0, lapsed(by(matching(), infra), other, store.RoleWorker), "do it"), rules.CodeNotFound, "Task not found"},
		"parties, the poster":             {err: rules.PartyOnly(t0, loaded(poster, posted()), "do it")},
		"parties, the worker":             {err: rules.PartyOnly(t0, loaded(worker, claimed()), "do it")},
		"parties, nothing":                {rules.PartyOnly(t0, &store.Loaded{Caller: agent(other)}, "do it"), rules.CodeNotFound, "Task not found"},
		"parties, a stranger, posted":     {rules.PartyOnly(t0, loaded(other, posted()), "do it"), rules.CodeForbidden, "Only the poster and the worker can do it; the task is posted, ask a question about it"},
		"parties, a stranger, claimed":    {rules.PartyOnly(t0, loaded(other, claimed()), "do it"), rules.CodeNotFound, "Task not found"},
		"parties, lapsed":                 {rules.PartyOnly(t0, lapsed(posted(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"somebody without an id, claimed": {rules.PartyOnly(t0, loaded("", posted()), "do it"), rules.CodeForbidden, "Only the poster and the worker can do it; the task is posted, ask a question about it"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.code == "" {
				if c.err != nil {
					t.Errorf("refused: %v", c.err)
				}
				return
			}
			refused(t, c.err, c.code, c.says)
		})
	}
}

// A system task whose claim has no role loaded beside it has nothing to lapse.
func TestAClaimWithoutALapseIsJudgedByTheTask(t *testing.T) {
	l := loaded(other, posted())
	l.Role = store.RoleWorker
	refused(t, rules.WorkerOnly(t0, l, "deliver"), rules.CodeForbidden, "Only the worker can deliver; the task is posted, pick it up first")
}
