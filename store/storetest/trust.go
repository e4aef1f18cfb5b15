package storetest

import "github.com/pinchwork/pinchwork/store"

// Trust pairs.
var trustCases = []testCase{
	{"Pages by score, then by the trusted agent's id", func(w *world) {
		w.people()
		scores := []float64{0.5, 0.9, 0.5, 0.1, 0.9, 0.500001, 1, 0}
		order := []int{6, 1, 4, 5, 0, 2, 3, 7}
		pairs := make([]store.TrustPair, len(scores))
		for _, i := range []int{3, 0, 7, 2, 6, 5, 4, 1} {
			pairs[i] = store.TrustPair{From: ann, To: agentNo(i), Score: scores[i], Interactions: 1, UpdatedAt: w.now}
			w.commit(&store.Change{Trust: []store.TrustWrite{{New: pairs[i]}}})
		}
		var want []store.TrustPair
		for _, i := range order {
			want = append(want, pairs[i])
		}
		for _, limit := range []int{1, 3, 100} {
			for offset := 0; offset <= 9; offset += limit {
				page := w.trustOf(ann, limit, offset)
				from := min(offset, len(want))
				w.equal(page.Pairs, want[from:min(from+limit, len(want))])
				w.equal(page.Total, len(want))
			}
		}
	}},
	{"Ids that differ by case come in the order of bytes", func(w *world) {
		for _, to := range []store.AgentID{"ag-b", "ag-B", "ag-a", "ag-A"} {
			w.commit(&store.Change{Trust: []store.TrustWrite{{New: store.TrustPair{
				From: ann, To: to, Score: 0.55, Interactions: 1, UpdatedAt: w.now,
			}}}})
		}
		var got []store.AgentID
		for _, p := range w.trustOf(ann, 9, 0).Pairs {
			got = append(got, p.To)
		}
		w.equal(got, []store.AgentID{"ag-A", "ag-B", "ag-a", "ag-b"})
	}},
	{"A step moves the pair in the order", func(w *world) {
		w.people()
		low := store.TrustPair{From: ann, To: bob, Score: 0.4, Interactions: 1, UpdatedAt: w.now}
		high := store.TrustPair{From: ann, To: cyd, Score: 0.6, Interactions: 1, UpdatedAt: w.now}
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: low}, {New: high}}})
		w.equal(w.trustOf(ann, 9, 0).Pairs, []store.TrustPair{high, low})
		low.Score, low.Interactions = 0.7, 2
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: low}}})
		w.equal(w.trustOf(ann, 9, 0), store.TrustPage{Pairs: []store.TrustPair{low, high}, Total: 2})
	}},
	{"Trust is directed", func(w *world) {
		w.people()
		w.commit(&store.Change{Trust: []store.TrustWrite{{New: store.TrustPair{
			From: ann, To: bob, Score: 0.4, Interactions: 1, UpdatedAt: w.now,
		}}}})
		w.equal(w.trustOf(bob, 9, 0), store.TrustPage{})
	}},
}

func (w *world) trustOf(agent store.AgentID, limit, offset int) store.TrustPage {
	w.Helper()
	page, err := w.store.TrustOf(w.ctx, store.PageQuery{Agent: agent, Limit: limit, Offset: offset, Now: w.now})
	w.ok(err)
	return page
}
