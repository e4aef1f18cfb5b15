package rules

import (
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/answer"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Answer is what was read out of the answer to a system task, together
// with what is known of those whom it names. It is taken before the decision,
// which asks nobody any more.
type Answer struct {
	// usable is set when the answer holds an object with the expected fields.
	Usable bool
	// ranked are the agents of a ranking that may be matched, best first.
	Ranked []store.AgentID
	// tags describe the task or the agent.
	tags []string
	// meets and explanation are a verdict.
	meets       bool
	explanation string
	// builtin are the built-in matcher's best. They stay matched behind the
	// choice of an agent whose judgement is not proven.
	Builtin []store.AgentID
}

// The fields by which an answer is known.
const (
	fieldRanked = "ranked_agents"
	fieldMeets  = "meets_requirements"
	fieldTags   = "tags"
)

// ReadAnswer finds the object that a system task asked for.
func ReadAnswer(typ store.SystemType, result string) (a Answer) {
	switch typ {
	case store.MatchAgents:
		a.readMatch(result)
	case store.VerifyCompletion:
		a.readVerdict(result)
	case store.ExtractCapabilities:
		a.readTags(result)
	}
	return a
}

// maxListed is how many elements of a list are looked at. Nobody who answers in
// earnest names many more than the candidates.
const maxListed = 5 * MaxCandidates

func (a *Answer) readMatch(result string) {
	o, ok := answer.Find(result, fieldRanked, answer.List)
	if !ok {
		return
	}
	var ids []string
	ids, a.Usable = o.Strings(fieldRanked, maxListed)
	for _, id := range ids {
		if isAgentID(id) && !slices.Contains(a.Ranked, store.AgentID(id)) {
			a.Ranked = append(a.Ranked, store.AgentID(id))
		}
	}
	tags, _ := o.Strings("extracted_tags", maxListed)
	a.tags = usableTags(tags, limits.AgentTags)
}

func (a *Answer) readVerdict(result string) {
	o, ok := answer.Find(result, fieldMeets, answer.Boolean)
	if !ok {
		return
	}
	a.meets, a.Usable = o.Bool(fieldMeets)
	a.explanation = Cut(strings.ReplaceAll(o.String("explanation"), "\x00", ""), limits.Reason)
}

func (a *Answer) readTags(result string) {
	o, ok := answer.Find(result, fieldTags, answer.List)
	if !ok {
		return
	}
	var tags []string
	tags, a.Usable = o.Strings(fieldTags, maxListed)
	a.tags = usableTags(tags, limits.AgentTags)
}

// isAgentID tells what may be an agent's id from what surely is none, before
// the store is asked. The platform is no agent that can work.
func isAgentID(id string) bool {
	return strings.HasPrefix(id, "ag-") && len(id) <= 64 && store.AgentID(id) != store.Platform && strings.IndexByte(id, 0) < 0
}

// Barred reports whether an agent may not work on what a system task is about,
// by what the system task itself knows: its poster, whoever holds or held it.
func Barred(t *store.Task, id store.AgentID) bool {
	return id == t.Worker() || slices.Contains(t.System.Excluded, id)
}

// AnswerFields are the fields by which the answer to a system task is known, one
// for each type of it.
func AnswerFields() []string { return []string{fieldRanked, fieldMeets, fieldTags} }
