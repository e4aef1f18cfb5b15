package rules_test

import (
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

var t1 = t0.Add(time.Hour)

// taken is the change of a claim at t1 by the worker, of whom the policy wants no
// more than most open claims.
func taken(old *store.Task, most int64, edit func(*store.Task)) store.Change {
	return store.Change{
		At: t1, Active: []store.AgentID{worker, old.Poster},
		Tasks: []store.TaskWrite{{Old: old, New: with(old, func(n *store.Task) {
			n.Status, n.Claims, n.Matching = store.StatusClaimed, old.Claims+1, nil
			n.Claim = &store.Claim{Worker: worker, At: t1, Timeout: t1.Add(2 * time.Hour)}
			n.NextDue = n.Claim.Timeout
			edit(n)
		})}},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: 1, MaxOpenClaims: most}},
		Roles:    []store.RoleWrite{{Task: task, Agent: worker, Role: store.RoleWorker}},
		Events: []store.Event{{
			Agent: old.Poster, Type: store.EventTaskClaimed, Task: task, Data: store.EventData{WorkerID: worker}, At: t1,
		}},
		Feed:     []store.FeedItem{feed(old.ID, 5, false)},
		WantText: old.ID,
	}
}

func asItIs(*store.Task) {}

func TestClaim(t *testing.T) {
	p := policy()
	t.Run("a posted task", func(t *testing.T) {
		decides(t, taken(posted(), 5, asItIs))(p.Claim(t1, posted(), agent(worker), nil))
	})
	t.Run("by a newcomer", func(t *testing.T) {
		newcomer := agent(worker)
		newcomer.Completed = 0
		decides(t, taken(posted(), 2, asItIs))(p.Claim(t1, posted(), newcomer, nil))
	})
	t.Run("for a second time", func(t *testing.T) {
		again := posted()
		again.Claims = 3
		decides(t, taken(again, 5, asItIs))(p.Claim(t1, again, agent(worker), nil))
	})
	t.Run("with a time of its own", func(t *testing.T) {
		short := posted()
		short.ClaimTimeout = time.Minute
		decides(t, taken(short, 5, func(n *store.Task) {
			n.Claim.Timeout = t1.Add(time.Minute)
			n.NextDue = n.Claim.Timeout
		}))(p.Claim(t1, short, agent(worker), nil))
	})
	t.Run("for an instant", func(t *testing.T) {
		short := posted()
		short.ClaimTimeout = 1
		decides(t, taken(short, 5, func(n *store.Task) {
			n.Claim.Timeout = t1.Add(1)
			n.NextDue = n.Claim.Timeout
		}))(p.Claim(t1, short, agent(worker), nil))
	})
	t.Run("with a deadline before its time is over", func(t *testing.T) {
		urgent := posted()
		urgent.Deadline, urgent.NextDue = t1.Add(time.Minute), t1.Add(time.Minute)
		decides(t, taken(urgent, 5, func(n *store.Task) { n.NextDue = n.Deadline }))(p.Claim(t1, urgent, agent(worker), nil))
	})
	t.Run("for ever", func(t *testing.T) {
		p := policy()
		p.ClaimTimeout = 0
		decides(t, taken(posted(), 5, func(n *store.Task) { n.Claim.Timeout, n.NextDue = time.Time{}, time.Time{} }))(p.Claim(t1, posted(), agent(worker), nil))
	})
	t.Run("a task that is taken", func(t *testing.T) {
		refuses(t, rules.CodeWrongState, "Task is claimed and cannot be picked up")(p.Claim(t1, claimed(), agent(worker), nil))
	})
}

// A timer may be late: a task is not to be had at the instant at which it expires.
func TestClaimAtTheEndOfATask(t *testing.T) {
	p := policy()
	for name, c := range map[string]struct {
		edit func(*store.Task)
		gone bool
	}{
		"before it expires":         {func(t *store.Task) { t.ExpiresAt, t.NextDue = t1.Add(1), t1.Add(1) }, false},
		"as it expires":             {func(t *store.Task) { t.ExpiresAt, t.NextDue = t1, t1 }, true},
		"after it expired":          {func(t *store.Task) { t.ExpiresAt, t.NextDue = t1.Add(-1), t1.Add(-1) }, true},
		"before the deadline":       {func(t *store.Task) { t.Deadline, t.NextDue = t1.Add(1), t1.Add(1) }, false},
		"at the deadline":           {func(t *store.Task) { t.Deadline, t.NextDue = t1, t1 }, true},
		"after its match timed out": {func(t *store.Task) { t.NextDue = t1.Add(-1) }, false},
		"by no timer":               {func(t *store.Task) { t.ExpiresAt, t.NextDue = t1, time.Time{} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			old := posted()
			c.edit(old)
			got, err := p.Claim(t1, old, agent(worker), nil)
			if c.gone {
				refuses(t, rules.CodeWrongState, "Task has expired")(got, err)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// Whoever claims a task makes its match task worth nothing: an unclaimed one leaves
// the board in the same change, and its timer ends it at once.
func TestClaimClosesAMatchTaskThatNobodyHas(t *testing.T) {
	p := policy()
	old := awaiting()
	old.Children = []store.TaskID{"tk-before", system, "tk-after"}
	claim := taken(old, 5, func(n *store.Task) { n.Children = []store.TaskID{"tk-before", "tk-after"} })
	match := matching()
	want := claim
	want.Tasks = append([]store.TaskWrite{{Old: match, New: with(match, func(n *store.Task) { n.ExpiresAt, n.NextDue = t1, t1 })}}, claim.Tasks...)
	want.Feed = append([]store.FeedItem{feed(system, 5, true)}, claim.Feed...)
	decides(t, want)(p.Claim(t1, old, agent(worker), matching()))
	same(t, old.Children, []store.TaskID{"tk-before", system, "tk-after"})

	decides(t, taken(old, 5, asItIs))(p.Claim(t1, old, agent(worker), by(matching(), infra)))
}

// Those who match or verify a task have a role on it, so that they cannot work on it.
func TestClaimOfASystemTaskTakesARoleOnItsParent(t *testing.T) {
	p := policy()
	for name, c := range map[string]struct {
		task  *store.Task
		roles []store.RoleWrite
		feed  []store.FeedItem
	}{
		"about a task": {
			matching(),
			[]store.RoleWrite{{Task: task, Agent: worker, Role: store.RoleInfra}},
			[]store.FeedItem{feed(system, 5, false), {Kind: store.FeedTask, Task: task, Open: true}},
		},
		"about an agent": {extracting(), nil, []store.FeedItem{feed(system, 5, false)}},
	} {
		t.Run(name, func(t *testing.T) {
			want := taken(c.task, 5, asItIs)
			want.Active, want.Roles, want.Feed, want.Events = []store.AgentID{worker}, c.roles, c.feed, nil
			decides(t, want)(p.Claim(t1, c.task, agent(worker), nil))
		})
	}
}

func TestClaimByID(t *testing.T) {
	p := policy()
	t.Run("closes the match task among the children", func(t *testing.T) {
		l := loaded(worker, awaiting(), verifying(), &store.Task{Status: store.StatusPosted}, by(matching(), infra), matching())
		got, err := p.ClaimByID(t1, l)
		if err != nil || got.Written(system) == nil || !got.Written(system).ExpiresAt.Equal(t1) || got.Written(system).System.Type != store.MatchAgents {
			t.Errorf("%+v, %v", got, err)
		}
	})
	t.Run("leaves other children alone", func(t *testing.T) {
		l := loaded(worker, posted(), verifying(), by(matching(), infra))
		decides(t, taken(posted(), 5, asItIs))(p.ClaimByID(t1, l))
	})
	blocked := func(until time.Time) *store.Loaded {
		l := loaded(worker, posted())
		l.Caller.Strikes.BlockedUntil = until
		return l
	}
	t.Run("as the cooldown ends", func(t *testing.T) {
		decides(t, taken(posted(), 5, asItIs))(p.ClaimByID(t1, blocked(t1)))
	})
	t.Run("just before the cooldown ends", func(t *testing.T) {
		_, err := p.ClaimByID(t1, blocked(t1.Add(1)))
		same(t, refusal(t, err).RetryAfter, time.Duration(1))
	})
	t.Run("during a cooldown", func(t *testing.T) {
		got, err := p.ClaimByID(t1, blocked(t1.Add(time.Second)))
		refuses(t, rules.CodeCooldown, "Too many tasks were given back or not done in time, pickup is blocked until 2026-03-01T13:00:01+00:00")(got, err)
		same(t, refusal(t, err).RetryAfter, time.Second)
	})
	infraRole := loaded(worker, posted())
	infraRole.Role = store.RoleInfra
	workerRole := loaded(worker, posted())
	workerRole.Role = store.RoleWorker
	suspended := loaded(worker, posted())
	suspended.Poster.Suspended = true
	unknown := loaded(worker, posted())
	unknown.Poster = nil
	for name, l := range map[string]*store.Loaded{"who had it before": workerRole, "of a poster who is not loaded": unknown} {
		t.Run(name, func(t *testing.T) {
			decides(t, taken(posted(), 5, asItIs))(p.ClaimByID(t1, l))
		})
	}
	for name, c := range map[string]struct {
		l    *store.Loaded
		code rules.Code
		says string
	}{
		"nothing":                    {&store.Loaded{Caller: agent(worker)}, rules.CodeNotFound, "Task not found"},
		"a system task":              {loaded(worker, matching()), rules.CodeNotFound, "Task not found"},
		"what the caller holds":      {loaded(worker, claimed()), rules.CodeAlreadyClaimed, "You hold it already: the task is claimed by you"},
		"what the caller delivered":  {loaded(worker, delivered()), rules.CodeWrongState, "Task is delivered and cannot be picked up"},
		"what another holds":         {loaded(other, claimed()), rules.CodeWrongState, "Task is claimed and cannot be picked up"},
		"one's own":                  {loaded(poster, posted()), rules.CodeOwnTask, "You cannot pick up your own task"},
		"what the caller matched":    {infraRole, rules.CodeRoleConflict, "You matched or verified this task and cannot work on it"},
		"that of a suspended poster": {suspended, rules.CodePosterSuspended, "Task is posted and cannot be picked up at present"},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, c.code, c.says)(p.ClaimByID(t1, c.l)) })
	}
}

func TestClaimsLeft(t *testing.T) {
	blocked := agent(worker)
	blocked.Strikes.BlockedUntil = t1.Add(time.Minute)
	left, err := policy().ClaimsLeft(t1, blocked, 3)
	same(t, left, 0)
	refused(t, err, rules.CodeCooldown, "Too many tasks were given back or not done in time, pickup is blocked until 2026-03-01T13:01:00+00:00")

	const (
		most     = "You hold 5 open claims, the most there can be; deliver or abandon one first"
		newcomer = "You hold 2 open claims, the most there can be before your first approved task; deliver or abandon one first"
	)
	for name, c := range map[string]struct {
		max, newcomers, completed, open int64
		want, left                      int
		says                            string
	}{
		"none of it taken":                {5, 2, 1, 0, 3, 3, ""},
		"room for all":                    {5, 2, 1, 2, 3, 3, ""},
		"room for some":                   {5, 2, 1, 3, 3, 2, ""},
		"room for one":                    {5, 2, 1, 4, 3, 1, ""},
		"no room":                         {5, 2, 1, 5, 3, 0, most},
		"less than no room":               {5, 2, 1, 6, 3, 0, most},
		"a newcomer's room":               {5, 2, 0, 0, 3, 2, ""},
		"no room for a newcomer":          {5, 2, 0, 2, 3, 0, newcomer},
		"newcomers as all":                {5, 0, 0, 4, 3, 1, ""},
		"newcomers above all":             {5, 7, 0, 4, 3, 1, ""},
		"no room for newcomers above all": {5, 7, 0, 5, 3, 0, most},
		"no bound":                        {0, 0, 0, 50, 3, 3, ""},
		"no bound but for newcomers":      {0, 2, 0, 0, 3, 2, ""},
		"no bound after the first":        {0, 2, 1, 50, 3, 3, ""},
		"no bound, no room for newcomers": {0, 2, 0, 2, 3, 0, newcomer},
	} {
		t.Run(name, func(t *testing.T) {
			p := policy()
			p.MaxOpenClaims, p.NewcomerClaims = c.max, c.newcomers
			by := agent(worker)
			by.Completed, by.OpenClaims = c.completed, c.open
			left, err := p.ClaimsLeft(t1, by, c.want)
			same(t, left, c.left)
			if c.says != "" {
				refused(t, err, rules.CodeTooManyClaims, c.says)
			} else if err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestClaimsTogether(t *testing.T) {
	p := policy()
	claim := func(old *store.Task, edit func(*store.Task)) *rules.Outcome {
		edit(old)
		o, err := p.Claim(t1, old, agent(worker), nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	second := func(n *store.Task) { n.ID, n.Poster = "tk-2", other }
	first, match := claim(posted(), asItIs), claim(matching(), asItIs)
	next, extraction := claim(posted(), second), claim(extracting(), func(n *store.Task) { n.ID = "tk-extract" })
	extraction.Accounts[0].MaxOpenClaims = 9

	all, merged := p.Together(t1, []*rules.Outcome{first, claim(posted(), asItIs), match, next, extraction})
	same(t, merged, []int{0, 3, 4})
	same(t, all.Change, store.Change{
		At: t1, Active: []store.AgentID{worker, poster, other},
		Tasks:    []store.TaskWrite{first.Tasks[0], next.Tasks[0], extraction.Tasks[0]},
		Accounts: []store.AccountDelta{{Agent: worker, OpenClaims: 3, MaxOpenClaims: 9}},
		Roles:    []store.RoleWrite{first.Roles[0], next.Roles[0]},
		Events:   []store.Event{first.Events[0], next.Events[0]},
		Feed:     []store.FeedItem{feed(task, 5, false), feed("tk-2", 5, false), feed("tk-extract", 5, false)},
	})

	// Two system tasks about one task may be had together, and tasks of two infra roles.
	twin := claim(matching(), func(n *store.Task) { n.ID = "tk-twin" })
	_, merged = p.Together(t1, []*rules.Outcome{match, twin, next, first})
	same(t, merged, []int{0, 1, 2})
}
