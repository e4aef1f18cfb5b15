package storetest

import (
	"encoding/json"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// First outcomes under a client's key.
var idempotencyCases = []testCase{
	{"Loaded until it expires", func(w *world) {
		r := record(w, "key")
		w.commit(&market.Change{Idempotency: r})
		at := func(at time.Time) *market.IdempotencyRecord {
			return w.load(market.LoadQuery{Now: at, Idempotency: &r.IdempotencyID}).Idempotency
		}
		w.equal(at(w.now), r)
		w.equal(at(r.ExpiresAt.Add(-time.Microsecond)), r)
		w.equal(at(r.ExpiresAt.Add(time.Microsecond)), (*market.IdempotencyRecord)(nil))
	}},
	{"Scoped to caller, operation and key", func(w *world) {
		r := record(w, "key")
		w.commit(&market.Change{Idempotency: r})
		for _, other := range []market.IdempotencyID{
			{Caller: bob, Operation: "post", Key: "key"},
			{Caller: ann, Operation: "deliver", Key: "key"},
			{Caller: ann, Operation: "post", Key: "Key"},
			{Caller: ann, Operation: "pos", Key: "tkey"},
			{Caller: ann, Operation: "post:key", Key: ""},
		} {
			w.equal(w.load(market.LoadQuery{Idempotency: &other}).Idempotency, (*market.IdempotencyRecord)(nil))
			next := record(w, "")
			next.IdempotencyID = other
			w.commit(&market.Change{Idempotency: next})
		}
		w.equal(w.load(market.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, r)
	}},
	{"A second record is refused and the first stays", func(w *world) {
		w.people()
		first := record(w, "key")
		w.commit(&market.Change{Idempotency: first})
		second := record(w, "key")
		second.Outcome, second.ExpiresAt = json.RawMessage(`"second"`), first.ExpiresAt.Add(time.Hour)
		w.refused(&market.Change{
			At: w.in(time.Hour), Idempotency: second, Transfers: []market.Transfer{w.grant(ann, 1)},
		}, market.GuardIdempotency)
		w.equal(w.load(market.LoadQuery{Idempotency: &first.IdempotencyID}).Idempotency, first)
	}},
	{"An expired record is replaced", func(w *world) {
		first := record(w, "key")
		w.commit(&market.Change{Idempotency: first})
		later := first.ExpiresAt.Add(time.Second)
		second := record(w, "key")
		second.Outcome, second.ExpiresAt = json.RawMessage(`"second"`), later.Add(time.Hour)
		w.commit(&market.Change{At: later, Idempotency: second})
		w.equal(w.load(market.LoadQuery{Now: later, Idempotency: &second.IdempotencyID}).Idempotency, second)
	}},
	{"A refused Change keeps no record", func(w *world) {
		w.people()
		r := record(w, "key")
		w.refused(&market.Change{Idempotency: r, Active: []market.AgentID{nobody}}, market.GuardSuspended)
		w.equal(w.load(market.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, (*market.IdempotencyRecord)(nil))
		w.commit(&market.Change{Idempotency: r})
	}},
	{"Keys of 255 characters in any script", func(w *world) {
		r := record(w, wild(255))
		w.commit(&market.Change{Idempotency: r})
		w.equal(w.load(market.LoadQuery{Idempotency: &r.IdempotencyID}).Idempotency, r)
	}},
}
