// Package directory indexes the agents of a marketplace in memory: for the
// built-in matcher, for the candidates of match tasks, and for agent search
// (rules 2.7 and 6.9). Like the board it is a cache, fed by the store's feed.
//
//	d := directory.New()
//	d.Put(directory.Agent{ID: "ag-1", GoodAt: "reviewing Go code", Tags: []string{"go"}, Reputation: 4.5})
//	best := d.Top(directory.TopQuery{Tags: []string{"go"}, TagWeight: 2, Limit: 5})
//	ids, total, more := d.Search(directory.SearchQuery{Search: "code review", Limit: 20})
//
// Answers are exact and cost little more with 100,000 agents than with 1,000.
package directory

import (
	"slices"
	"sync"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Agent is what the directory knows about an agent.
type Agent struct {
	ID string
	// Version is that of the profile.
	Version      int64
	Name, GoodAt string
	// Tags are the capability tags.
	Tags []string
	// Reputation is the mean rating as shown; RatingCount counts the ratings.
	Reputation  float64
	RatingCount int64
	// Completed counts the tasks done.
	Completed int64
	// Created is when it registered, in microseconds. It never changes.
	Created int64
	// Approved and Rejected count the deliveries that it reviewed as poster.
	Approved, Rejected int64
	// Suspended agents are kept but never found.
	Suspended bool
	// Infra is set when the agent may do system tasks now.
	Infra bool
}

// Newest is the agent with whatever is newer in other: the profile by its version, and
// the counts, which only grow.
func (a Agent) Newest(other Agent) Agent {
	if other.Version > a.Version {
		a.Version, a.Name, a.GoodAt, a.Tags = other.Version, other.Name, other.GoodAt, other.Tags
		a.Suspended, a.Infra = other.Suspended, other.Infra
	}
	if other.RatingCount > a.RatingCount {
		a.Reputation, a.RatingCount = other.Reputation, other.RatingCount
	}
	a.Completed = max(a.Completed, other.Completed)
	a.Approved, a.Rejected = max(a.Approved, other.Approved), max(a.Rejected, other.Rejected)
	return a
}

// same reports whether nothing differs that is indexed by tag or word.
func (a *Agent) same(b *Agent) bool {
	return a.Name == b.Name && a.GoodAt == b.GoodAt && a.Suspended == b.Suspended && slices.Equal(a.Tags, b.Tags)
}

// Directory is an index of agents. Use New. All methods may be called by many
// goroutines at once.
type Directory struct {
	mu     sync.RWMutex
	agents map[string]*record
	infra  map[string]struct{}
	// The fields below cover only unsuspended agents. A slot is the number of the
	// agent's texts in the index.
	slots []*record
	// reputations are kept beside slots, so that many can be read fast.
	reputations []float64
	texts       *text.Index
	// tags are whole and folded; parts are the keywords of tags, words those of
	// good_at.
	tags, parts, words features
	// byReputation, byCompleted and byCreated are the orders of Search.
	byReputation, byCompleted, byCreated *btree.BTreeG[*record]
	scratch                              sync.Pool
	// breath is the effort of a search before it releases the lock.
	breath int
}

// record is an agent in the indexes.
type record struct {
	Agent
	slot uint32
	// tags, parts and words are the numbers of its features.
	tags, parts, words []uint32
}

// New returns an empty directory.
func New() *Directory {
	d := &Directory{breath: breath}
	d.scratch.New = func() any { return new(scratch) }
	d.Reset()
	return d
}

// Reset forgets everything.
func (d *Directory) Reset() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.agents, d.infra = map[string]*record{}, map[string]struct{}{}
	d.slots, d.reputations, d.texts = nil, nil, text.NewIndex()
	d.tags, d.parts, d.words = newFeatures(), newFeatures(), newFeatures()
	noLocks := btree.Options{NoLocks: true}
	d.byReputation = btree.NewBTreeGOptions(moreReputation, noLocks)
	d.byCompleted = btree.NewBTreeGOptions(moreCompleted, noLocks)
	d.byCreated = btree.NewBTreeGOptions(laterCreated, noLocks)
}

// Get returns what is known of an agent.
func (d *Directory) Get(id string) (Agent, bool) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if r := d.agents[id]; r != nil {
		return r.Agent, true
	}
	return Agent{}, false
}

// Len counts the agents, suspended ones included.
func (d *Directory) Len() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.agents)
}

// Active counts the agents that are not suspended.
func (d *Directory) Active() int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.byReputation.Len()
}

// HasInfra reports whether there is an unsuspended infra agent other than the
// given ones.
func (d *Directory) HasInfra(except ...string) bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for id := range d.infra {
		if !slices.Contains(except, id) {
			return true
		}
	}
	return false
}

// Tagged counts the agents with a capability tag, case-insensitively, that are not
// suspended.
func (d *Directory) Tagged(tag string) int {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if f, _ := d.tags.lookup(text.FoldTag(tag)); f != nil {
		return f.count
	}
	return 0
}
