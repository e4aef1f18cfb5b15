package board

import "time"

// Task is an open task as it is offered. V is what the caller wants back with
// an offer.
type Task[V any] struct {
	ID string
	// Version orders Puts and Removes of the same task; Seq ends every tie.
	Version, Seq int64
	Poster       string
	// Tags are the task's own: what Query.Tags looks at. Together with
	// Extracted they count against an agent's capabilities.
	Tags, Extracted []string
	// Need and Context are searched. They are read by Put and not kept.
	Need, Context string
	CreatedAt     time.Time
	// ClosesAt is the first instant at which the task is not offered any more;
	// zero for never.
	ClosesAt time.Time
	// System marks a system task: it is offered in phase 0 alone, oldest first, no
	// matter who posted it.
	System bool
	// Excluded and Infra are agents that are never offered the task: those of an
	// earlier Put are not either.
	Excluded, Infra []string
	// Matched are the agents that see the task in phase 1, best first, repeats
	// left out. Until HeadStart nobody else is offered the task. Without
	// Matched, HeadStart means nothing.
	Matched   []string
	HeadStart time.Time
	// Direct, when there are any, are the agents that see the task in phase 1 instead
	// of Matched, each at rank 0. Until OpensAt nobody else may know of the task; zero
	// is never.
	Direct  []string
	OpensAt time.Time
	Value   V
}

// Query asks what an agent is offered.
type Query struct {
	Agent string
	// Infra adds phase 0, the system tasks.
	Infra bool
	// Capabilities are the agent's tags. Without any, tasks come oldest first. At
	// most 255 are counted.
	Capabilities []string
	// Tags must all be among a task's own tags, case-insensitively.
	Tags []string
	// Search holds terms, each of which need or context must contain.
	Search string
	// Now decides about head starts and closing times. The board's time does
	// not go back: an instant up to a second before one asked earlier counts as
	// that one.
	Now time.Time
	// Why, when above 0, asks Reserve why there is nothing; the Lack counts up to so many.
	Why int
}

// Offer is a task that an agent may have.
type Offer[V any] struct {
	ID    string
	Value V
	// Matched is set in phase 1; Rank then starts at 0.
	Matched bool
	Rank    int
	// Reputation is the poster's.
	Reputation float64
}

// Trust is a poster's trust toward an agent.
type Trust struct {
	From  string
	Score float64
	// Interactions is the version of the pair: the higher one wins.
	Interactions int64
}

// Known is a task that the board holds.
type Known struct {
	ID      string
	Version int64
}
