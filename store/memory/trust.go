package memory

import (
	"context"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// trust has the pairs from and toward one agent. Both agents' trust share the
// same pair.
type trust struct {
	to     map[store.AgentID]*store.TrustPair
	ranked *btree.BTreeG[*store.TrustPair]
	in     []*store.TrustPair
}

func higherTrust(a, b *store.TrustPair) bool {
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	return a.To < b.To
}

func (p *party) circle() *trust {
	if p.trust == nil {
		p.trust = &trust{
			to:     make(map[store.AgentID]*store.TrustPair),
			ranked: ordered(higherTrust),
		}
	}
	return p.trust
}

// pair returns a stored pair, or nil.
func (s *Store) pair(from, to store.AgentID) *store.TrustPair {
	if p := s.parties[from]; p != nil && p.trust != nil {
		return p.trust.to[to]
	}
	return nil
}

// trustOf returns the pair, which is neutral if nothing is stored.
func (s *Store) trustOf(from, to store.AgentID) store.TrustPair {
	if pair := s.pair(from, to); pair != nil {
		return *pair
	}
	return store.NeutralPair(from, to)
}

func (s *Store) guardTrust(c *store.Change) *store.Conflict {
	for i := range c.Trust {
		next := &c.Trust[i].New
		if s.trustOf(next.From, next.To).Interactions != next.Interactions-1 {
			return &store.Conflict{Guard: store.GuardTrust, Agent: next.From}
		}
	}
	return nil
}

func (s *Store) writeTrust(next *store.TrustPair) {
	from := s.party(next.From).circle()
	pair := from.to[next.To]
	if pair == nil {
		pair = new(store.TrustPair)
		from.to[next.To] = pair
		toward := s.party(next.To).circle()
		toward.in = append(toward.in, pair)
	} else {
		from.ranked.Delete(pair)
	}
	*pair = *next
	from.ranked.Set(pair)
}

// trustIn returns every pair toward an agent.
func (s *Store) trustIn(id store.AgentID) []store.TrustPair {
	p := s.parties[id]
	if p == nil || p.trust == nil {
		return nil
	}
	out := make([]store.TrustPair, len(p.trust.in))
	for i, pair := range p.trust.in {
		out[i] = *pair
	}
	return out
}

// TrustOf pages through the pairs from one agent; see store.Reader.
func (s *Store) TrustOf(ctx context.Context, q store.PageQuery) (store.TrustPage, error) {
	if err := ctx.Err(); err != nil {
		return store.TrustPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := store.TrustPage{Due: s.dueAt(q.Agent, q.Now)}
	p := s.parties[q.Agent]
	if p == nil || p.trust == nil {
		return page, nil
	}
	page.Total = p.trust.ranked.Len()
	for i := max(q.Offset, 0); i < page.Total && len(page.Pairs) < q.Limit; i++ {
		pair, _ := p.trust.ranked.GetAt(i)
		page.Pairs = append(page.Pairs, *pair)
	}
	return page, nil
}
