package directory

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/pinchwork/pinchwork/market/internal/keyword"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// model is a directory that looks at every agent and sorts.
type model struct {
	mu     sync.RWMutex
	agents map[string]Agent
}

func newModel() *model { return &model{agents: map[string]Agent{}} }

// Put adds the agent or replaces what was known of it.
func (d *model) Put(a Agent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agents[a.ID] = a
}

// Get returns what is known of an agent.
func (d *model) Get(id string) (Agent, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	a, ok := d.agents[id]
	return a, ok
}

// Len counts the agents, suspended ones included.
func (d *model) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.agents)
}

// Reset forgets everything.
func (d *model) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.agents)
}

// HasInfra reports whether there is an unsuspended infra agent other than the
// given ones.
func (d *model) HasInfra(except ...string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for id, a := range d.agents {
		if a.Infra && !a.Suspended && !slices.Contains(except, id) {
			return true
		}
	}
	return false
}

// Top returns the q.Limit unsuspended agents with the highest scores that
// share at least one tag or keyword, highest first, ties by ascending id.
func (d *model) Top(q TopQuery) []Candidate {
	d.mu.RLock()
	defer d.mu.RUnlock()
	asked := partsOf(q.Tags)
	for _, w := range keyword.Of(strings.Join(q.Words, " ")) {
		asked[w] = true
	}
	rarity := map[string]float64{}
	for w := range asked {
		rarity[w] = d.rarity(w)
	}
	var out []Candidate
	for id, a := range d.agents {
		if a.Suspended || id == q.Exclude {
			continue
		}
		c := Candidate{ID: id, Reputation: a.Reputation, Tags: shared(set(q.Tags), a.Tags)}
		quarters := 0.0
		parts, words := partsOf(a.Tags), keyword.Of(a.GoodAt)
		for w := range asked {
			in := slices.Contains(words, w)
			if in {
				quarters += 4 * rarity[w]
			}
			if parts[w] {
				quarters += 4 * rarity[w]
			}
			if (in || parts[w]) && rarity[w] > 0 && !keyword.IsShort(w) {
				c.Words++
			}
		}
		both := q.TagWeight*float64(c.Tags) + q.WordWeight*quarters/4
		c.Score = both + q.ReputationWeight*a.Reputation
		if c.Tags > 0 || quarters > 0 {
			if both >= q.Least {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), q.Limit)]
}

// rarity is what a shared keyword counts.
func (d *model) rarity(word string) float64 {
	agents, tagged, worded := 0, 0, 0
	for _, a := range d.agents {
		if a.Suspended {
			continue
		}
		agents++
		if partsOf(a.Tags)[word] {
			tagged++
		}
		if slices.Contains(keyword.Of(a.GoodAt), word) {
			worded++
		}
	}
	switch share := float64(max(tagged, worded)) / float64(agents); {
	case agents >= 32 && share > 1.0/4:
		return 0
	case keyword.IsShort(word):
		return 0.25
	case agents < 32 || share <= 1.0/16:
		return 1
	}
	return 0.5
}

func partsOf(tags []string) map[string]bool {
	m := map[string]bool{}
	for _, t := range tags {
		for _, w := range keyword.OfTag(t) {
			m[w] = true
		}
	}
	return m
}

// Search returns a page of the ids of the unsuspended agents that q selects:
// highest sort key first, then the other key, then ascending id. Total counts
// them, exactly up to MaxTotal; more says that there are more.
func (d *model) Search(q SearchQuery) (ids []string, total int, more bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var found []Agent
	for _, a := range d.agents {
		if !a.Suspended && a.Reputation >= q.MinReputation && selects(q, a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Agent) int {
		rep, done := cmp.Compare(b.Reputation, a.Reputation), cmp.Compare(b.Completed, a.Completed)
		if q.SortBy == ByCompleted {
			rep, done = done, rep
		}
		return cmp.Or(rep, done, cmp.Compare(a.ID, b.ID))
	})
	for _, a := range found[min(q.Offset, len(found)):min(q.Offset+q.Limit, len(found))] {
		ids = append(ids, a.ID)
	}
	return ids, min(len(found), MaxTotal), len(found) > MaxTotal
}

func selects(q SearchQuery, a Agent) bool {
	have := set(a.Tags)
	for _, t := range q.Tags {
		if !have[text.FoldTag(t)] {
			return false
		}
	}
	for _, t := range text.Terms(q.Search) {
		if !strings.Contains(text.Fold(a.GoodAt), t) && !strings.Contains(text.Fold(a.Name), t) {
			return false
		}
	}
	return true
}

func set(words []string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[text.Fold(w)] = true
	}
	return m
}

func shared(want map[string]bool, have []string) (n int) {
	for w := range set(have) {
		if want[w] {
			n++
		}
	}
	return n
}
