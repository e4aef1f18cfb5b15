package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/pinchwork/pinchwork/internal/pgtest"
	"github.com/pinchwork/pinchwork/store"
)

// Many commit at once, with a lane that is held up so that they travel together:
// posters spend more than they have, and what the books say at the end is what the
// answers said, each entry with the balance after it.
func TestCommitsThatTravelTogether(t *testing.T) {
	ctx := context.Background()
	url := pgtest.Start(t)
	s := openAt(t, url)
	const has = 10 * budget
	for n := range 3 {
		commit(t, s, registration(n, has))
	}
	release := hold(t, url, agentID(2))
	var all sync.WaitGroup
	var mu sync.Mutex
	posted := map[store.AgentID]int{}
	for n := range 60 {
		poster := agentID(n % 2)
		all.Go(func() {
			c := newLife(n, poster, "").post()
			c.Events = []store.Event{{Agent: agentID(2), Type: store.EventTaskMatched, Task: c.Tasks[0].New.ID, At: epoch}}
			_, err := s.Commit(ctx, c)
			var refused *store.Conflict
			switch {
			case err == nil:
				mu.Lock()
				posted[poster]++
				mu.Unlock()
			case !errors.As(err, &refused) || refused.Guard != store.GuardBalance || refused.Agent != poster:
				t.Errorf("posting %d: %v", n, err)
			}
		})
	}
	release()
	all.Wait()
	for _, poster := range []store.AgentID{agentID(0), agentID(1)} {
		page, err := s.Ledger(ctx, store.PageQuery{Agent: poster, Limit: 100, Now: epoch})
		if err != nil || page.Account.Balance != 0 || posted[poster] != 10 || page.Total != 11 {
			t.Fatalf("%s posted %d, has %d entries and %+v, %v", poster, posted[poster], page.Total, page.Account, err)
		}
		for i, e := range page.Entries[:10] {
			if e.Balance != int64(i)*budget || e.Seq != int64(11-i) {
				t.Errorf("entry %d of %s has number %d and balance %d", i, poster, e.Seq, e.Balance)
			}
		}
	}
	events, err := s.Events(ctx, agentID(2), 0, 100)
	if err != nil || len(events.Events) != 20 || events.Head != 20 {
		t.Errorf("%d events, %d is the newest, %v", len(events.Events), events.Head, err)
	}
}

// hold locks an account, so that commits on it wait in the database for the first.
func hold(t *testing.T, url string, agent store.AgentID) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "begin"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "select from pinchwork.account where id = $1 for update", string(agent)); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.Exec(ctx, "commit"); err != nil {
			t.Error(err)
		}
	}
}

// Two processes commit groups on the same accounts, in opposite orders.
func TestGroupsOfTwoProcesses(t *testing.T) {
	url := pgtest.Start(t)
	one, two := openAt(t, url), openAt(t, url)
	for n := range 10 {
		commit(t, one, registration(n, 1<<30))
	}
	var all sync.WaitGroup
	for n := range 200 {
		all.Go(func() {
			s, poster := one, agentID(n%10)
			if n%2 == 1 {
				s, poster = two, agentID(9-n%10)
			}
			c := newLife(n, poster, "").post()
			for other := range 3 {
				c.Events = append(c.Events, store.Event{Agent: agentID((n + 3*other) % 10), Type: store.EventTaskMatched, Task: c.Tasks[0].New.ID, At: epoch})
			}
			if _, err := s.Commit(context.Background(), c); err != nil {
				t.Errorf("posting %d: %v", n, err)
			}
		})
	}
	all.Wait()
	total := int64(0)
	for n := range 10 {
		page, err := one.Events(context.Background(), agentID(n), 0, 1000)
		if err != nil || int64(len(page.Events)) != page.Head {
			t.Error(fmt.Sprintf("%d events of %d", len(page.Events), page.Head), err)
		}
		total += page.Head
	}
	if total != 600 {
		t.Errorf("%d events", total)
	}
}
