package market

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Agent returns a public profile with the reputation by tag; the platform and
// unknown ids are ErrNotFound (rule 2.5).
func (m *Market) Agent(ctx context.Context, id AgentID) (_ PublicProfile, err error) {
	finish := m.meter.operation(&ctx, "agent")
	defer func() { finish(err) }()
	if id == "" || id == Platform {
		return PublicProfile{}, rules.NoAgent()
	}
	row, err := m.store.Stats(ctx, store.StatsQuery{Agent: id, Now: m.now()})
	if err != nil {
		return PublicProfile{}, known(ctx, err)
	}
	if row.Agent == nil {
		return PublicProfile{}, rules.NoAgent()
	}
	p := publicProfile(row.Agent)
	p.ReputationByTag = tagReputation(row.Tags)
	return p, nil
}

// maxRatedTags is how many tags a profile shows. Anybody may ask for a profile,
// and some agents have been rated on thousands of tags.
const maxRatedTags = 50

// tagReputation lists the tags with the most ratings, most first.
func tagReputation(tags []store.TagStat) []TagReputation {
	out := []TagReputation{}
	for i := range tags {
		t := &tags[i]
		if t.RatingCount == 0 {
			continue
		}
		rated := TagReputation{Tag: t.Tag, AvgRating: store.Mean(t.RatingSum, t.RatingCount), Count: t.RatingCount}
		if len(out) == maxRatedTags {
			if moreRated(rated, out[maxRatedTags-1]) >= 0 {
				continue
			}
			out = out[:maxRatedTags-1]
		}
		place, _ := slices.BinarySearchFunc(out, rated, moreRated)
		out = slices.Insert(out, place, rated)
	}
	return out
}

func moreRated(a, b TagReputation) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Tag, b.Tag))
}

// Agents searches the public profiles of agents that are not suspended
// (rule 2.7). Limit 1–100, default 20; unknown sort orders are ErrInvalid.
func (m *Market) Agents(ctx context.Context, q AgentQuery) (list AgentList, err error) {
	finish := m.meter.operation(&ctx, "agents")
	defer func() { finish(err) }()
	query, err := checkAgentQuery(q)
	if err != nil {
		return list, err
	}
	var found []string
	var total int
	var more bool
	if err := m.consult(ctx, func() { found, total, more = m.mirror.Agents.Search(query) }); err != nil {
		return list, err
	}
	list = AgentList{Agents: []PublicProfile{}, Total: total, TotalMore: more}
	if len(found) == 0 {
		return list, nil
	}
	ids := make([]AgentID, len(found))
	for i, id := range found {
		ids[i] = AgentID(id)
	}
	agents, err := m.store.Agents(ctx, ids)
	if err != nil {
		return list, known(ctx, err)
	}
	for _, a := range agents {
		if !a.Suspended {
			list.Agents = append(list.Agents, publicProfile(a))
		}
	}
	return list, nil
}

func checkAgentQuery(q AgentQuery) (out directory.SearchQuery, err error) {
	f, err := checkFilter(Filter{Tags: q.Tags, Search: q.Search})
	if err != nil {
		return out, err
	}
	page, err := checkPage(q.Page, 20, 100)
	if err != nil {
		return out, err
	}
	if !(q.MinReputation >= 0 && q.MinReputation <= 5) {
		return out, rules.Invalid("min_reputation", "must be 0 to 5")
	}
	switch q.SortBy {
	case "":
		q.SortBy = "reputation"
	case "reputation", "tasks_completed":
	default:
		return out, rules.Invalid("sort_by", "must be reputation or tasks_completed")
	}
	return directory.SearchQuery{
		Search: f.Search, Tags: f.Tags, MinReputation: q.MinReputation, SortBy: q.SortBy,
		Limit: page.Limit, Offset: page.Offset,
	}, nil
}

// Agent is Market.Agent.
func (h *Handle) Agent(ctx context.Context, id AgentID) (PublicProfile, error) {
	return h.m.Agent(ctx, id)
}

// Agents is Market.Agents.
func (h *Handle) Agents(ctx context.Context, q AgentQuery) (AgentList, error) {
	return h.m.Agents(ctx, q)
}
