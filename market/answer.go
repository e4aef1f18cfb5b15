package market

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/answer"
	"github.com/pinchwork/pinchwork/store"
)

// systemAnswer is what was read out of the answer to a system task, together
// with what is known of those whom it names. It is taken before the decision,
// which asks nobody any more.
type systemAnswer struct {
	// usable is set when the answer holds an object with the expected fields.
	usable bool
	// ranked are the agents of a ranking that may be matched, best first.
	ranked []AgentID
	// tags describe the task or the agent.
	tags []string
	// meets and explanation are a verdict.
	meets       bool
	explanation string
	// builtin are the built-in matcher's best. They stay matched behind the
	// choice of an agent whose judgement is not proven.
	builtin []AgentID
}

// The fields by which an answer is known.
const (
	fieldRanked = "ranked_agents"
	fieldMeets  = "meets_requirements"
	fieldTags   = "tags"
)

// readAnswer finds the object that a system task asked for.
func readAnswer(typ SystemType, result string) (a systemAnswer) {
	switch typ {
	case MatchAgents:
		a.readMatch(result)
	case VerifyCompletion:
		a.readVerdict(result)
	case ExtractCapabilities:
		a.readTags(result)
	}
	return a
}

// maxListed is how many elements of a list are looked at. Nobody who answers in
// earnest names many more than the candidates.
const maxListed = 5 * maxCandidates

func (a *systemAnswer) readMatch(result string) {
	o, ok := answer.Find(result, fieldRanked, answer.List)
	if !ok {
		return
	}
	var ids []string
	ids, a.usable = o.Strings(fieldRanked, maxListed)
	for _, id := range ids {
		if isAgentID(id) && !slices.Contains(a.ranked, AgentID(id)) {
			a.ranked = append(a.ranked, AgentID(id))
		}
	}
	tags, _ := o.Strings("extracted_tags", maxListed)
	a.tags = usableTags(tags, MaxAgentTags)
}

func (a *systemAnswer) readVerdict(result string) {
	o, ok := answer.Find(result, fieldMeets, answer.Boolean)
	if !ok {
		return
	}
	a.meets, a.usable = o.Bool(fieldMeets)
	a.explanation = cut(strings.ReplaceAll(o.String("explanation"), "\x00", ""), MaxReason)
}

func (a *systemAnswer) readTags(result string) {
	o, ok := answer.Find(result, fieldTags, answer.List)
	if !ok {
		return
	}
	var tags []string
	tags, a.usable = o.Strings(fieldTags, maxListed)
	a.tags = usableTags(tags, MaxAgentTags)
}

// isAgentID tells what may be an agent's id from what surely is none, before
// the store is asked. The platform is no agent that can work.
func isAgentID(id string) bool {
	return strings.HasPrefix(id, "ag-") && len(id) <= 64 && AgentID(id) != Platform && strings.IndexByte(id, 0) < 0
}

// judge reads the answer to a system task and finds out who of the agents in it
// may be matched.
func (m *Market) judge(ctx context.Context, l *store.Loaded, in DeliverInput) (systemAnswer, error) {
	a := readAnswer(l.Task.System.Type, in.Result)
	if l.Task.System.Type != MatchAgents || !a.usable || l.Task.Status != StatusClaimed || !m.rules.needed(l) {
		return a, nil
	}
	if !m.rules.proven(l.Caller) {
		a.builtin = m.builtinBest(ctx, l)
	}
	var err error
	a.ranked, err = m.matchable(ctx, l.Task, a.ranked)
	return a, err
}

// builtinBest asks the built-in matcher about the task that a match task is
// about; what it needs to know stands in the match task's own context.
func (m *Market) builtinBest(ctx context.Context, l *store.Loaded) []AgentID {
	var about matchInput
	if json.Unmarshal([]byte(l.Text.Context), &about) != nil || m.mirror.fresh(ctx) != nil {
		return nil
	}
	best := m.bestMatches(ctx, MatchTask{Need: about.Need, Context: about.Context, Tags: about.Tags, Poster: l.Parent.Poster})
	return slices.DeleteFunc(best.Agents, func(id AgentID) bool { return barred(l.Task, id) })
}

// matchable keeps the agents that exist, are not suspended, and may work on the
// parent of the match task.
func (m *Market) matchable(ctx context.Context, match *store.Task, ids []AgentID) ([]AgentID, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id AgentID) bool { return barred(match, id) })
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

// barred reports whether an agent may not work on what a system task is about,
// by what the system task itself knows: its poster, whoever holds or held it.
func barred(t *store.Task, id AgentID) bool {
	return id == t.Worker() || slices.Contains(t.System.Excluded, id)
}

// AnswerFields are the fields by which the answer to a system task is known, one
// for each type of it.
func AnswerFields() []string { return []string{fieldRanked, fieldMeets, fieldTags} }
