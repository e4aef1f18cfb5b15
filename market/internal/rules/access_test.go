package rules_test

import (
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
			check(rules.Visible(c.l), c.visible)
			check(rules.Ordinary(c.l), c.ordinary)
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
		"worker":                          {err: rules.WorkerOnly(loaded(worker, claimed()), "do it")},
		"worker that had lost it before":  {err: rules.WorkerOnly(lapsed(claimed(), worker, store.RoleWorker), "do it")},
		"worker, nothing":                 {rules.WorkerOnly(&store.Loaded{Caller: agent(other)}, "do it"), rules.CodeNotFound, "Task not found"},
		"worker, a stranger":              {rules.WorkerOnly(loaded(other, claimed()), "do it"), rules.CodeNotFound, "Task not found"},
		"worker, a stranger, posted":      {rules.WorkerOnly(loaded(other, posted()), "do it"), rules.CodeForbidden, "Only the worker can do it; the task is posted, pick it up first"},
		"worker, the poster, posted":      {rules.WorkerOnly(loaded(poster, posted()), "do it"), rules.CodeForbidden, "Only the worker can do it"},
		"worker, the poster, claimed":     {rules.WorkerOnly(loaded(poster, claimed()), "do it"), rules.CodeForbidden, "Only the worker can do it"},
		"worker, lapsed, posted":          {rules.WorkerOnly(lapsed(posted(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"worker, lapsed, claimed":         {rules.WorkerOnly(lapsed(claimed(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"worker, lapsed, as infra":        {rules.WorkerOnly(lapsed(claimed(), other, store.RoleInfra), "do it"), rules.CodeNotFound, "Task not found"},
		"worker, lapsed, of the parent":   {rules.WorkerOnly(lapsed(by(matching(), infra), other, store.RoleWorker), "do it"), rules.CodeNotFound, "Task not found"},
		"parties, the poster":             {err: rules.PartyOnly(loaded(poster, posted()), "do it")},
		"parties, the worker":             {err: rules.PartyOnly(loaded(worker, claimed()), "do it")},
		"parties, nothing":                {rules.PartyOnly(&store.Loaded{Caller: agent(other)}, "do it"), rules.CodeNotFound, "Task not found"},
		"parties, a stranger, posted":     {rules.PartyOnly(loaded(other, posted()), "do it"), rules.CodeForbidden, "Only the poster and the worker can do it"},
		"parties, a stranger, claimed":    {rules.PartyOnly(loaded(other, claimed()), "do it"), rules.CodeNotFound, "Task not found"},
		"parties, lapsed":                 {rules.PartyOnly(lapsed(posted(), other, store.RoleWorker), "do it"), rules.CodeClaimLapsed, gone},
		"somebody without an id, claimed": {rules.PartyOnly(loaded("", posted()), "do it"), rules.CodeForbidden, "Only the poster and the worker can do it"},
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
	refused(t, rules.WorkerOnly(l, "deliver"), rules.CodeForbidden, "Only the worker can deliver; the task is posted, pick it up first")
}
