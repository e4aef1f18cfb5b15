// Package directory indexes agents for the built-in matcher and for agent
// search. It is a cache of the store, fed by its feed.
package directory

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Agent is what the directory knows of an agent.
type Agent struct {
	ID, Name, GoodAt string
	// Tags are the capability tags.
	Tags       []string
	Reputation float64
	// RatingCount and Completed are shown and sorted by.
	RatingCount, Completed int64
	Suspended              bool
	// Infra is set when the agent may do system tasks now.
	Infra bool
}

// Sort keys of a SearchQuery.
const (
	ByReputation = "reputation"
	ByCompleted  = "tasks_completed"
)

// SearchQuery selects agents (contract §3).
type SearchQuery struct {
	// Search holds terms, each of which GoodAt or Name must contain.
	Search string
	// Tags must all be among the capability tags, case-insensitively.
	Tags          []string
	MinReputation float64
	// SortBy is ByReputation, also when empty, or ByCompleted.
	SortBy        string
	Offset, Limit int
}

// TopQuery scores agents by
//
//	TagWeight × shared tags + WordWeight × shared words of GoodAt + ReputationWeight × reputation.
type TopQuery struct {
	// Tags and Words are compared case-insensitively, each counted once.
	Tags, Words                             []string
	TagWeight, WordWeight, ReputationWeight float64
	// Exclude is left out of the answer.
	Exclude string
	Limit   int
}

// Candidate is an agent found by Top.
type Candidate struct {
	ID    string
	Score float64
}

// MaxTotal is how far Search counts.
const MaxTotal = 10_000

// Directory is an index of agents. Use New. All methods may be called by many
// goroutines at once.
type Directory struct {
	mu     sync.RWMutex
	agents map[string]Agent
}

// New returns an empty directory.
func New() *Directory { return &Directory{agents: map[string]Agent{}} }

// Put adds the agent or replaces what was known of it.
func (d *Directory) Put(a Agent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agents[a.ID] = a
}

// Get returns what is known of an agent.
func (d *Directory) Get(id string) (Agent, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	a, ok := d.agents[id]
	return a, ok
}

// Len counts the agents, suspended ones included.
func (d *Directory) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.agents)
}

// Reset forgets everything.
func (d *Directory) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.agents)
}

// HasInfra reports whether there is an unsuspended infra agent other than the
// given ones.
func (d *Directory) HasInfra(except ...string) bool {
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
// share at least one tag or word, highest first, ties by ascending id.
func (d *Directory) Top(q TopQuery) []Candidate {
	d.mu.RLock()
	defer d.mu.RUnlock()
	tags, words := set(q.Tags), set(q.Words)
	var out []Candidate
	for id, a := range d.agents {
		t, w := shared(tags, a.Tags), shared(words, text.Words(a.GoodAt))
		if a.Suspended || id == q.Exclude || t+w == 0 {
			continue
		}
		out = append(out, Candidate{id, q.TagWeight*float64(t) + q.WordWeight*float64(w) + q.ReputationWeight*a.Reputation})
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	return out[:min(len(out), q.Limit)]
}

// Search returns a page of the ids of the unsuspended agents that q selects:
// highest sort key first, then the other key, then ascending id. Total counts
// them, exactly up to MaxTotal; more says that there are more.
func (d *Directory) Search(q SearchQuery) (ids []string, total int, more bool) {
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
