package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/storebench"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// held is a store whose file a host holds, so that commits gather.
func held(t *testing.T) (s *sqlite.Store, release func()) {
	t.Helper()
	s = openAt(t, filepath.Join(t.TempDir(), "market.db"), sqlite.WithCallTimeout(time.Minute))
	populate(t, s)
	holding, let, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.Transact(context.Background(), func(*sql.Tx, *sqlite.Store) error {
			close(holding)
			<-let
			return nil
		})
	}()
	<-holding
	return s, func() {
		close(let)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// Commits that have gathered are each done or refused on their own: one that is refused,
// one that cannot be written and one whose caller has gone take no other with them.
func TestThoseWhoTravelTogetherAreAlone(t *testing.T) {
	s, release := held(t)
	life := func(n int) *storebench.Life { return storebench.NewLife(n, storebench.AgentID(n), "") }
	impossible := life(50).Post()
	impossible.Agents = []store.AgentWrite{
		storebench.Registration(300, 1).Agents[0], storebench.Registration(300, 1).Agents[0],
	}
	gone, leave := context.WithCancel(t.Context())
	ctxs := map[int]context.Context{52: gone}
	changes := map[int]*store.Change{50: impossible, 51: storebench.Registration(1, 1), 52: life(52).Post()}
	errs := make([]error, 60)
	var all sync.WaitGroup
	for n := range errs {
		c, ctx := changes[n], ctxs[n]
		if c == nil {
			c = life(n).Post()
		}
		if ctx == nil {
			ctx = t.Context()
		}
		all.Go(func() { _, errs[n] = s.Commit(ctx, c) })
	}
	sqlite.Gathered(s, len(errs))
	leave()
	sqlite.Gathered(s, len(errs)-1)
	release()
	all.Wait()
	acknowledged := versions{}
	for n, err := range errs {
		var conflict *store.Conflict
		switch {
		case n == 50 && (err == nil || errors.As(err, &conflict)),
			n == 51 && !errors.As(err, &conflict),
			n == 52 && !errors.Is(err, context.Canceled),
			(n < 50 || n > 52) && err != nil:
			t.Errorf("commit %d: %v", n, err)
		}
		if err == nil {
			acknowledged.add(storebench.TaskID(n), 1)
		}
	}
	check(t, s, acknowledged)
	found, err := s.Tasks(t.Context(), []store.TaskID{storebench.TaskID(50), storebench.TaskID(52)})
	if err != nil || len(found) != 0 {
		t.Errorf("there are %d tasks of those that failed; %v", len(found), err)
	}
}

// A host that waits for its turn can be called off.
func TestTransactWaitsNoLongerThanItsContext(t *testing.T) {
	s, release := held(t)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Transact(ctx, func(*sql.Tx, *sqlite.Store) error {
		t.Error("it had its turn")
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("called off with %v", err)
	}
}

// Close lets what was sent before be written.
func TestCloseWaitsForCommits(t *testing.T) {
	s, release := held(t)
	acknowledged := make(chan error)
	go func() {
		_, err := s.Commit(context.Background(), storebench.NewLife(1, storebench.AgentID(1), "").Post())
		acknowledged <- err
	}()
	sqlite.Gathered(s, 1)
	release()
	if err := errors.Join(s.Close(), <-acknowledged); err != nil {
		t.Fatal(err)
	}
	check(t, openAt(t, s.Path()), versions{storebench.TaskID(1): 1})
}
