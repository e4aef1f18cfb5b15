package directory

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Replicas learn of agents in any order, and of some that are suspended later. Once
// they know the same ones they give the same answer, also to a need of so many words
// that only the rarest count.
func TestReplicasAgreeOnTop(t *testing.T) {
	w := newWorld()
	agents := make([]Agent, 400)
	for i := range agents {
		agents[i] = w.agent(i)
	}
	here, there := New(), New()
	for _, a := range agents {
		here.Put(a)
	}
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 50 {
		a := w.agent(1000 + i)
		there.Put(a)
		agents = append(agents, a)
	}
	for i, n := range random.Perm(len(agents)) {
		a := agents[n]
		if i%3 == 0 {
			before := a
			before.Tags, before.GoodAt = w.someTags(2), strings.Join(w.someWords(30), " ")
			there.Put(before)
		}
		a.Suspended = n >= 400
		there.Put(a)
	}
	for i := range 50 {
		q := TopQuery{Words: w.someWords(10 + 20*i), Tags: w.someTags(i % 4), TagWeight: 2, WordWeight: 1, ReputationWeight: 0.5, Least: 1, Limit: 20}
		if got, want := there.Top(q), here.Top(q); !slices.Equal(got, want) || len(got) == 0 {
			t.Fatalf("%d words: %v, want %v", len(q.Words), got, want)
		}
	}
}

// The rarest keywords of a long need count, and the others do not.
func TestTheRarestKeywordsOfALongNeedCount(t *testing.T) {
	d := New()
	var words []string
	for i := range maxTerms {
		words = append(words, fmt.Sprintf("rare%dx", i))
	}
	d.Put(Agent{ID: "ag-rare", GoodAt: strings.Join(words, " ")})
	d.Put(Agent{ID: "ag-one", GoodAt: "usual"})
	d.Put(Agent{ID: "ag-two", GoodAt: "usual"})
	q := TopQuery{Words: append([]string{"usual"}, words...), TagWeight: 2, WordWeight: 1, Limit: 5}
	if got := d.Top(q); len(got) != 1 || got[0].ID != "ag-rare" || got[0].Words != maxTerms || got[0].Score != maxTerms {
		t.Errorf("Top: %+v", got)
	}
}
