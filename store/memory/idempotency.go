package memory

import (
	"time"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// idempotency has the recorded outcomes by key, and in the order in which they
// expire.
type idempotency struct {
	byID     map[store.IdempotencyID]*outcome
	byExpiry *btree.BTreeG[*outcome]
	next     int64
}

type outcome struct {
	n int64
	*store.IdempotencyRecord
}

func newIdempotency() idempotency {
	return idempotency{
		byID: make(map[store.IdempotencyID]*outcome),
		byExpiry: ordered(func(a, b *outcome) bool {
			if !a.ExpiresAt.Equal(b.ExpiresAt) {
				return a.ExpiresAt.Before(b.ExpiresAt)
			}
			return a.n < b.n
		}),
	}
}

// get returns the record under a key unless it has expired.
func (x *idempotency) get(id store.IdempotencyID, now time.Time) *store.IdempotencyRecord {
	if found := x.byID[id]; found != nil && found.ExpiresAt.After(now) {
		return found.IdempotencyRecord
	}
	return nil
}

// put replaces an expired record.
func (x *idempotency) put(r *store.IdempotencyRecord) {
	if old := x.byID[r.IdempotencyID]; old != nil {
		x.byExpiry.Delete(old)
	}
	x.next++
	kept := &outcome{n: x.next, IdempotencyRecord: r}
	x.byID[r.IdempotencyID] = kept
	x.byExpiry.Set(kept)
}

// prune deletes at most limit expired records.
func (x *idempotency) prune(now time.Time, limit int) (n int) {
	for ; n < limit; n++ {
		first, ok := x.byExpiry.Min()
		if !ok || first.ExpiresAt.After(now) {
			break
		}
		x.byExpiry.Delete(first)
		delete(x.byID, first.IdempotencyID)
	}
	return n
}

func (s *Store) guardIdempotency(c *store.Change) *store.Conflict {
	for r := range c.EachRecord {
		if s.once.get(r.IdempotencyID, c.At) != nil {
			return &store.Conflict{Guard: store.GuardIdempotency, Agent: r.Caller}
		}
	}
	return nil
}
