// Package matcher is the built-in matcher of a marketplace: it finds agents
// for a new task when no infra agent does (rule 6.9).
//
//	m := matcher.New()
//	found, err := m.Match(ctx, market.MatchTask{Need: "Review my Go code", Tags: []string{"go"}}, dir)
//
// An agent's score is 2 for each tag that it shares with the task, at most 1 for each
// keyword of the need and the tags that its tags hold, and again for each that its
// good_at holds, and half its reputation. Common keywords count less, forms of one
// word are the same, and neither reputation nor a common keyword alone makes a match;
// see market.TopQuery.
package matcher

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/market"
)

// MaxMatches is how many agents Match returns at most.
const MaxMatches = 5

// The weights of the score (rule 6.9).
const (
	tagWeight        = 2
	keywordWeight    = 1
	reputationWeight = 0.5
)

// Builtin is the built-in market.Matcher. The zero value is ready to use, by
// many goroutines at once.
type Builtin struct{}

var _ market.Matcher = (*Builtin)(nil)

// New returns a Builtin.
func New() *Builtin { return &Builtin{} }

// leastScore is what makes a match without the reputation: a keyword that few agents
// have, or several others.
const leastScore = 1

// Match returns the MaxMatches agents with the highest scores, best first, ties
// by ascending id. None means that nobody shares a tag or enough keywords. They get a
// head start when one of them shares a tag or two keywords: a single word says too
// little to keep a task from everybody else. The error is ctx's.
func (b *Builtin) Match(ctx context.Context, task market.MatchTask, dir market.Directory) (market.Matches, error) {
	found := scored(task, dir, leastScore, MaxMatches)
	return market.Matches{Agents: ids(found), HeadStart: slices.ContainsFunc(found, sharesEnough)}, ctx.Err()
}

func sharesEnough(c market.Candidate) bool { return c.Tags >= 1 || c.Words >= 2 }

// Candidates returns at most limit agents: first those that share anything, in the
// order of Match, then the most reputable of the others. The error is ctx's.
func (b *Builtin) Candidates(ctx context.Context, task market.MatchTask, dir market.Directory, limit int) ([]market.AgentID, error) {
	ids := ids(scored(task, dir, 0, limit))
	if len(ids) == limit {
		return ids, ctx.Err()
	}
	listed := make(map[market.AgentID]bool, len(ids))
	for _, id := range ids {
		listed[id] = true
	}
	for _, c := range dir.Reputable(task.Poster, limit) {
		if len(ids) < limit && !listed[c.ID] {
			ids = append(ids, c.ID)
		}
	}
	return ids, ctx.Err()
}

// scored returns the agents that share at least so much with the task.
func scored(task market.MatchTask, dir market.Directory, least float64, limit int) []market.Candidate {
	return dir.Top(market.TopQuery{
		Tags: task.Tags, Words: Keywords(task.Need),
		TagWeight: tagWeight, WordWeight: keywordWeight, ReputationWeight: reputationWeight,
		Least: least, Exclude: task.Poster, Limit: limit,
	})
}

func ids(found []market.Candidate) []market.AgentID {
	ids := make([]market.AgentID, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	return ids
}
