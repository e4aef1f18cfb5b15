package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// crowd is how many commit at once.
const crowd = 16

// What many do at the same time.
var raceCases = []testCase{
	{"Many claim one task and one gets it", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		w.crowd(crowd)
		won := w.race(crowd, store.GuardTask, func(i int) *store.Change {
			c := claim(w, t, agentNo(i))
			c.Events = []store.Event{w.event(ann, 1)}
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.task(t.ID).Worker(), agentNo(won[0]))
		w.equal(w.task(t.ID).Version, int64(2))
		w.equal(w.eventPage(ann, 0, 99).Head, int64(1))
		for i := range crowd {
			want := int64(0)
			if i == won[0] {
				want = 1
			}
			w.equal(w.agent(agentNo(i)).OpenClaims, want)
		}
	}},
	{"A pool is shared out, no task twice", func(w *world) { sharePool(w) }},
	{"Many approve one delivery and it is paid once", func(w *world) {
		w.people()
		t := w.put(delivered(w, taskNo(1)))
		w.commit(&store.Change{Transfers: []store.Transfer{escrow(w, t.ID, 10)}})
		won := w.race(crowd, store.GuardTask, func(int) *store.Change {
			c := payout(w, t.ID, 10, 5)
			c.Tasks = []store.TaskWrite{rewritten(t, func(t *store.Task) { t.Status = store.StatusApproved })}
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus-5))
		w.equal(w.agent(bob).Balance, int64(bonus+5))
	}},
	{"Many make the same transfer and one does", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardTransfer, func(int) *store.Change {
			return &store.Change{At: w.now, Transfers: []store.Transfer{escrow(w, taskNo(1), 1)}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus-1))
	}},
	{"First insert of an agent by many", func(w *world) {
		won := w.race(crowd, store.GuardDuplicate, func(i int) *store.Change {
			c := w.registration(ann)
			c.Agents[0].New.Name = fmt.Sprint(i)
			c.Agents[0].Key = keyOf(agentNo(i))
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Name, fmt.Sprint(won[0]))
		w.equal(w.agent(ann).Balance, int64(bonus))
	}},
	{"First insert of an external id by many", func(w *world) {
		won := w.race(crowd, store.GuardDuplicate, func(i int) *store.Change {
			c := w.registration(agentNo(i))
			c.Agents[0].New.ExternalID = "user 1"
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.load(store.LoadQuery{External: "user 1"}), &store.Loaded{Agent: w.agent(agentNo(won[0]))})
		for i := range crowd {
			if i != won[0] {
				w.equal(w.whoHas(keyOf(agentNo(i)), w.now), store.AgentID(""))
			}
		}
	}},
	{"First insert of a task by many", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardDuplicate, func(i int) *store.Change {
			t := w.open(taskNo(1), ann)
			t.MaxCredits = int64(i + 1)
			return &store.Change{At: w.now, Tasks: []store.TaskWrite{{New: t, Text: textOf(t.ID)}}}
		})
		w.equal(len(won), 1)
		w.equal(w.task(taskNo(1)).MaxCredits, int64(won[0]+1))
		w.equal(w.scan(9, true), []store.TaskID{taskNo(1)})
	}},
	{"First use of an idempotency key by many", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardIdempotency, func(int) *store.Change {
			return &store.Change{
				At: w.now, Idempotency: record(w, "key"), Transfers: []store.Transfer{w.grant(ann, 1)},
			}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus+1))
	}},
	{"First step of trust by many", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardTrust, func(i int) *store.Change {
			return &store.Change{At: w.now, Trust: []store.TrustWrite{{New: store.TrustPair{
				From: ann, To: bob, Score: float64(i) / 100, Interactions: 1, UpdatedAt: w.now,
			}}}}
		})
		w.equal(len(won), 1)
		w.equal(w.trustOf(ann, 9, 0).Pairs[0].Score, float64(won[0])/100)
	}},
	{"Many strikes from one state and one counts", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardStrikes, func(i int) *store.Change {
			return &store.Change{At: w.now, Strikes: []store.StrikeWrite{{
				Agent: bob, New: store.Strikes{Count: i + 1},
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(bob).Strikes.Count, won[0]+1)
	}},
	{"Many edit one profile and one does", func(w *world) {
		w.people()
		won := w.race(crowd, store.GuardAgent, func(i int) *store.Change {
			write := w.edited(bob, func(p *store.Profile) { p.Name = fmt.Sprint(i) })
			return &store.Change{At: w.now, Agents: []store.AgentWrite{write}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(bob).Name, fmt.Sprint(won[0]))
	}},
	{"What is loaded is of one instant", func(w *world) {
		w.people()
		var writer sync.WaitGroup
		over := make(chan struct{})
		writer.Go(func() {
			defer close(over)
			for i := range bonus {
				c := payout(w, taskNo(i), 1, 1)
				c.Transfers = append([]store.Transfer{escrow(w, taskNo(i), 1)}, c.Transfers...)
				c.Transfers = slices.DeleteFunc(c.Transfers, func(t store.Transfer) bool { return t.Amount == 0 })
				w.commit(c)
			}
		})
		for done := false; !done; {
			select {
			case <-over:
				done = true
			default:
			}
			l := w.load(store.LoadQuery{Caller: ann, Agent: bob})
			if sum := l.Caller.Balance + l.Agent.Balance; sum != 2*bonus {
				w.Errorf("Loaded: Caller.Balance and Agent.Balance add up to %d, want %d", sum, 2*bonus)
				break
			}
		}
		writer.Wait()
	}},
	{"Two Changes that each rely on what the other writes", func(w *world) {
		w.people()
		for i := range 10 {
			pair := [2]*store.Task{w.post(taskNo(2*i), ann), w.post(taskNo(2*i+1), ann)}
			won := w.race(2, store.GuardTask, func(i int) *store.Change {
				other := pair[1-i]
				return &store.Change{
					At: w.now, Unchanged: []store.TaskRef{{ID: other.ID, Version: other.Version}},
					Tasks: []store.TaskWrite{rewritten(pair[i], w.claimedBy(bob))},
				}
			})
			w.equal(len(won), 1)
		}
	}},
	{"Both roles on a task at once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		roles := [2]store.Role{store.RoleWorker, store.RoleInfra}
		won := w.race(crowd, store.GuardRole, func(i int) *store.Change {
			return &store.Change{At: w.now, Roles: []store.RoleWrite{{Task: taskNo(1), Agent: bob, Role: roles[i%2]}}}
		})
		got := w.load(store.LoadQuery{Caller: bob, Task: taskNo(1), Role: true}).Role
		w.equal(len(won), crowd/2)
		for _, i := range won {
			w.equal(roles[i%2], got)
		}
	}},
	{"A report by one agent, many times at once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		won := w.race(crowd, store.GuardDuplicate, func(i int) *store.Change {
			return &store.Change{At: w.now, Reports: []store.Report{{
				ID: store.ReportID(fmt.Sprint("rp-", i)), Task: taskNo(1), Reporter: bob, Reason: "odd",
				Status: store.ReportOpen, CreatedAt: w.now,
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.reports("", 99, 0).Total, 1)
	}},
	{"A balance is spent once", func(w *world) {
		w.people()
		won := w.race(2*crowd, store.GuardBalance, func(i int) *store.Change {
			return &store.Change{At: w.now, Transfers: []store.Transfer{escrow(w, taskNo(i), 10)}}
		})
		w.equal(len(won), bonus/10)
		w.equal(w.agent(ann).Balance, int64(0))
		w.equal(w.agent(ann).LedgerSeq, int64(1+bonus/10))
	}},
	{"A limit of open claims holds", func(w *world) {
		w.people()
		won := w.race(2*crowd, store.GuardOpenClaims, func(int) *store.Change {
			return &store.Change{At: w.now, Accounts: []store.AccountDelta{{Agent: bob, OpenClaims: 1, MaxOpenClaims: 5}}}
		})
		w.equal(len(won), 5)
		w.equal(w.agent(bob).OpenClaims, int64(5))
	}},
	{"A limit of open questions holds", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		at := w.task(taskNo(1)).Version
		won := w.race(20, store.GuardQuestions, func(i int) *store.Change {
			return &store.Change{
				At: w.now, Active: []store.AgentID{bob}, Unchanged: []store.TaskRef{{ID: taskNo(1), Version: at}},
				Questions: []store.Question{{
					ID: store.QuestionID(fmt.Sprint("qa-", i)), Task: taskNo(1), Asker: bob, Text: "?", CreatedAt: w.now,
				}},
				Talk: []store.TalkCount{{Task: taskNo(1), Delta: 1, Max: 5}},
			}
		})
		w.equal(len(won), 5)
		w.equal(w.questions(taskNo(1), 99, 0).TalkTotal, 5)
	}},
	{"A question is answered once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		q := w.askAll(taskNo(1), 1)[0]
		won := w.race(crowd, store.GuardAnswered, func(i int) *store.Change {
			return &store.Change{At: w.now, Answers: []store.Answer{{
				Question: q.ID, Task: taskNo(1), Text: fmt.Sprint("answer ", i), At: w.now,
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.questions(taskNo(1), 9, 0).Questions[0].Answer, fmt.Sprint("answer ", won[0]))
	}},
	{"Counters that commute lose nothing", func(w *world) {
		w.people()
		won := w.race(crowd, "", func(int) *store.Change {
			return &store.Change{
				At:        w.now,
				Transfers: []store.Transfer{w.grant(bob, 3)},
				Accounts:  []store.AccountDelta{{Agent: bob, RatingSum: 5, RatingCount: 1, Earned: 3}},
				Tags:      []store.TagDelta{{Agent: bob, TagStat: store.TagStat{Tag: "go", Count: 1, Earned: 3}}},
			}
		})
		w.equal(len(won), crowd)
		a := w.agent(bob)
		w.equal([]int64{a.Balance, a.RatingSum, a.RatingCount}, []int64{bonus + 3*crowd, 5 * crowd, crowd})
		w.equal(w.stats(bob).Tags, []store.TagStat{{Tag: "go", Count: crowd, Earned: 3 * crowd}})
	}},
	{"Suspension and claim do not pass each other", func(w *world) { suspendAndClaim(w) }},
	{"Credits are conserved", func(w *world) { conserve(w) }},
	{"Events of many agents in any order: no gap, no deadlock", func(w *world) { tellAll(w) }},
	{"No read sees half a Change", func(w *world) { watchWhole(w) }},
}

// crowd registers n agents.
func (w *world) crowd(n int) {
	w.Helper()
	for i := range n {
		w.register(agentNo(i))
	}
}

// race commits n Changes at the same time and returns which of them were
// committed; the others must have failed the guard.
func (w *world) race(n int, guard store.Guard, change func(i int) *store.Change) (won []int) {
	w.Helper()
	changes := make([]*store.Change, n)
	for i := range changes {
		changes[i] = change(i)
	}
	var mu sync.Mutex
	var group sync.WaitGroup
	start := make(chan struct{})
	for i, c := range changes {
		group.Go(func() {
			<-start
			_, err := w.store.Commit(w.ctx, c)
			mu.Lock()
			defer mu.Unlock()
			var conflict *store.Conflict
			switch {
			case err == nil:
				won = append(won, i)
			case !errors.As(err, &conflict) || conflict.Guard != guard:
				w.Errorf("change %d: got %v, want guard %q", i, err, guard)
			}
		})
	}
	close(start)
	group.Wait()
	if w.Failed() {
		w.FailNow()
	}
	slices.Sort(won)
	return won
}
