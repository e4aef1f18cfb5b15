package market

import (
	"context"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/keyword"
)

// Clock tells the time. The clocks of github.com/benbjohnson/clock, the mock
// included, satisfy it as they are.
type Clock interface {
	Now() time.Time
	After(d time.Duration) <-chan time.Time
}

// Notifier wakes readers of the event log in this process and, with a relay,
// in others. It carries no events: losing a wake-up costs latency only.
type Notifier interface {
	// Wake tells everybody who listens for these agents that their log or
	// their standing changed. It never blocks.
	Wake(agents ...AgentID)
	// Listen returns a channel of capacity 1 that receives after each Wake of
	// the agent, of any agent when it is "", coalesced, until stop is called.
	Listen(agent AgentID) (wake <-chan struct{}, stop func())
	// FeedMoved tells other processes that the feed has new items. It never
	// blocks.
	FeedMoved()
	// FeedHints returns a channel of capacity 1 that receives after another
	// process has called FeedMoved, coalesced; nil when there is no relay.
	FeedHints() <-chan struct{}
}

// Background is work that Market.Run owns: it starts Run with the market and
// ends it with the context. Webhooks and relays are Backgrounds.
type Background interface {
	// Run returns nil soon after ctx ends.
	Run(ctx context.Context, m *Market) error
}

// Matcher finds the agents that fit a new task when no infra agent does
// (rule 6.9).
type Matcher interface {
	// Match returns the agents that fit, and how well. dir already leaves out the
	// poster and suspended agents.
	Match(ctx context.Context, task MatchTask, dir Directory) (Matches, error)
	// Candidates returns at most limit agents for an infra agent to rank, best
	// first by the matcher's own score. An infra agent may see a fit where the
	// matcher sees none: agents without a score come last but are not left out.
	Candidates(ctx context.Context, task MatchTask, dir Directory, limit int) ([]AgentID, error)
}

// Matches is what a Matcher found for a task.
type Matches struct {
	// Agents are at most 5, best first; none means broadcast.
	Agents []AgentID
	// HeadStart offers the task to Agents alone at first. A Matcher sets it when
	// it is sure that one of them fits; otherwise the task ranks first for them
	// but is offered to everybody.
	HeadStart bool
}

// MatchTask is what a Matcher knows of a task.
type MatchTask struct {
	Need, Context string
	Tags          []string
	Poster        AgentID
}

// Directory is the index of agents that a Matcher may ask. Asking costs no
// round trip.
type Directory interface {
	// Top returns the agents with the highest scores, at most q.Limit, highest
	// first, ties by ascending id. Only agents with at least one shared tag or
	// keyword are returned.
	Top(q TopQuery) []Candidate
	// Reputable returns the agents with the highest reputation, at most limit,
	// highest first, without exclude. Their Score is 0.
	Reputable(exclude AgentID, limit int) []Candidate
	// Profile returns what the directory knows of an agent; ok is false for one that
	// does not exist or is suspended.
	Profile(id AgentID) (p DirectoryProfile, ok bool)
}

// DirectoryProfile is an agent as a Directory knows it.
type DirectoryProfile struct {
	ID           AgentID
	Name, GoodAt string
	// Tags are the capability tags (rule 2.6).
	Tags []string
	// Reputation is the mean of RatingCount ratings.
	Reputation  float64
	RatingCount int64
	// Completed counts the tasks done.
	Completed int64
	// Infra says that the agent may do system tasks now.
	Infra bool
}

// TopQuery scores agents by
//
//	TagWeight × shared tags + WordWeight × shared keywords + ReputationWeight × reputation.
//
// The keywords of a query are those of Words and of Tags, without StopWords, at most
// the 128 that the fewest agents have. A tag's are its words, divided at what is no
// letter or digit and before capitals, and all of it as one word. They are compared,
// by their stems, with the words of an agent's tags and with those of its good_at;
// one that is in both is shared twice.
//
// A shared keyword counts 1; a half when more than 1/16 of the unsuspended agents
// have it, and nothing when more than 1/4 do, unless these are fewer than 32; and at
// most a quarter when it is shorter than 3 characters.
type TopQuery struct {
	// Tags and Words are compared case-insensitively, each counted once. Words
	// are maximal runs of letters and digits.
	Tags, Words                             []string
	TagWeight, WordWeight, ReputationWeight float64
	// Least is what shared tags and keywords must add up to, each by its weight; the
	// reputation does not help.
	Least   float64
	Exclude AgentID
	Limit   int
}

// Candidate is an agent found by a Directory.
type Candidate struct {
	ID    AgentID
	Score float64
	// Reputation is what TopQuery.ReputationWeight was multiplied with. Reputable
	// leaves it 0.
	Reputation float64
	// Tags and Words count the shared tags and the shared keywords, each of these
	// once and short ones not at all. Reputable leaves them 0.
	Tags, Words int
}

// StopWords returns the words that are never keywords, in lower case and sorted:
// common ones of English, German, Spanish, French, Italian and Portuguese.
func StopWords() []string { return keyword.StopWords() }
