package storetest

import (
	"encoding/json"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// Recorded outcomes under an idempotency key.
var idempotencyCases = []testCase{
	{"Loaded until it expires", func(w *world) {
		r := record(w, "key")
		w.commit(&store.Change{Idempotency: r})
		at := func(at time.Time) *store.IdempotencyRecord {
			return w.load(store.LoadQuery{Now: at, Idempotency: &r.IdempotencyID}).Idempotency
		}
		w.equal(at(w.now), r)
		w.equal(at(r.ExpiresAt.Add(-time.Microsecond)), r)
		w.equal(at(r.ExpiresAt), (*store.IdempotencyRecord)(nil))
	}},
	{"Scoped to caller, operation and key", func(w *world) {
		r := record(w, "key")
		w.commit(&store.Change{Idempotency: r})
		for _, other := range []store.IdempotencyID{
			{Caller: bob, Operation: "post", Key: "key"},
			{Caller: ann, Operation: "deliver", Key: "key"},
			{Caller: ann, Operation: "post", Key: "Key"},
			{Caller: ann, Operation: "pos", Key: "tkey"},
			{Caller: ann, Operation: "post:key", Key: ""},
		} {
			w.equal(w.load(store.LoadQuery{Idempotency: &other}).Idempotency, (*store.IdempotencyRecord)(nil))
			next := record(w, "")
			next.IdempotencyID = other
			w.commit(&store.Change{Idempotency: next})
		}
		w.equal(w.load(store.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, r)
	}},
	{"A second record is refused and the first stays", func(w *world) {
		w.people()
		first := record(w, "key")
		w.commit(&store.Change{Idempotency: first})
		second := record(w, "key")
		second.Outcome, second.ExpiresAt = json.RawMessage(`"second"`), first.ExpiresAt.Add(time.Hour)
		w.refused(&store.Change{
			At: w.in(time.Hour), Idempotency: second, Transfers: []store.Transfer{w.grant(ann, 1)},
		}, store.GuardIdempotency)
		w.equal(w.load(store.LoadQuery{Idempotency: &first.IdempotencyID}).Idempotency, first)
	}},
	{"An expired record is replaced", func(w *world) {
		first := record(w, "key")
		w.commit(&store.Change{Idempotency: first})
		later := first.ExpiresAt
		second := record(w, "key")
		second.Outcome, second.ExpiresAt = json.RawMessage(`"second"`), later.Add(time.Hour)
		w.commit(&store.Change{At: later, Idempotency: second})
		w.equal(w.load(store.LoadQuery{Now: later, Idempotency: &second.IdempotencyID}).Idempotency, second)
	}},
	{"A refused Change keeps no record", func(w *world) {
		w.people()
		r := record(w, "key")
		w.refused(&store.Change{Idempotency: r, Active: []store.AgentID{nobody}}, store.GuardSuspended)
		w.equal(w.load(store.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, (*store.IdempotencyRecord)(nil))
		w.commit(&store.Change{Idempotency: r})
	}},
	{"Several records of one Change", func(w *world) {
		w.people()
		r, a, b := record(w, "call"), record(w, "a"), record(w, "b")
		b.ExpiresAt = r.ExpiresAt.Add(time.Hour)
		w.commit(&store.Change{Idempotency: r, Records: []*store.IdempotencyRecord{a, b}})
		ids := []store.IdempotencyID{b.IdempotencyID, record(w, "none").IdempotencyID, a.IdempotencyID, r.IdempotencyID}
		l := w.load(store.LoadQuery{Idempotency: &r.IdempotencyID, Records: ids})
		w.equal(l.Idempotency, r)
		w.equal(l.Records, []*store.IdempotencyRecord{b, a, r})
		w.equal(w.load(store.LoadQuery{Now: a.ExpiresAt, Records: ids}).Records, []*store.IdempotencyRecord{b})
		w.equal(w.load(store.LoadQuery{Idempotency: &a.IdempotencyID}).Idempotency, a)
	}},
	{"A record that is there refuses the Change with all its records", func(w *world) {
		w.people()
		old, fresh := record(w, "old"), record(w, "fresh")
		w.commit(&store.Change{Records: []*store.IdempotencyRecord{old}})
		w.refused(&store.Change{
			Records: []*store.IdempotencyRecord{fresh, record(w, "old")}, Transfers: []store.Transfer{w.grant(ann, 1)},
		}, store.GuardIdempotency)
		w.refused(&store.Change{Idempotency: record(w, "old")}, store.GuardIdempotency)
		w.equal(w.load(store.LoadQuery{Records: []store.IdempotencyID{fresh.IdempotencyID, old.IdempotencyID}}).Records,
			[]*store.IdempotencyRecord{old})
		w.commit(&store.Change{At: old.ExpiresAt, Records: []*store.IdempotencyRecord{fresh, record(w, "old")}})
	}},
	{"Keys of 255 characters in any script", func(w *world) {
		r := record(w, wild(255))
		w.commit(&store.Change{Idempotency: r})
		w.equal(w.load(store.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, r)
	}},
}
