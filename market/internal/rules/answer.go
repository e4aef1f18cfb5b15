package rules

import (
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/market/internal/answer"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Answer is what was read from the answer to a system task, with what is known
// about the agents that it names. It is made before the decision, which may not
// look anything up.
type Answer struct {
	// Usable is set when the answer holds an object with the expected fields.
	Usable bool
	// Ranked are the agents of a ranking that may be matched, best first.
	Ranked []store.AgentID
	// tags describe the task or the agent.
	tags []string
	// meets and explanation are a verdict.
	meets       bool
	explanation string
	// Builtin are the built-in matcher's best. They stay matched, after the choice
	// of the infra agent, if that agent is not proven.
	Builtin []store.AgentID
}

// The JSON fields by which an answer is recognised.
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

// maxListed is how many elements of a list are looked at. An honest answer
// names hardly more agents than there were candidates.
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

// isAgentID sorts out what cannot be an agent's id before the store is asked.
// The platform's id is not accepted, since the platform cannot work.
func isAgentID(id string) bool {
	return strings.HasPrefix(id, "ag-") && len(id) <= 64 && store.AgentID(id) != store.Platform && strings.IndexByte(id, 0) < 0
}

// Barred reports whether an agent may not work on what a system task is about,
// by what the system task itself lists: the poster, and the agents that hold or
// held the task.
func Barred(t *store.Task, id store.AgentID) bool {
	return id == t.Worker() || slices.Contains(t.System.Excluded, id)
}

// AnswerFields are the JSON fields by which an answer to a system task is
// recognised, one for each type of system task.
func AnswerFields() []string { return []string{fieldRanked, fieldMeets, fieldTags} }
