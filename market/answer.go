package market

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// judge reads the answer to a system task and finds out which of the agents in
// it may be matched.
func (m *Market) judge(ctx context.Context, l *store.Loaded, in DeliverInput) (rules.Answer, error) {
	a := rules.ReadAnswer(l.Task.System.Type, in.Result)
	if l.Task.System.Type != MatchAgents || !a.Usable || l.Task.Status != StatusClaimed || !m.rules.Needed(l) {
		return a, nil
	}
	if !m.rules.Proven(l.Caller) {
		a.Builtin = m.builtinBest(ctx, l)
	}
	var err error
	a.Ranked, err = m.matchable(ctx, l.Task, a.Ranked)
	return a, err
}

// builtinBest asks the built-in matcher about the task that a match task is
// about; what it needs to know is in the match task's own context.
func (m *Market) builtinBest(ctx context.Context, l *store.Loaded) []AgentID {
	var about rules.MatchInput
	if json.Unmarshal([]byte(l.Text.Context), &about) != nil || m.mirror.Fresh(ctx) != nil {
		return nil
	}
	best := m.bestMatches(ctx, MatchTask{Need: about.Need, Context: about.Context, Tags: about.Tags, Poster: l.Parent.Poster})
	return slices.DeleteFunc(best.Agents, func(id AgentID) bool { return rules.Barred(l.Task, id) })
}

// matchable keeps the agents that exist, are not suspended, and may work on the
// parent of the match task.
func (m *Market) matchable(ctx context.Context, match *store.Task, ids []AgentID) ([]AgentID, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id AgentID) bool { return rules.Barred(match, id) })
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := m.store.Agents(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	var fit []AgentID
	for _, a := range found {
		if !a.Suspended {
			fit = append(fit, a.ID)
		}
	}
	return fit, nil
}

// AnswerFields are the JSON fields by which an answer to a system task is
// recognised, one for each type of system task.
func AnswerFields() []string { return rules.AnswerFields() }
