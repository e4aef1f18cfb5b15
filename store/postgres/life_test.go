package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/store"
)

// epoch is when the tests take place.
var epoch = time.Date(2031, 3, 5, 7, 11, 13, 123456000, time.UTC)

// life makes the Changes of a task's life, as a market decides them.
type life struct {
	poster, worker store.AgentID
	task           *store.Task
	n              string
	at             time.Time
}

func newLife(n int, poster, worker store.AgentID) *life {
	return &life{poster: poster, worker: worker, n: fmt.Sprintf("%016d", n), at: epoch}
}

func agentID(n int) store.AgentID { return store.AgentID(fmt.Sprintf("ag-%016d", n)) }

// registration makes an agent with credits.
func registration(n int, credits int64) *store.Change {
	id := agentID(n)
	p := &store.Profile{ID: id, Version: 1, Name: string(id), CreatedAt: epoch}
	return &store.Change{
		At:     epoch,
		Agents: []store.AgentWrite{{New: p, Key: market.APIKey("pwk-" + id).Digest()}},
		Transfers: []store.Transfer{{
			ID: store.EntryID("le-s" + string(id)), From: store.PlatformAccount, To: store.AgentAccount(id),
			Amount: credits, Kind: store.EntrySignupBonus, Agent: id, At: epoch,
		}},
		Feed: []store.FeedItem{{Kind: store.FeedAgent, Agent: id}},
	}
}

const budget = 10

const need = "Review this API endpoint for vulnerabilities: it builds its SQL from strings that users send, and nobody has looked at it for a year."

func (l *life) post() *store.Change {
	l.task = &store.Task{
		ID: store.TaskID("tk-" + l.n), Version: 1, Poster: l.poster, MaxCredits: budget,
		Tags: []string{"security", "python"}, CreatedAt: l.at, ExpiresAt: l.at.Add(72 * time.Hour),
		Status: store.StatusPosted, NextDue: l.at.Add(72 * time.Hour),
	}
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.poster},
		Tasks: []store.TaskWrite{{New: l.task, Text: store.TaskText{Need: need, Context: "FastAPI backend"}}},
		Transfers: []store.Transfer{{
			ID: store.EntryID("le-e" + l.n), From: store.AgentAccount(l.poster), To: store.EscrowAccount(l.task.ID),
			Amount: budget, Kind: store.EntryEscrow, Agent: l.poster, Task: l.task.ID, At: l.at,
		}},
		Accounts: []store.AccountDelta{{Agent: l.poster, Posted: 1, Escrowed: budget}},
		Feed:     l.feed(l.task),
	}
}

func (l *life) feed(t *store.Task) []store.FeedItem {
	return []store.FeedItem{{
		Kind: store.FeedTask, Task: t.ID, Version: t.Version, Open: t.Status == store.StatusPosted,
	}}
}

func (l *life) next(status store.Status, change func(t *store.Task)) store.TaskWrite {
	t := *l.task
	t.Version++
	t.Status = status
	change(&t)
	w := store.TaskWrite{Old: l.task, New: &t}
	l.task = &t
	return w
}

func (l *life) claim() *store.Change {
	w := l.next(store.StatusClaimed, func(t *store.Task) {
		t.Claims++
		t.Claim = &store.Claim{Worker: l.worker, At: l.at, Timeout: l.at.Add(72 * time.Hour)}
		t.NextDue = t.Claim.Timeout
	})
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.worker, l.poster}, Tasks: []store.TaskWrite{w},
		Accounts: []store.AccountDelta{{Agent: l.worker, OpenClaims: 1, MaxOpenClaims: 1 << 30}},
		Roles:    []store.RoleWrite{{Task: l.task.ID, Agent: l.worker, Role: store.RoleWorker}},
		Events:   []store.Event{{Agent: l.poster, Type: store.EventTaskClaimed, Task: l.task.ID, At: l.at}},
		Feed:     l.feed(l.task), WantText: l.task.ID,
	}
}

func (l *life) deliver() *store.Change {
	w := l.next(store.StatusDelivered, func(t *store.Task) {
		t.Deliveries++
		t.Delivery = &store.Delivery{No: 1, At: l.at, Charged: budget, ReviewUntil: l.at.Add(24 * time.Hour)}
		t.NextDue = t.Delivery.ReviewUntil
	})
	return &store.Change{
		At: l.at, Active: []store.AgentID{l.worker}, Tasks: []store.TaskWrite{w},
		Results:  []store.Result{{Task: l.task.ID, No: 1, Text: "Found three issues: " + need}},
		Accounts: []store.AccountDelta{{Agent: l.worker, OpenClaims: -1}},
		Events:   []store.Event{{Agent: l.poster, Type: store.EventTaskDelivered, Task: l.task.ID, At: l.at}},
	}
}

func (l *life) approve(trust int64) *store.Change {
	w := l.next(store.StatusApproved, func(t *store.Task) {
		t.Ending = &store.Ending{At: l.at, Charged: budget, Fee: 1, Rating: 5}
		t.NextDue = time.Time{}
	})
	escrow := store.EscrowAccount(l.task.ID)
	c := &store.Change{
		At: l.at, Active: []store.AgentID{l.poster}, Tasks: []store.TaskWrite{w},
		Transfers: []store.Transfer{
			{
				ID: store.EntryID("le-p" + l.n), From: escrow, To: store.AgentAccount(l.worker), Amount: budget - 1, Fee: 1,
				Kind: store.EntryPayment, Agent: l.worker, Task: l.task.ID, At: l.at,
			},
			{
				ID: store.EntryID("le-f" + l.n), From: escrow, To: store.PlatformAccount, Amount: 1,
				Kind: store.EntryPlatformFee, Task: l.task.ID, At: l.at,
			},
		},
		Accounts: []store.AccountDelta{
			{
				Agent: l.worker, Completed: 1, Earned: budget - 1, Fees: 1, Charged: budget,
				RatingSum: 5, RatingCount: 1,
			},
			{Agent: l.poster, Escrowed: -budget, Spent: budget},
		},
		Events: []store.Event{{Agent: l.worker, Type: store.EventTaskApproved, Task: l.task.ID, At: l.at}},
		Feed:   []store.FeedItem{{Kind: store.FeedAgent, Agent: l.worker}},
	}
	for _, tag := range l.task.Tags {
		c.Tags = append(c.Tags, store.TagDelta{Agent: l.worker, TagStat: store.TagStat{
			Tag: tag, Count: 1, Earned: budget - 1, RatingSum: 5, RatingCount: 1,
		}})
	}
	if trust > 0 {
		c.Trust = []store.TrustWrite{
			{New: store.TrustPair{From: l.poster, To: l.worker, Score: 0.55, Interactions: trust, UpdatedAt: l.at}},
			{New: store.TrustPair{From: l.worker, To: l.poster, Score: 0.55, Interactions: trust, UpdatedAt: l.at}},
		}
		for i := range c.Trust {
			c.Feed = append(c.Feed, store.FeedItem{Kind: store.FeedTrust, Trust: &c.Trust[i].New})
		}
	}
	return c
}

func commit(t testing.TB, s store.Store, c *store.Change) store.Committed {
	t.Helper()
	done, err := s.Commit(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return done
}
