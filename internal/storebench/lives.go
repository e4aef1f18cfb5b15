// Package storebench has what benchmarks of the shared stores have in common: lives
// of tasks, as package market decides them, and crowds that live them.
package storebench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Epoch is when all lives take place.
var Epoch = time.Date(2031, 3, 5, 7, 11, 13, 123456000, time.UTC)

// Budget is what a task may cost, in credits.
const Budget = 10

// What is written in tasks.
const (
	Need    = "Review this API endpoint for vulnerabilities: it builds its SQL from strings that users send, and nobody has looked at it for a year."
	Context = "FastAPI backend"
	Answer  = "Found three issues: " + Need
)

// Tags are those of every task.
var Tags = []string{"security", "python"}

// AgentID is the id of the n-th agent.
func AgentID(n int) store.AgentID { return store.AgentID(fmt.Sprintf("ag-%016d", n)) }

// TaskID is the id of the n-th task.
func TaskID(n int) store.TaskID { return store.TaskID(fmt.Sprintf("tk-%016d", n)) }

// Registration makes the n-th agent with credits.
func Registration(n int, credits int64) *store.Change {
	id := AgentID(n)
	p := &store.Profile{ID: id, Version: 1, Name: string(id), CreatedAt: Epoch}
	return &store.Change{
		At:     Epoch,
		Agents: []store.AgentWrite{{New: p, Key: sha256.Sum256([]byte(id))}},
		Transfers: []store.Transfer{{
			ID: store.EntryID("le-s" + id), From: store.PlatformAccount, To: store.AgentAccount(id),
			Amount: credits, Kind: store.EntrySignupBonus, Agent: id, At: Epoch,
		}},
		Feed: []store.FeedItem{{Kind: store.FeedAgent, Agent: id}},
	}
}

// Life makes the Changes of a task's life, as a market decides them: Post, Claim,
// Deliver, Approve, in this order.
type Life struct {
	Poster, Worker store.AgentID
	Task           *store.Task
	n              string
	at             time.Time
}

// NewLife is that of the n-th task.
func NewLife(n int, poster, worker store.AgentID) *Life {
	return &Life{Poster: poster, Worker: worker, n: fmt.Sprintf("%016d", n), at: Epoch}
}

// Post is the Change that inserts the task.
func (l *Life) Post() *store.Change {
	l.Task = &store.Task{
		ID: store.TaskID("tk-" + l.n), Version: 1, Poster: l.Poster, MaxCredits: Budget, Tags: Tags,
		CreatedAt: l.at, ExpiresAt: l.at.Add(72 * time.Hour),
		Status: store.StatusPosted, NextDue: l.at.Add(72 * time.Hour),
	}
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.Poster},
		Tasks: []store.TaskWrite{{New: l.Task, Text: store.TaskText{Need: Need, Context: Context}}},
		Transfers: []store.Transfer{{
			ID: store.EntryID("le-e" + l.n), From: store.AgentAccount(l.Poster), To: store.EscrowAccount(l.Task.ID),
			Amount: Budget, Kind: store.EntryEscrow, Agent: l.Poster, Task: l.Task.ID, At: l.at,
		}},
		Accounts: []store.AccountDelta{{Agent: l.Poster, Posted: 1, Escrowed: Budget}},
		Feed:     l.feed(),
	}
}

func (l *Life) feed() []store.FeedItem {
	return []store.FeedItem{{Kind: store.FeedTask, Task: l.Task.ID, Version: l.Task.Version, Open: l.Task.Open()}}
}

func (l *Life) next(status store.Status, change func(t *store.Task)) store.TaskWrite {
	t := *l.Task
	t.Version++
	t.Status = status
	change(&t)
	w := store.TaskWrite{Old: l.Task, New: &t}
	l.Task = &t
	return w
}

// Claim gives the task to the worker, who asks for its texts.
func (l *Life) Claim() *store.Change {
	w := l.next(store.StatusClaimed, func(t *store.Task) {
		t.Claims++
		t.Claim = &store.Claim{Worker: l.Worker, At: l.at, Timeout: l.at.Add(72 * time.Hour)}
		t.NextDue = t.Claim.Timeout
	})
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.Worker, l.Poster}, Tasks: []store.TaskWrite{w},
		Accounts: []store.AccountDelta{{Agent: l.Worker, OpenClaims: 1, MaxOpenClaims: 1 << 30}},
		Roles:    []store.RoleWrite{{Task: l.Task.ID, Agent: l.Worker, Role: store.RoleWorker}},
		Events:   []store.Event{{Agent: l.Poster, Type: store.EventTaskClaimed, Task: l.Task.ID, At: l.at}},
		Feed:     l.feed(), WantText: l.Task.ID,
	}
}

// Deliver writes the worker's result.
func (l *Life) Deliver() *store.Change {
	w := l.next(store.StatusDelivered, func(t *store.Task) {
		t.Deliveries++
		t.Delivery = &store.Delivery{No: 1, At: l.at, Charged: Budget, ReviewUntil: l.at.Add(24 * time.Hour)}
		t.NextDue = t.Delivery.ReviewUntil
	})
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.Worker}, Tasks: []store.TaskWrite{w},
		Results:  []store.Result{{Task: l.Task.ID, No: 1, Text: Answer}},
		Accounts: []store.AccountDelta{{Agent: l.Worker, OpenClaims: -1}},
		Events:   []store.Event{{Agent: l.Poster, Type: store.EventTaskDelivered, Task: l.Task.ID, At: l.at}},
	}
}

// Approve pays the worker; met is how often the two have met, this time
// included.
func (l *Life) Approve(met int64) *store.Change {
	w := l.next(store.StatusApproved, func(t *store.Task) {
		t.Ending = &store.Ending{At: l.at, Charged: Budget, Fee: 1, Rating: 5}
		t.NextDue = time.Time{}
	})
	c := &store.Change{
		At: l.at, Active: []store.AgentID{l.Poster}, Tasks: []store.TaskWrite{w},
		Transfers: l.payments(),
		Accounts: []store.AccountDelta{
			{
				Agent: l.Worker, Completed: 1, Earned: Budget - 1, Fees: 1, Charged: Budget,
				RatingSum: 5, RatingCount: 1,
			},
			{Agent: l.Poster, Escrowed: -Budget, Spent: Budget},
		},
		Trust: []store.TrustWrite{
			{New: store.TrustPair{From: l.Poster, To: l.Worker, Score: 0.55, Interactions: met, UpdatedAt: l.at}},
			{New: store.TrustPair{From: l.Worker, To: l.Poster, Score: 0.55, Interactions: met, UpdatedAt: l.at}},
		},
		Events: []store.Event{{Agent: l.Worker, Type: store.EventTaskApproved, Task: l.Task.ID, At: l.at}},
		Feed:   []store.FeedItem{{Kind: store.FeedAgent, Agent: l.Worker}},
	}
	for _, tag := range l.Task.Tags {
		c.Tags = append(c.Tags, store.TagDelta{Agent: l.Worker, TagStat: store.TagStat{
			Tag: tag, Count: 1, Earned: Budget - 1, RatingSum: 5, RatingCount: 1,
		}})
	}
	for i := range c.Trust {
		c.Feed = append(c.Feed, store.FeedItem{Kind: store.FeedTrust, Trust: &c.Trust[i].New})
	}
	return c
}

func (l *Life) payments() []store.Transfer {
	escrow := store.EscrowAccount(l.Task.ID)
	return []store.Transfer{
		{
			ID: store.EntryID("le-p" + l.n), From: escrow, To: store.AgentAccount(l.Worker), Amount: Budget - 1, Fee: 1,
			Kind: store.EntryPayment, Agent: l.Worker, Task: l.Task.ID, At: l.at,
		},
		{
			ID: store.EntryID("le-f" + l.n), From: escrow, To: store.PlatformAccount, Amount: 1,
			Kind: store.EntryPlatformFee, Task: l.Task.ID, At: l.at,
		},
	}
}

// Key adds the record of an idempotency key to a Change on the n-th task, as the
// clients of the HTTP API send one.
func Key(c *store.Change, caller store.AgentID, n int) *store.Change {
	operation := string(c.Tasks[0].New.Status)
	c.Idempotency = &store.IdempotencyRecord{
		IdempotencyID: store.IdempotencyID{Caller: caller, Operation: operation, Key: fmt.Sprintf("%s-%032d", operation, n)},
		Outcome:       []byte(`{"task_id":"` + string(c.Tasks[0].New.ID) + `","status":"` + operation + `"}`),
		ExpiresAt:     c.At.Add(24 * time.Hour),
	}
	return c
}

// Live commits the life of the next two who meet, keyed or not.
func (c *Couples) Live(ctx context.Context, s store.Committer, keyed bool) error {
	m := c.Meet()
	l := NewLife(m.N, m.Poster, m.Worker)
	key := func(change *store.Change, caller store.AgentID) *store.Change {
		if keyed {
			return Key(change, caller, m.N)
		}
		return change
	}
	if _, err := s.Commit(ctx, key(l.Post(), l.Poster)); err != nil {
		return err
	}
	if i, _, errs, err := s.CommitFirst(ctx, []*store.Change{key(l.Claim(), l.Worker)}); err != nil || i != 0 {
		return fmt.Errorf("nobody claimed: %w, %v", err, errs)
	}
	if _, err := s.Commit(ctx, key(l.Deliver(), l.Worker)); err != nil {
		return err
	}
	return m.Once(func(met int64) error {
		_, err := s.Commit(ctx, key(l.Approve(met), l.Poster))
		return err
	})
}
