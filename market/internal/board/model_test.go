package board

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Board is an index of open tasks. Use New. All methods may be called by many
// goroutines at once.
type model[V any] struct {
	mu       sync.Mutex
	tasks    map[string]Task[V]
	closed   map[string]int64
	rep      map[string]float64
	susp     map[string]bool
	trust    map[string]map[string]Trust
	loaded   map[string]bool
	reserved map[string]*modelReservation[V]
	wake     chan struct{}
}

// New returns an empty board.
func newModel[V any]() *model[V] {
	b := &model[V]{}
	b.Reset()
	return b
}

// Put adds an open task or replaces what was known of it. An older version
// than known, or than a recently removed one, is ignored; the same version
// replaces.
func (b *model[V]) Put(t Task[V]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t.Version <= b.closed[t.ID] || t.Version < b.tasks[t.ID].Version {
		return
	}
	old := b.tasks[t.ID]
	t.Infra = slices.Concat(t.Infra, old.Infra, old.Excluded)
	if old.Need != t.Need || old.Context != t.Context {
		delete(b.reserved, t.ID)
	}
	b.tasks[t.ID] = t
	b.wakeUp()
}

func (b *model[V]) wakeUp() {
	close(b.wake)
	b.wake = make(chan struct{})
}

// Remove takes off a task that is not open any more since the version. Older
// versions that arrive later are ignored.
func (b *model[V]) Remove(id string, version int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed[id] = max(b.closed[id], version)
	if b.tasks[id].Version <= version {
		delete(b.tasks, id)
		delete(b.reserved, id)
	}
}

// Exclude keeps an agent from a task while the board has it.
func (b *model[V]) Exclude(id, agent string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t, ok := b.tasks[id]; ok {
		t.Infra = append(slices.Clone(t.Infra), agent)
		b.tasks[id] = t
	}
}

// SetPoster says what is known of a poster; all its tasks follow at once.
func (b *model[V]) SetPoster(id string, reputation float64, suspended bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rep[id], b.susp[id] = reputation, suspended
}

// TrustKnown reports whether the posters' trust toward the agent is cached.
// When it is not, load it and call SetTrustIn; TrustChanged may come between.
func (b *model[V]) TrustKnown(to string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust[to] == nil {
		b.trust[to] = map[string]Trust{}
	}
	return b.loaded[to]
}

// SetTrustIn caches the posters' trust toward the agent.
func (b *model[V]) SetTrustIn(to string, pairs []Trust) {
	b.TrustKnown(to)
	for _, p := range pairs {
		b.TrustChanged(p.From, to, p.Score, p.Interactions)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loaded[to] = true
}

// TrustChanged updates one pair, if trust toward the agent is cached or being
// loaded.
func (b *model[V]) TrustChanged(from, to string, score float64, interactions int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if m := b.trust[to]; m != nil && m[from].Interactions < interactions {
		m[from] = Trust{from, score, interactions}
	}
}

// Page returns offers, best first, from offset on, at most limit.
func (b *model[V]) Page(q Query, offset, limit int) []Offer[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.rank(q)
	return all[min(offset, len(all)):min(offset+limit, len(all))]
}

// Count counts what Page would return without phase 0, up to max; more says
// that there are more.
func (b *model[V]) Count(q Query, max int) (n int, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.Infra = false
	all := b.rank(q)
	return min(len(all), max), len(all) > max
}

// Reservation holds tasks for one caller.
type modelReservation[V any] struct {
	Offers []Offer[V]
	// Busy is set when there are no Offers but tasks that others hold: it is
	// closed when it is worth to ask again.
	Busy  <-chan struct{}
	board *model[V]
}

// Reserve takes the best n tasks that nobody holds and holds them until
// Release.
func (b *model[V]) Reserve(q Query, n int) *modelReservation[V] {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := &modelReservation[V]{board: b}
	all := b.rank(q)
	for _, o := range all {
		if b.reserved[o.ID] == nil && len(r.Offers) < n {
			b.reserved[o.ID] = r
			r.Offers = append(r.Offers, o)
		}
	}
	if len(r.Offers) == 0 && len(all) > 0 {
		r.Busy = b.wake
	}
	return r
}

// Release lets others have what is still on the board. It may be called twice.
func (r *modelReservation[V]) Release() {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	for _, o := range r.Offers {
		if r.board.reserved[o.ID] == r {
			delete(r.board.reserved, o.ID)
		}
	}
	r.board.wakeUp()
}

// Get returns the value of a task on the board.
func (b *model[V]) Get(id string) (v V, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	t, ok := b.tasks[id]
	return t.Value, ok
}

// Len counts the tasks on the board.
func (b *model[V]) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.tasks)
}

// Versions returns the version of each task, 0 for those not on the board.
func (b *model[V]) Versions(ids ...string) []int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = b.tasks[id].Version
	}
	return out
}

// Snapshot pages through the tasks on the board: pass next back as from until
// it is 0. Tasks put or removed meanwhile may be missed or repeated.
func (b *model[V]) Snapshot(from, limit int) (known []Known, next int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, t := range b.tasks {
		known = append(known, Known{id, t.Version})
	}
	return known, 0
}

// Reset forgets all tasks, removals, posters and trust.
func (b *model[V]) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks = map[string]Task[V]{}
	b.closed = map[string]int64{}
	b.rep = map[string]float64{}
	b.susp = map[string]bool{}
	b.trust = map[string]map[string]Trust{}
	b.loaded = map[string]bool{}
	b.reserved = map[string]*modelReservation[V]{}
	if b.wake != nil {
		close(b.wake)
	}
	b.wake = make(chan struct{})
}

type modelRanked[V any] struct {
	Offer[V]
	phase, shared int
	trust         float64
	at            time.Time
	seq           int64
}

func (b *model[V]) rank(q Query) []Offer[V] {
	var out []modelRanked[V]
	for _, t := range b.tasks {
		if r, ok := b.judge(q, t); ok {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(x, y modelRanked[V]) int {
		return cmp.Or(
			cmp.Compare(x.phase, y.phase), cmp.Compare(x.Rank, y.Rank), cmp.Compare(y.shared, x.shared),
			cmp.Compare(y.reputation(), x.reputation()), cmp.Compare(y.trust, x.trust), x.at.Compare(y.at), cmp.Compare(x.seq, y.seq),
		)
	})
	offers := make([]Offer[V], len(out))
	for i, r := range out {
		offers[i] = r.Offer
	}
	return offers
}

func (r modelRanked[V]) reputation() float64 {
	if r.trust < 0 {
		return 0
	}
	return r.Reputation
}

func (b *model[V]) judge(q Query, t Task[V]) (modelRanked[V], bool) {
	r := modelRanked[V]{Offer: Offer[V]{ID: t.ID, Value: t.Value, Reputation: b.rep[t.Poster]}, trust: -1, at: t.CreatedAt, seq: t.Seq}
	switch {
	case !t.ClosesAt.IsZero() && !q.Now.Before(t.ClosesAt),
		slices.Contains(t.Excluded, q.Agent), slices.Contains(t.Infra, q.Agent),
		!selects(q, t):
		return r, false
	case t.System:
		r.Reputation = 0
		return r, q.Infra
	case t.Poster == q.Agent, b.susp[t.Poster]:
		return r, false
	}
	matched, opens := []string{}, t.HeadStart
	if len(t.Direct) > 0 {
		if slices.Contains(t.Direct, q.Agent) {
			r.phase, r.Matched = 1, true
			return r, true
		}
		if t.OpensAt.IsZero() {
			return r, false
		}
		t.Matched, opens = t.Direct, t.OpensAt
	}
	for _, id := range t.Matched {
		if !slices.Contains(matched, id) {
			matched = append(matched, id)
		}
	}
	if rank := slices.Index(matched, q.Agent); rank >= 0 {
		r.phase, r.Matched, r.Rank = 1, true, rank
		return r, true
	}
	r.phase = 2
	if len(q.Capabilities) > 0 {
		r.shared, r.trust = overlap(q.Capabilities, t), 0.5
		if p, ok := b.trust[q.Agent][t.Poster]; ok {
			r.trust = p.Score
		}
	}
	return r, len(t.Matched) == 0 || !q.Now.Before(opens)
}

func selects[V any](q Query, t Task[V]) bool {
	for _, tag := range q.Tags {
		if !slices.ContainsFunc(t.Tags, func(s string) bool { return text.FoldTag(s) == text.FoldTag(tag) }) {
			return false
		}
	}
	for _, term := range text.Terms(q.Search) {
		if !strings.Contains(text.Fold(t.Need), term) && !strings.Contains(text.Fold(t.Context), term) {
			return false
		}
	}
	return true
}

func overlap[V any](capabilities []string, t Task[V]) int {
	have := map[string]bool{}
	for _, tag := range slices.Concat(t.Tags, t.Extracted) {
		have[text.FoldTag(tag)] = true
	}
	n := 0
	for _, c := range capabilities {
		if f := text.FoldTag(c); have[f] {
			n++
			have[f] = false
		}
	}
	return n
}
