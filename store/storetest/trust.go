package storetest

import (
	"github.com/pinchwork/pinchwork/market"
)

// Trust pairs.
var trustCases = []testCase{
	{"Pages by score, then by the trusted agent's id", func(w *world) {
		w.people()
		scores := []float64{0.5, 0.9, 0.5, 0.1, 0.9, 0.500001, 1, 0}
		order := []int{6, 1, 4, 5, 0, 2, 3, 7}
		pairs := make([]market.TrustPair, len(scores))
		for _, i := range []int{3, 0, 7, 2, 6, 5, 4, 1} {
			pairs[i] = market.TrustPair{From: ann, To: agentNo(i), Score: scores[i], Interactions: 1, UpdatedAt: w.now}
			w.commit(&market.Change{Trust: []market.TrustWrite{{New: pairs[i]}}})
		}
		var want []market.TrustPair
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
		for _, to := range []market.AgentID{"ag-b", "ag-B", "ag-a", "ag-A"} {
			w.commit(&market.Change{Trust: []market.TrustWrite{{New: market.TrustPair{
				From: ann, To: to, Score: 0.55, Interactions: 1, UpdatedAt: w.now,
			}}}})
		}
		var got []market.AgentID
		for _, p := range w.trustOf(ann, 9, 0).Pairs {
			got = append(got, p.To)
		}
		w.equal(got, []market.AgentID{"ag-A", "ag-B", "ag-a", "ag-b"})
	}},
	{"A step moves the pair in the order", func(w *world) {
		w.people()
		low := market.TrustPair{From: ann, To: bob, Score: 0.4, Interactions: 1, UpdatedAt: w.now}
		high := market.TrustPair{From: ann, To: cyd, Score: 0.6, Interactions: 1, UpdatedAt: w.now}
		w.commit(&market.Change{Trust: []market.TrustWrite{{New: low}, {New: high}}})
		w.equal(w.trustOf(ann, 9, 0).Pairs, []market.TrustPair{high, low})
		low.Score, low.Interactions = 0.7, 2
		w.commit(&market.Change{Trust: []market.TrustWrite{{New: low}}})
		w.equal(w.trustOf(ann, 9, 0), market.TrustPage{Pairs: []market.TrustPair{low, high}, Total: 2})
	}},
	{"Trust is directed", func(w *world) {
		w.people()
		w.commit(&market.Change{Trust: []market.TrustWrite{{New: market.TrustPair{
			From: ann, To: bob, Score: 0.4, Interactions: 1, UpdatedAt: w.now,
		}}}})
		w.equal(w.trustOf(bob, 9, 0), market.TrustPage{})
	}},
}

func (w *world) trustOf(agent market.AgentID, limit, offset int) market.TrustPage {
	w.Helper()
	page, err := w.store.TrustOf(w.ctx, market.PageQuery{Agent: agent, Limit: limit, Offset: offset, Now: w.now})
	w.ok(err)
	return page
}
