package market_test

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// model is the order of offers in plain words (rules 6.1, 6.2 and 6.3): it reads all that
// is stored, looks at every open task and sorts.
type model struct {
	agents map[market.AgentID]*store.Agent
	tasks  []store.StoredTask
	trust  map[market.AgentID]map[market.AgentID]float64 // of the first in the second
	now    time.Time
}

func readModel(k *markettest.Kit) *model {
	k.Helper()
	m := &model{agents: map[market.AgentID]*store.Agent{}, trust: map[market.AgentID]map[market.AgentID]float64{}, now: k.Clock.Now()}
	for after := market.AgentID(""); ; {
		page, err := k.Store.ScanAgents(k.Ctx, after, 1_000)
		if err != nil {
			k.Fatalf("reading the agents: %v", err)
		}
		if len(page) == 0 {
			break
		}
		for _, a := range page {
			m.agents[a.ID] = a
			pairs, err := k.Store.TrustOf(k.Ctx, store.PageQuery{Agent: a.ID, Limit: 1_000, Now: m.now})
			if err != nil {
				k.Fatalf("reading trust: %v", err)
			}
			m.trust[a.ID] = map[market.AgentID]float64{}
			for _, p := range pairs.Pairs {
				m.trust[a.ID][p.To] = p.Score
			}
		}
		after = page[len(page)-1].ID
	}
	for after := int64(0); ; {
		page, err := k.Store.ScanOpen(k.Ctx, after, 1_000)
		if err != nil {
			k.Fatalf("reading the tasks: %v", err)
		}
		if len(page) == 0 {
			return m
		}
		m.tasks = append(m.tasks, page...)
		after = page[len(page)-1].Task.Seq
	}
}

// offer is a task with what its place depends on.
type modelOffer struct {
	st         store.StoredTask
	phase      int
	rank       int
	shared     int
	reputation float64
	trust      float64
}

// offers returns what an agent is offered: all of it, best first.
func (m *model) offers(id market.AgentID, f market.Filter) []market.TaskID {
	me := m.agents[id]
	var all []modelOffer
	for _, st := range m.tasks {
		if o, ok := m.offer(me, st); ok && selects(st, f) {
			all = append(all, o)
		}
	}
	slices.SortFunc(all, func(a, b modelOffer) int {
		return cmp.Or(
			cmp.Compare(a.phase, b.phase), cmp.Compare(a.rank, b.rank), cmp.Compare(b.shared, a.shared),
			cmp.Compare(b.reputation, a.reputation), cmp.Compare(b.trust, a.trust),
			a.st.Task.CreatedAt.Compare(b.st.Task.CreatedAt), cmp.Compare(a.st.Task.Seq, b.st.Task.Seq))
	})
	ids := []market.TaskID{}
	for _, o := range all {
		ids = append(ids, o.st.Task.ID)
	}
	return ids
}

func (m *model) offer(me *store.Agent, st store.StoredTask) (o modelOffer, ok bool) {
	t := st.Task
	poster := m.agents[t.Poster]
	switch {
	case t.System != nil, t.Poster == me.ID, poster.Suspended, slices.Contains(st.Infra, me.ID):
		return o, false
	case !m.now.Before(t.ExpiresAt), !t.Deadline.IsZero() && !m.now.Before(t.Deadline):
		return o, false
	}
	o = modelOffer{st: st, phase: 2}
	if t.Matching != nil && t.Matching.State == store.Matched {
		if rank := slices.Index(t.Matching.Agents, me.ID); rank >= 0 {
			o.phase, o.rank = 1, rank
			return o, true
		}
		if m.now.Before(t.Matching.Until) {
			return o, false
		}
	}
	if capabilities := me.CapabilityTags(); len(capabilities) > 0 {
		o.shared = sharedTags(capabilities, slices.Concat(t.Tags, t.ExtractedTags))
		o.reputation = poster.Reputation()
		o.trust = 0.5
		if score, has := m.trust[t.Poster][me.ID]; has {
			o.trust = score
		}
	}
	return o, true
}

func sharedTags(a, b []string) (n int) {
	have := map[string]bool{}
	for _, tag := range b {
		have[strings.ToLower(tag)] = true
	}
	for _, tag := range a {
		if have[strings.ToLower(tag)] {
			have[strings.ToLower(tag)] = false
			n++
		}
	}
	return n
}

// selects is the filter of rule 6.11: all the tags, and every term in need or
// context after NFKC and folding.
func selects(st store.StoredTask, f market.Filter) bool {
	for _, tag := range f.Tags {
		if !slices.ContainsFunc(st.Task.Tags, func(have string) bool { return strings.EqualFold(have, tag) }) {
			return false
		}
	}
	for _, term := range strings.Fields(folded(f.Search)) {
		if !strings.Contains(folded(st.Text.Need), term) && !strings.Contains(folded(st.Text.Context), term) {
			return false
		}
	}
	return true
}

func folded(s string) string { return cases.Fold().String(norm.NFKC.String(s)) }
