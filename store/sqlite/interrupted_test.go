package sqlite_test

import (
	"context"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/sqlite"
)

// fading is a context that ends when it is asked for the last of so many times.
type fading struct {
	context.Context
	asked atomic.Int64
	last  int64
}

func (e *fading) Err() error {
	if e.asked.Add(1) > e.last {
		return context.Canceled
	}
	return nil
}

// Whenever the context ends, a read brings all that there is or an error.
func TestAReadThatIsCutShortIsNoAnswer(t *testing.T) {
	s := openAt(t, filepath.Join(t.TempDir(), "market.db"), sqlite.WithoutDurability())
	k := markettest.New(t, markettest.Store(s), markettest.CheckRarely())
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("task", markettest.Tagged("go", "sql"))
	bob.Claim(id)
	bob.Deliver(id, "done")
	q := store.LoadQuery{Now: k.Clock.Now(), Caller: ada.ID, Task: id, Text: true, Trust: true, Role: true, TrustIn: true}
	whole, err := s.Load(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	shortenings(t, func(ctx context.Context, last int64) {
		if got, err := s.LoadUnder(ctx, q); err == nil && !reflect.DeepEqual(got, whole) {
			t.Fatalf("cut short after %d looks at its context, it says %+v", last, got)
		}
	})
}

// Whenever the context ends, a write in a host's transaction is there as a whole, or
// not at all.
func TestAWriteInAHostsTransactionThatIsCutShort(t *testing.T) {
	const insert = "insert into purchase values ('tk-1')"
	h := newHost(t)
	shortenings(t, func(ctx context.Context, last int64) {
		tx, err := h.db.BeginTx(h.Ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		before := h.purchases()
		err = h.store.InTx(tx).RunInside(ctx, insert, insert, insert)
		h.end(tx.Commit)
		if n := h.purchases() - before; err == nil && n != 3 || err != nil && n != 0 {
			t.Fatalf("cut short after %d looks at its context: %v, and %d of 3 rows", last, err, n)
		}
	})
}

// shortenings runs an operation under contexts that end later and later, until it ends
// before its context does.
func shortenings(t *testing.T, run func(ctx context.Context, last int64)) {
	t.Helper()
	for last := range int64(2_000) {
		ctx := &fading{Context: t.Context(), last: last}
		if run(ctx, last); ctx.asked.Load() <= last {
			return
		}
	}
	t.Fatal("it asks for its context without end")
}
