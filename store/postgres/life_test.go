package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// epoch is when the tests take place.
var epoch = time.Date(2031, 3, 5, 7, 11, 13, 123456000, time.UTC)

// life makes the Changes of a task's life, as a market decides them.
type life struct {
	poster, worker market.AgentID
	task           *market.Task
	n              string
	at             time.Time
}

func newLife(n int, poster, worker market.AgentID) *life {
	return &life{poster: poster, worker: worker, n: fmt.Sprintf("%016d", n), at: epoch}
}

func agentID(n int) market.AgentID { return market.AgentID(fmt.Sprintf("ag-%016d", n)) }

// registration makes an agent with credits.
func registration(n int, credits int64) *market.Change {
	id := agentID(n)
	p := &market.Profile{ID: id, Version: 1, Name: string(id), CreatedAt: epoch}
	return &market.Change{
		At:     epoch,
		Agents: []market.AgentWrite{{New: p, Key: market.APIKey("pwk-" + id).Digest()}},
		Transfers: []market.Transfer{{
			ID: market.EntryID("le-s" + string(id)), From: market.PlatformAccount, To: market.AgentAccount(id),
			Amount: credits, Kind: market.EntrySignupBonus, Agent: id, At: epoch,
		}},
		Feed: []market.FeedItem{{Kind: market.FeedAgent, Agent: id}},
	}
}

const budget = 10

const need = "Review this API endpoint for vulnerabilities: it builds its SQL from strings that users send, and nobody has looked at it for a year."

func (l *life) post() *market.Change {
	l.task = &market.Task{
		ID: market.TaskID("tk-" + l.n), Version: 1, Poster: l.poster, MaxCredits: budget,
		Tags: []string{"security", "python"}, CreatedAt: l.at, ExpiresAt: l.at.Add(72 * time.Hour),
		Status: market.StatusPosted, NextDue: l.at.Add(72 * time.Hour),
	}
	return &market.Change{
		At: l.at, Active: []market.AgentID{l.poster},
		Tasks: []market.TaskWrite{{New: l.task, Text: market.TaskText{Need: need, Context: "FastAPI backend"}}},
		Transfers: []market.Transfer{{
			ID: market.EntryID("le-e" + l.n), From: market.AgentAccount(l.poster), To: market.EscrowAccount(l.task.ID),
			Amount: budget, Kind: market.EntryEscrow, Agent: l.poster, Task: l.task.ID, At: l.at,
		}},
		Accounts: []market.AccountDelta{{Agent: l.poster, Posted: 1, Escrowed: budget}},
		Feed:     l.feed(l.task),
	}
}

func (l *life) feed(t *market.Task) []market.FeedItem {
	return []market.FeedItem{{
		Kind: market.FeedTask, Task: t.ID, Version: t.Version, Open: t.Status == market.StatusPosted,
	}}
}

func (l *life) next(status market.Status, change func(t *market.Task)) market.TaskWrite {
	t := *l.task
	t.Version++
	t.Status = status
	change(&t)
	w := market.TaskWrite{Old: l.task, New: &t}
	l.task = &t
	return w
}

func (l *life) claim() *market.Change {
	w := l.next(market.StatusClaimed, func(t *market.Task) {
		t.Claims++
		t.Claim = &market.Claim{Worker: l.worker, At: l.at, Timeout: l.at.Add(72 * time.Hour)}
		t.NextDue = t.Claim.Timeout
	})
	return &market.Change{
		At: l.at, Active: []market.AgentID{l.worker, l.poster}, Tasks: []market.TaskWrite{w},
		Accounts: []market.AccountDelta{{Agent: l.worker, OpenClaims: 1, MaxOpenClaims: 1 << 30}},
		Roles:    []market.RoleWrite{{Task: l.task.ID, Agent: l.worker, Role: market.RoleWorker}},
		Events:   []market.Event{{Agent: l.poster, Type: market.EventTaskClaimed, Task: l.task.ID, At: l.at}},
		Feed:     l.feed(l.task), WantText: l.task.ID,
	}
}

func (l *life) deliver() *market.Change {
	w := l.next(market.StatusDelivered, func(t *market.Task) {
		t.Deliveries++
		t.Delivery = &market.Delivery{No: 1, At: l.at, Charged: budget, ReviewUntil: l.at.Add(24 * time.Hour)}
		t.NextDue = t.Delivery.ReviewUntil
	})
	return &market.Change{
		At: l.at, Active: []market.AgentID{l.worker}, Tasks: []market.TaskWrite{w},
		Results:  []market.Result{{Task: l.task.ID, No: 1, Text: "Found three issues: " + need}},
		Accounts: []market.AccountDelta{{Agent: l.worker, OpenClaims: -1}},
		Events:   []market.Event{{Agent: l.poster, Type: market.EventTaskDelivered, Task: l.task.ID, At: l.at}},
	}
}

func (l *life) approve(trust int64) *market.Change {
	w := l.next(market.StatusApproved, func(t *market.Task) {
		t.Ending = &market.Ending{At: l.at, Charged: budget, Fee: 1, Rating: 5}
		t.NextDue = time.Time{}
	})
	escrow := market.EscrowAccount(l.task.ID)
	c := &market.Change{
		At: l.at, Active: []market.AgentID{l.poster}, Tasks: []market.TaskWrite{w},
		Transfers: []market.Transfer{
			{
				ID: market.EntryID("le-p" + l.n), From: escrow, To: market.AgentAccount(l.worker), Amount: budget - 1, Fee: 1,
				Kind: market.EntryPayment, Agent: l.worker, Task: l.task.ID, At: l.at,
			},
			{
				ID: market.EntryID("le-f" + l.n), From: escrow, To: market.PlatformAccount, Amount: 1,
				Kind: market.EntryPlatformFee, Task: l.task.ID, At: l.at,
			},
		},
		Accounts: []market.AccountDelta{
			{
				Agent: l.worker, Completed: 1, Earned: budget - 1, Fees: 1, Charged: budget,
				RatingSum: 5, RatingCount: 1,
			},
			{Agent: l.poster, Escrowed: -budget, Spent: budget},
		},
		Events: []market.Event{{Agent: l.worker, Type: market.EventTaskApproved, Task: l.task.ID, At: l.at}},
		Feed:   []market.FeedItem{{Kind: market.FeedAgent, Agent: l.worker}},
	}
	for _, tag := range l.task.Tags {
		c.Tags = append(c.Tags, market.TagDelta{Agent: l.worker, TagStat: market.TagStat{
			Tag: tag, Count: 1, Earned: budget - 1, RatingSum: 5, RatingCount: 1,
		}})
	}
	if trust > 0 {
		c.Trust = []market.TrustWrite{
			{New: market.TrustPair{From: l.poster, To: l.worker, Score: 0.55, Interactions: trust, UpdatedAt: l.at}},
			{New: market.TrustPair{From: l.worker, To: l.poster, Score: 0.55, Interactions: trust, UpdatedAt: l.at}},
		}
		for i := range c.Trust {
			c.Feed = append(c.Feed, market.FeedItem{Kind: market.FeedTrust, Trust: &c.Trust[i].New})
		}
	}
	return c
}

func commit(t testing.TB, s market.Store, c *market.Change) market.Committed {
	t.Helper()
	done, err := s.Commit(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return done
}
