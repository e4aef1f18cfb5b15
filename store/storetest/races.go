package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// crowd is how many commit at once.
const crowd = 16

// What many do at the same time.
var raceCases = []testCase{
	{"Many claim one task and one gets it", func(w *world) {
		w.people()
		t := w.post(taskNo(1), ann)
		w.crowd(crowd)
		won := w.race(crowd, market.GuardTask, func(i int) *market.Change {
			c := claim(w, t, agentNo(i))
			c.Events = []market.Event{w.event(ann, 1)}
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
		w.commit(&market.Change{Transfers: []market.Transfer{escrow(w, t.ID, 10)}})
		won := w.race(crowd, market.GuardTask, func(int) *market.Change {
			c := payout(w, t.ID, 10, 5)
			c.Tasks = []market.TaskWrite{rewritten(t, func(t *market.Task) { t.Status = market.StatusApproved })}
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus-5))
		w.equal(w.agent(bob).Balance, int64(bonus+5))
	}},
	{"Many make the same transfer and one does", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardTransfer, func(int) *market.Change {
			return &market.Change{At: w.now, Transfers: []market.Transfer{escrow(w, taskNo(1), 1)}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus-1))
	}},
	{"First insert of an agent by many", func(w *world) {
		won := w.race(crowd, market.GuardDuplicate, func(i int) *market.Change {
			c := w.registration(ann)
			c.Agents[0].New.Name = fmt.Sprint(i)
			c.Agents[0].Key = keyOf(agentNo(i)).Digest()
			return c
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Name, fmt.Sprint(won[0]))
		w.equal(w.agent(ann).Balance, int64(bonus))
	}},
	{"First insert of a task by many", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardDuplicate, func(i int) *market.Change {
			t := w.open(taskNo(1), ann)
			t.MaxCredits = int64(i + 1)
			return &market.Change{At: w.now, Tasks: []market.TaskWrite{{New: t, Text: textOf(t.ID)}}}
		})
		w.equal(len(won), 1)
		w.equal(w.task(taskNo(1)).MaxCredits, int64(won[0]+1))
		w.equal(w.scan(9, true), []market.TaskID{taskNo(1)})
	}},
	{"First use of an idempotency key by many", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardIdempotency, func(int) *market.Change {
			return &market.Change{
				At: w.now, Idempotency: record(w, "key"), Transfers: []market.Transfer{w.grant(ann, 1)},
			}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(ann).Balance, int64(bonus+1))
	}},
	{"First step of trust by many", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardTrust, func(i int) *market.Change {
			return &market.Change{At: w.now, Trust: []market.TrustWrite{{New: market.TrustPair{
				From: ann, To: bob, Score: float64(i) / 100, Interactions: 1, UpdatedAt: w.now,
			}}}}
		})
		w.equal(len(won), 1)
		w.equal(w.trustOf(ann, 9, 0).Pairs[0].Score, float64(won[0])/100)
	}},
	{"Many strikes from one state and one counts", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardStrikes, func(i int) *market.Change {
			return &market.Change{At: w.now, Strikes: []market.StrikeWrite{{
				Agent: bob, New: market.Strikes{Count: i + 1},
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(bob).Strikes.Count, won[0]+1)
	}},
	{"Many edit one profile and one does", func(w *world) {
		w.people()
		won := w.race(crowd, market.GuardAgent, func(i int) *market.Change {
			write := w.edited(bob, func(p *market.Profile) { p.Name = fmt.Sprint(i) })
			return &market.Change{At: w.now, Agents: []market.AgentWrite{write}}
		})
		w.equal(len(won), 1)
		w.equal(w.agent(bob).Name, fmt.Sprint(won[0]))
	}},
	{"Two Changes that each rely on what the other writes", func(w *world) {
		w.people()
		for i := range 10 {
			pair := [2]*market.Task{w.post(taskNo(2*i), ann), w.post(taskNo(2*i+1), ann)}
			won := w.race(2, market.GuardTask, func(i int) *market.Change {
				other := pair[1-i]
				return &market.Change{
					At: w.now, Unchanged: []market.TaskRef{{ID: other.ID, Version: other.Version}},
					Tasks: []market.TaskWrite{rewritten(pair[i], w.claimedBy(bob))},
				}
			})
			w.equal(len(won), 1)
		}
	}},
	{"Both roles on a task at once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		roles := [2]market.Role{market.RoleWorker, market.RoleInfra}
		won := w.race(crowd, market.GuardRole, func(i int) *market.Change {
			return &market.Change{At: w.now, Roles: []market.RoleWrite{{Task: taskNo(1), Agent: bob, Role: roles[i%2]}}}
		})
		got := w.load(market.LoadQuery{Caller: bob, Task: taskNo(1), Role: true}).Role
		w.equal(len(won), crowd/2)
		for _, i := range won {
			w.equal(roles[i%2], got)
		}
	}},
	{"A report by one agent, many times at once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		won := w.race(crowd, market.GuardDuplicate, func(i int) *market.Change {
			return &market.Change{At: w.now, Reports: []market.Report{{
				ID: market.ReportID(fmt.Sprint("rp-", i)), Task: taskNo(1), Reporter: bob, Reason: "odd",
				Status: market.ReportOpen, CreatedAt: w.now,
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.reports("", 99, 0).Total, 1)
	}},
	{"A balance is spent once", func(w *world) {
		w.people()
		won := w.race(2*crowd, market.GuardBalance, func(i int) *market.Change {
			return &market.Change{At: w.now, Transfers: []market.Transfer{escrow(w, taskNo(i), 10)}}
		})
		w.equal(len(won), bonus/10)
		w.equal(w.agent(ann).Balance, int64(0))
		w.equal(w.agent(ann).LedgerSeq, int64(1+bonus/10))
	}},
	{"A limit of open claims holds", func(w *world) {
		w.people()
		won := w.race(2*crowd, market.GuardOpenClaims, func(int) *market.Change {
			return &market.Change{At: w.now, Accounts: []market.AccountDelta{{Agent: bob, OpenClaims: 1, MaxOpenClaims: 5}}}
		})
		w.equal(len(won), 5)
		w.equal(w.agent(bob).OpenClaims, int64(5))
	}},
	{"A limit of open questions holds", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		won := w.race(20, market.GuardQuestions, func(i int) *market.Change {
			return &market.Change{
				At: w.now,
				Questions: []market.Question{{
					ID: market.QuestionID(fmt.Sprint("qa-", i)), Task: taskNo(1), Asker: bob, Text: "?", CreatedAt: w.now,
				}},
				OpenQuestions: []market.QuestionCount{{Task: taskNo(1), Delta: 1, Max: 5}},
			}
		})
		w.equal(len(won), 5)
		w.equal(w.questions(taskNo(1), 99, 0).TalkTotal, 5)
	}},
	{"A question is answered once", func(w *world) {
		w.people()
		w.post(taskNo(1), ann)
		q := w.askAll(taskNo(1), 1)[0]
		won := w.race(crowd, market.GuardAnswered, func(i int) *market.Change {
			return &market.Change{At: w.now, Answers: []market.Answer{{
				Question: q.ID, Task: taskNo(1), Text: fmt.Sprint("answer ", i), At: w.now,
			}}}
		})
		w.equal(len(won), 1)
		w.equal(w.questions(taskNo(1), 9, 0).Questions[0].Answer, fmt.Sprint("answer ", won[0]))
	}},
	{"Counters that commute lose nothing", func(w *world) {
		w.people()
		won := w.race(crowd, "", func(int) *market.Change {
			return &market.Change{
				At:        w.now,
				Transfers: []market.Transfer{w.grant(bob, 3)},
				Accounts:  []market.AccountDelta{{Agent: bob, RatingSum: 5, RatingCount: 1, Earned: 3}},
				Tags:      []market.TagDelta{{Agent: bob, TagStat: market.TagStat{Tag: "go", Count: 1, Earned: 3}}},
			}
		})
		w.equal(len(won), crowd)
		a := w.agent(bob)
		w.equal([]int64{a.Balance, a.RatingSum, a.RatingCount}, []int64{bonus + 3*crowd, 5 * crowd, crowd})
		w.equal(w.stats(bob).Tags, []market.TagStat{{Tag: "go", Count: crowd, Earned: 3 * crowd}})
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

// race commits n Changes at once and returns which of them held; the others
// must have failed the guard.
func (w *world) race(n int, guard market.Guard, change func(i int) *market.Change) (won []int) {
	w.Helper()
	changes := make([]*market.Change, n)
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
			var conflict *market.Conflict
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

// sharePool lets workers claim what they can with CommitFirst.
func sharePool(w *world) {
	const workers, pool = 8, 40
	w.people()
	w.crowd(workers)
	var tasks []*market.Task
	for i := range pool {
		tasks = append(tasks, w.post(taskNo(i), ann))
	}
	claims := make([]atomic.Int64, pool)
	var group sync.WaitGroup
	for n := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(n)))
			open := slices.Clone(tasks)
			for len(open) > 0 {
				random.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
				var cs []*market.Change
				for _, t := range open[:min(8, len(open))] {
					cs = append(cs, claim(w, t, agentNo(n)))
				}
				index, done, errs, err := w.store.CommitFirst(w.ctx, cs)
				switch {
				case err != nil:
					w.Error(err)
					return
				case index < 0 && len(errs) != len(cs):
					w.Errorf("got %d errors for %d changes", len(errs), len(cs))
					return
				case index < 0:
					open = open[len(cs):]
				default:
					id := open[index].ID
					if done.Text != textOf(id) {
						w.Errorf("got the text %v for %s", done.Text, id)
					}
					claims[slices.IndexFunc(tasks, func(t *market.Task) bool { return t.ID == id })].Add(1)
					open = open[index+1:]
				}
			}
		})
	}
	group.Wait()
	var held int64
	for i := range workers {
		held += w.agent(agentNo(i)).OpenClaims
	}
	for i := range claims {
		w.equal(claims[i].Load(), int64(1))
	}
	w.equal(held, int64(pool))
}

// suspendAndClaim lets a suspension and a claim by the same agent run at once:
// whichever comes second must know of the first.
func suspendAndClaim(w *world) {
	w.people()
	for i := range 10 {
		t := w.post(taskNo(i), ann)
		w.change(bob, func(p *market.Profile) { p.Suspended = false })
		suspend := &market.Change{At: w.now, Agents: []market.AgentWrite{
			w.edited(bob, func(p *market.Profile) { p.Suspended = true }),
		}}
		changes := []*market.Change{suspend, claim(w, t, bob)}
		won := w.race(2, market.GuardSuspended, func(i int) *market.Change { return changes[i] })
		w.equal(won[0], 0)
		w.equal(w.task(t.ID).Worker() == bob, len(won) == 2)
	}
}

// conserve moves credits between agents and escrows at random, and then adds
// everything up.
func conserve(w *world) {
	const agents, writers, each = 6, 8, 30
	w.crowd(agents)
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(n)))
			for i := range each {
				id := taskNo(n*each + i)
				poster, worker := agentNo(random.IntN(agents)), agentNo(random.IntN(agents))
				held := 1 + random.Int64N(60)
				if !w.try(w.held(id, poster, held)) {
					continue
				}
				w.try(w.settled(id, poster, worker, held, random.Int64N(held)))
			}
		})
	}
	group.Wait()
	w.balanced(agents)
}

// try commits what may fail for want of credit.
func (w *world) try(c *market.Change) bool {
	_, err := w.store.Commit(w.ctx, c)
	var conflict *market.Conflict
	if err != nil && (!errors.As(err, &conflict) || conflict.Guard != market.GuardBalance) {
		w.Errorf("got %v, want success or too little credit", err)
	}
	return err == nil
}

func (w *world) held(id market.TaskID, poster market.AgentID, amount int64) *market.Change {
	t := escrow(w, id, amount)
	t.Agent, t.From = poster, market.AgentAccount(poster)
	return &market.Change{
		At: w.now, Transfers: []market.Transfer{t}, Accounts: []market.AccountDelta{{Agent: poster, Escrowed: amount}},
	}
}

// settled gives the charged part to the worker and the rest back.
func (w *world) settled(id market.TaskID, poster, worker market.AgentID, held, rest int64) *market.Change {
	from := market.EscrowAccount(id)
	c := &market.Change{At: w.now, Accounts: []market.AccountDelta{{Agent: poster, Escrowed: -held}}}
	if poster == worker {
		rest = 0
	} else {
		c.Accounts = append(c.Accounts, market.AccountDelta{Agent: worker, Earned: held - rest})
	}
	c.Transfers = append(c.Transfers, market.Transfer{
		ID: nextEntry(), From: from, To: market.AgentAccount(worker), Amount: held - rest,
		Kind: market.EntryPayment, Agent: worker, Task: id, At: w.now,
	})
	if rest > 0 {
		c.Transfers = append(c.Transfers, market.Transfer{
			ID: nextEntry(), From: from, To: market.AgentAccount(poster), Amount: rest,
			Kind: market.EntryRefund, Agent: poster, Task: id, At: w.now,
		})
	}
	return c
}

// balanced replays the ledger: the sum over all accounts is 0, each balance is
// what its entries say, and each agent's entries are numbered without a gap.
func (w *world) balanced(agents int) {
	w.Helper()
	accounts := map[market.AccountName]int64{}
	for _, e := range w.entries() {
		accounts[e.From] -= e.Amount
		accounts[e.To] += e.Amount
	}
	var sum int64
	for _, balance := range accounts {
		sum += balance
	}
	w.equal(sum, int64(0))
	for i := range agents {
		a := w.agent(agentNo(i))
		w.equal(a.Balance, accounts[market.AgentAccount(a.ID)])
		w.equal(a.Escrowed, int64(0))
		page := w.ledger(a.ID, everything, 0)
		w.equal(int64(len(page.Entries)), a.LedgerSeq)
		balance := int64(0)
		for n, e := range slices.Backward(page.Entries) {
			balance += e.Signed()
			w.equal(e.Balance, balance)
			w.equal(e.Seq, int64(len(page.Entries)-n))
		}
	}
}

// tellAll commits events for up to 20 agents in random order. Stores that lock
// agents in the order given would deadlock.
func tellAll(w *world) {
	const agents, writers, each = 20, 8, 25
	w.crowd(agents)
	var told [agents]atomic.Int64
	var group sync.WaitGroup
	for n := range writers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(n)))
			for range each {
				c := &market.Change{At: w.now}
				for _, i := range random.Perm(agents)[:1+random.IntN(agents)] {
					c.Events = append(c.Events, w.event(agentNo(i), n))
					c.Accounts = append(c.Accounts, market.AccountDelta{Agent: agentNo(i), Posted: 1})
				}
				random.Shuffle(len(c.Accounts), func(i, j int) { c.Accounts[i], c.Accounts[j] = c.Accounts[j], c.Accounts[i] })
				if _, err := w.store.Commit(w.ctx, c); err != nil {
					w.Error(err)
				}
				for i := range c.Events {
					told[slices.Index(w.agents, c.Events[i].Agent)].Add(1)
				}
			}
		})
	}
	group.Wait()
	for i := range agents {
		page := w.eventPage(agentNo(i), 0, everything)
		w.equal(page.Head, told[i].Load())
		w.equal(int64(len(page.Events)), page.Head)
		for n, e := range page.Events {
			w.equal(e.Seq, int64(n+1))
		}
		w.equal(w.agent(agentNo(i)).Posted, page.Head)
	}
}

// watchWhole moves credits between an agent's balance and its escrow, and reads
// the agent meanwhile: both sides move in one commit.
func watchWhole(w *world) {
	const rounds = 60
	w.people()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range rounds {
			c := w.held(taskNo(i), ann, 1)
			c.Events = []market.Event{w.event(ann, i)}
			if _, err := w.store.Commit(w.ctx, c); err != nil {
				w.Error(err)
			}
		}
	}()
	deadline := time.After(patience)
	for {
		select {
		case <-done:
			w.equal(w.agent(ann).Escrowed, int64(rounds))
			return
		case <-deadline:
			w.Fatal("the writer hangs")
		default:
		}
		a := w.load(market.LoadQuery{Caller: ann}).Caller
		w.equal(a.Balance+a.Escrowed, int64(bonus))
		w.equal(a.EventSeq, a.Escrowed)
		w.equal(a.LedgerSeq, a.Escrowed+1)
	}
}
