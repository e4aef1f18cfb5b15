package storetest

import (
	"errors"

	"github.com/pinchwork/pinchwork/store"
)

// Calls that are given more than they accept.
var boundCases = []testCase{
	{"CommitFirst of nine", func(w *world) {
		w.people()
		before := w.snapshot()
		index, _, _, err := w.store.CommitFirst(w.ctx, w.grants(store.MaxFirst+1))
		w.tooMany("CommitFirst", err)
		w.equal(index, -1)
		w.equal(w.snapshot(), before)
	}},
	{"CommitEach of a hundred and one", func(w *world) {
		w.people()
		before := w.snapshot()
		done, errs := w.store.CommitEach(w.ctx, w.grants(store.MaxEach+1))
		w.equal(len(done), store.MaxEach+1)
		w.equal(len(errs), store.MaxEach+1)
		for _, err := range errs {
			w.tooMany("CommitEach", err)
		}
		w.equal(w.snapshot(), before)
	}},
	{"Tasks of a thousand ids, and of one more", func(w *world) {
		w.people()
		ids := []store.TaskID{w.post(taskNo(0), ann).ID}
		for len(ids) < store.MaxIDs {
			ids = append(ids, nothing)
		}
		got, err := w.store.Tasks(w.ctx, ids)
		w.ok(err)
		w.equal(len(got), 1)
		_, err = w.store.Tasks(w.ctx, append(ids, nothing))
		w.tooMany("Tasks", err)
	}},
	{"Agents of a thousand ids, and of one more", func(w *world) {
		w.people()
		ids := []store.AgentID{ann}
		for len(ids) < store.MaxIDs {
			ids = append(ids, nobody)
		}
		got, err := w.store.Agents(w.ctx, ids)
		w.ok(err)
		w.equal(len(got), 1)
		_, err = w.store.Agents(w.ctx, append(ids, nobody))
		w.tooMany("Agents", err)
	}},
}

// grants returns n Changes whose guards would all hold.
func (w *world) grants(n int) []*store.Change {
	cs := make([]*store.Change, n)
	for i := range cs {
		cs[i] = &store.Change{At: w.now, Transfers: []store.Transfer{w.grant(ann, 1)}}
	}
	return cs
}

func (w *world) tooMany(method string, err error) {
	w.Helper()
	if !errors.Is(err, store.ErrTooMany) {
		w.Fatalf("%s: got %v, want store.ErrTooMany", method, err)
	}
}
