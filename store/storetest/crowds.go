package storetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// pool is a number of open tasks and who claimed them.
type pool struct {
	tasks  []*store.Task
	claims []atomic.Int64
}

// sharePool lets workers claim what they can with CommitFirst.
func sharePool(w *world) {
	const workers, size = 8, 40
	w.people()
	w.crowd(workers)
	p := &pool{claims: make([]atomic.Int64, size)}
	for i := range size {
		p.tasks = append(p.tasks, w.post(taskNo(i), ann))
	}
	var group sync.WaitGroup
	for n := range workers {
		group.Go(func() { w.work(p, n) })
	}
	group.Wait()
	var held int64
	for i := range workers {
		held += w.agent(agentNo(i)).OpenClaims
	}
	for i := range p.claims {
		w.equal(p.claims[i].Load(), int64(1))
	}
	w.equal(held, int64(size))
}

// work claims tasks of the pool in random order until none is left.
func (w *world) work(p *pool, worker int) {
	random := rand.New(rand.NewPCG(1, uint64(worker)))
	open := random.Perm(len(p.tasks))
	for len(open) > 0 {
		var cs []*store.Change
		for _, i := range open[:min(8, len(open))] {
			cs = append(cs, claim(w, p.tasks[i], agentNo(worker)))
		}
		index, done, errs, err := w.store.CommitFirst(w.ctx, cs)
		if err != nil || index < 0 && len(errs) != len(cs) {
			w.Errorf("got %d errors for %d changes, and %v", len(errs), len(cs), err)
			return
		}
		if index < 0 {
			open = open[len(cs):]
			continue
		}
		i := open[index]
		if done.Text != textOf(p.tasks[i].ID) {
			w.Errorf("got the text %v for %s", done.Text, p.tasks[i].ID)
		}
		p.claims[i].Add(1)
		open = open[index+1:]
	}
}

// suspendAndClaim lets a suspension and a claim by the same agent run at once:
// whichever comes second must know of the first.
func suspendAndClaim(w *world) {
	w.people()
	for i := range 10 {
		t := w.post(taskNo(i), ann)
		w.change(bob, func(p *store.Profile) { p.Suspended = false })
		suspend := &store.Change{At: w.now, Agents: []store.AgentWrite{
			w.edited(bob, func(p *store.Profile) { p.Suspended = true }),
		}}
		changes := []*store.Change{suspend, claim(w, t, bob)}
		won := w.race(2, store.GuardSuspended, func(i int) *store.Change { return changes[i] })
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
				w.try(w.paidOut(id, poster, worker, held, random.Int64N(held)))
			}
		})
	}
	group.Wait()
	w.balanced(agents)
}

// try commits a Change that may fail because the balance is too low.
func (w *world) try(c *store.Change) bool {
	_, err := w.store.Commit(w.ctx, c)
	var conflict *store.Conflict
	if err != nil && (!errors.As(err, &conflict) || conflict.Guard != store.GuardBalance) {
		w.Errorf("got %v, want success or too little credit", err)
	}
	return err == nil
}

func (w *world) held(id store.TaskID, poster store.AgentID, amount int64) *store.Change {
	t := escrow(w, id, amount)
	t.Agent, t.From = poster, store.AgentAccount(poster)
	return &store.Change{
		At: w.now, Transfers: []store.Transfer{t}, Accounts: []store.AccountDelta{{Agent: poster, Escrowed: amount}},
	}
}

// paidOut gives the charged part to the worker and the rest back.
func (w *world) paidOut(id store.TaskID, poster, worker store.AgentID, held, rest int64) *store.Change {
	from := store.EscrowAccount(id)
	c := &store.Change{At: w.now, Accounts: []store.AccountDelta{{Agent: poster, Escrowed: -held}}}
	if poster == worker {
		rest = 0
	} else {
		c.Accounts = append(c.Accounts, store.AccountDelta{Agent: worker, Earned: held - rest})
	}
	c.Transfers = append(c.Transfers, store.Transfer{
		ID: nextEntry(), From: from, To: store.AgentAccount(worker), Amount: held - rest,
		Kind: store.EntryPayment, Agent: worker, Task: id, At: w.now,
	})
	if rest > 0 {
		c.Transfers = append(c.Transfers, store.Transfer{
			ID: nextEntry(), From: from, To: store.AgentAccount(poster), Amount: rest,
			Kind: store.EntryRefund, Agent: poster, Task: id, At: w.now,
		})
	}
	return c
}

// balanced replays the ledger: the sum over all accounts is 0, each balance is
// what its entries say, and each agent's entries are numbered without a gap.
func (w *world) balanced(agents int) {
	w.Helper()
	accounts := map[store.AccountName]int64{}
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
		w.equal(a.Balance, accounts[store.AgentAccount(a.ID)])
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
				c := &store.Change{At: w.now}
				for _, i := range random.Perm(agents)[:1+random.IntN(agents)] {
					c.Events = append(c.Events, w.event(agentNo(i), n))
					c.Accounts = append(c.Accounts, store.AccountDelta{Agent: agentNo(i), Posted: 1})
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
			c.Events = []store.Event{w.event(ann, i)}
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
		a := w.load(store.LoadQuery{Caller: ann}).Caller
		w.equal(a.Balance+a.Escrowed, int64(bonus))
		w.equal(a.EventSeq, a.Escrowed)
		w.equal(a.LedgerSeq, a.Escrowed+1)
	}
}
