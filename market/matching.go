package market

import (
	"context"
	"fmt"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/directory"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// match runs the matcher for a task that has already been posted.
func (m *Market) match(ctx context.Context, t *store.Task, text store.TaskText) Matches {
	if m.mirror.Fresh(ctx) != nil {
		return Matches{}
	}
	return m.bestMatches(ctx, MatchTask{Need: text.Need, Context: text.Context, Tags: slices.Clone(t.Tags), Poster: t.Poster})
}

// bestMatches asks the matcher and keeps what fits. If the matcher fails, the
// task is posted without matches.
func (m *Market) bestMatches(ctx context.Context, task MatchTask) Matches {
	if m.matcher == nil {
		return Matches{}
	}
	found, err := guarded(func() (Matches, error) { return m.matcher.Match(ctx, task, agentIndex{m.mirror.Agents}) })
	if err != nil {
		m.log.WarnContext(ctx, "the matcher failed, the task is broadcast", "error", err)
		return Matches{}
	}
	found.Agents = rules.FirstFitting(found.Agents, task.Poster, m.mirror.Fits)
	return found
}

// guarded turns a panic of a replaceable part into an error.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

// candidates lists the agents that an infra agent chooses from.
func (m *Market) candidates(ctx context.Context, id TaskID, task MatchTask) rules.MatchInput {
	in := rules.MatchInput{TaskID: id, Need: task.Need, Context: task.Context, Tags: tagList(task.Tags), Agents: []rules.MatchCandidate{}}
	if m.matcher == nil {
		return in
	}
	ids, err := guarded(func() ([]AgentID, error) {
		return m.matcher.Candidates(ctx, task, agentIndex{m.mirror.Agents}, rules.MaxCandidates)
	})
	if err != nil {
		m.log.WarnContext(ctx, "the matcher failed, the match task lists no candidates", "error", err)
	}
	for _, id := range ids[:min(len(ids), rules.MaxCandidates)] {
		if a, ok := m.mirror.Agents.Get(string(id)); ok {
			in.Agents = append(in.Agents, rules.MatchCandidate{
				ID: id, Name: a.Name, GoodAt: a.GoodAt, Tags: a.Tags, Reputation: a.Reputation,
			})
		}
	}
	return in
}

// agentIndex is the directory of agents as a Matcher asks it.
type agentIndex struct{ *directory.Directory }

// Reputable implements Directory.
func (a agentIndex) Reputable(exclude AgentID, limit int) []Candidate {
	ids, _, _ := a.Search(directory.SearchQuery{SortBy: directory.ByReputation, Limit: limit + 1})
	out := make([]Candidate, 0, len(ids))
	for _, id := range ids {
		if AgentID(id) != exclude && len(out) < limit {
			out = append(out, Candidate{ID: AgentID(id)})
		}
	}
	return out
}

// Profile implements Directory.
func (a agentIndex) Profile(id AgentID) (p DirectoryProfile, ok bool) {
	known, ok := a.Get(string(id))
	if !ok || known.Suspended {
		return p, false
	}
	return DirectoryProfile{
		ID: id, Name: known.Name, GoodAt: known.GoodAt, Tags: slices.Clone(known.Tags), Reputation: known.Reputation,
		RatingCount: known.RatingCount, Completed: known.Completed, Infra: known.Infra,
	}, true
}

// Top implements Directory.
func (a agentIndex) Top(q TopQuery) []Candidate {
	found := a.Directory.Top(directory.TopQuery{
		Tags: q.Tags, Words: q.Words, TagWeight: q.TagWeight, WordWeight: q.WordWeight,
		ReputationWeight: q.ReputationWeight, Least: q.Least, Exclude: string(q.Exclude), Limit: q.Limit,
	})
	out := make([]Candidate, len(found))
	for i, c := range found {
		out[i] = Candidate{ID: AgentID(c.ID), Score: c.Score, Reputation: c.Reputation, Tags: c.Tags, Words: c.Words}
	}
	return out
}
