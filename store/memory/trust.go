package memory

import (
	"context"

	"github.com/pinchwork/pinchwork/market"
	"github.com/tidwall/btree"
)

// unknownTrust is the score of a pair that was never written.
const unknownTrust = 0.5

// trust has the pairs from and toward one agent. A pair that lies in both
// agents' trust is the same.
type trust struct {
	to     map[market.AgentID]*market.TrustPair
	ranked *btree.BTreeG[*market.TrustPair]
	in     []*market.TrustPair
}

func higherTrust(a, b *market.TrustPair) bool {
	if a.Score != b.Score {
		return a.Score > b.Score
	}
	return a.To < b.To
}

func (p *party) circle() *trust {
	if p.trust == nil {
		p.trust = &trust{
			to:     make(map[market.AgentID]*market.TrustPair),
			ranked: ordered(higherTrust),
		}
	}
	return p.trust
}

// pair returns a stored pair, or nil.
func (s *Store) pair(from, to market.AgentID) *market.TrustPair {
	if p := s.parties[from]; p != nil && p.trust != nil {
		return p.trust.to[to]
	}
	return nil
}

// trustOf returns the pair, which nobody has written when it is even.
func (s *Store) trustOf(from, to market.AgentID) market.TrustPair {
	if pair := s.pair(from, to); pair != nil {
		return *pair
	}
	return market.TrustPair{From: from, To: to, Score: unknownTrust}
}

func (s *Store) guardTrust(c *market.Change) *market.Conflict {
	for i := range c.Trust {
		next := &c.Trust[i].New
		if s.trustOf(next.From, next.To).Interactions != next.Interactions-1 {
			return &market.Conflict{Guard: market.GuardTrust, Agent: next.From}
		}
	}
	return nil
}

func (s *Store) writeTrust(next *market.TrustPair) {
	from := s.party(next.From).circle()
	pair := from.to[next.To]
	if pair == nil {
		pair = new(market.TrustPair)
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
func (s *Store) trustIn(id market.AgentID) []market.TrustPair {
	p := s.parties[id]
	if p == nil || p.trust == nil {
		return nil
	}
	out := make([]market.TrustPair, len(p.trust.in))
	for i, pair := range p.trust.in {
		out[i] = *pair
	}
	return out
}

// TrustOf pages through the pairs from one agent; see market.Reader.
func (s *Store) TrustOf(ctx context.Context, q market.PageQuery) (market.TrustPage, error) {
	if err := ctx.Err(); err != nil {
		return market.TrustPage{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	page := market.TrustPage{Due: s.dueAt(q.Agent, q.Now)}
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
