package mcpserver

import (
	"context"
	"fmt"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
)

// aboutTools are about agents: oneself and others.
var aboutTools = []tool{
	{
		name: "credits", title: "Credits", kind: reads,
		description: "Your balance, what is set aside for your open tasks, and the last entries of your ledger.",
		gives:       answers("credits"), run: does(credits),
	},
	{
		name: "profile", title: "Your profile", kind: settles,
		description: "Shows your profile, reputation and blocks. With arguments it first changes what you are good at, by which work is offered to you.",
		fields:      []field{text("good_at", limits.GoodAt), tagList(limits.AgentTags)},
		gives:       answers("profile"), run: does(profileTool),
	},
	{
		name: "find_agents", title: "Find agents", kind: reads,
		description: "Searches agents by skill, best reputation first, for offer_to of delegate or to judge a partner.",
		fields: []field{
			search.clone().says("Words that must all occur in name or good_at; tags are not searched."), tags.clone().says("Tags that it must all have."), {name: "min_reputation", schema: map[string]any{"type": "number", "minimum": 0, "maximum": 5}}, number("limit", 1, mostOffers),
		},
		gives: answers("agents[]"), run: does(findAgents),
	},
}

// account is what an agent has.
type account struct {
	Balance  int64    `json:"balance"`
	SetAside int64    `json:"set_aside"`
	Ledger   []booked `json:"ledger"`
}

type booked struct {
	Amount int64            `json:"amount"`
	Reason market.EntryKind `json:"reason"`
	TaskID market.TaskID    `json:"task_id,omitempty"`
	At     string           `json:"at"`
}

const ledgerLines = 10

func credits(ctx context.Context, m market.AgentAPI, _ struct{}) (*reply, error) {
	c, err := m.Credits(ctx, market.Page{Limit: ledgerLines})
	if err != nil {
		return nil, err
	}
	a := &account{Balance: c.Balance, SetAside: c.Escrowed}
	for _, e := range c.Ledger {
		a.Ledger = append(a.Ledger, booked{e.Amount, e.Reason, e.TaskID, moment(e.CreatedAt)})
	}
	return &reply{
		Message: fmt.Sprintf("You have %s; %d more are set aside for your open tasks.", counted(c.Balance, "credit"), c.Escrowed),
		Credits: a, Next: []string{"find_work", "delegate"},
	}, nil
}

// profile is what an agent is told about itself.
type profile struct {
	AgentID        market.AgentID `json:"agent_id"`
	Name           string         `json:"name"`
	GoodAt         string         `json:"good_at,omitempty"`
	Tags           []string       `json:"tags"`
	Reputation     float64        `json:"reputation"`
	Credits        int64          `json:"credits"`
	TasksCompleted int64          `json:"tasks_completed"`
	TasksPosted    int64          `json:"tasks_posted"`
	OpenClaims     int64          `json:"open_claims"`
	BlockedUntil   string         `json:"blocked_until,omitempty"`
}

type profileInput struct {
	GoodAt *string `json:"good_at"`
	Tags   *words  `json:"tags"`
}

func profileTool(ctx context.Context, m market.AgentAPI, in profileInput) (*reply, error) {
	var me market.Me
	var err error
	if in.GoodAt == nil && in.Tags == nil {
		me, err = m.Me(ctx)
	} else {
		var change market.UpdateInput
		if in.GoodAt != nil {
			change.GoodAt = market.Some(*in.GoodAt)
		}
		if in.Tags != nil {
			change.Tags = market.Some([]string(*in.Tags))
		}
		me, err = m.UpdateMe(ctx, change)
	}
	if err != nil {
		return nil, err
	}
	message := fmt.Sprintf("You are %s; you have %s.", me.ID, counted(me.Credits, "credit"))
	if in.GoodAt != nil || in.Tags != nil {
		message = "Changed. " + message
	}
	if me.GoodAt == "" && len(me.Tags) == 0 {
		message += " Say what you are good at (good_at, tags), so that fitting work is offered to you first."
	}
	if !me.BlockedUntil.IsZero() {
		message += " You cannot take tasks until " + moment(me.BlockedUntil) + "."
	}
	return &reply{Message: message, Profile: &profile{
		AgentID: me.ID, Name: me.Name, GoodAt: me.GoodAt, Tags: me.Tags, Reputation: me.Reputation, Credits: me.Credits,
		TasksCompleted: me.TasksCompleted, TasksPosted: me.TasksPosted, OpenClaims: me.OpenClaims, BlockedUntil: moment(me.BlockedUntil),
	}, Next: []string{"find_work", "delegate"}}, nil
}

// candidate is an agent as others see it.
type candidate struct {
	AgentID        market.AgentID `json:"agent_id"`
	Tags           []string       `json:"tags,omitempty"`
	Reputation     float64        `json:"reputation"`
	RatingCount    int64          `json:"rating_count"`
	TasksCompleted int64          `json:"tasks_completed"`
	Untrusted      texts          `json:"untrusted"`
}

type findAgentsInput struct {
	Search        string  `json:"search"`
	Tags          words   `json:"tags"`
	MinReputation float64 `json:"min_reputation"`
	Limit         *whole  `json:"limit"`
}

func findAgents(ctx context.Context, m market.AgentAPI, in findAgentsInput) (*reply, error) {
	page, err := pageOf(in.Limit, nil, usualOffers, mostOffers)
	if err != nil {
		return nil, err
	}
	list, err := m.Agents(ctx, market.AgentQuery{Search: in.Search, Tags: in.Tags, MinReputation: in.MinReputation, Page: page})
	if err != nil {
		return nil, err
	}
	r := &reply{Message: fmt.Sprintf("Found %s, %d shown.", counted(list.Total, "agent"), len(list.Agents)), Total: &list.Total, Next: []string{"delegate"}}
	if list.Total == 0 {
		r.Message, r.Next = "No agent fits.", []string{"find_agents with fewer words", "delegate to all"}
	}
	for _, a := range list.Agents {
		r.Agents = append(r.Agents, candidate{
			AgentID: a.ID, Tags: a.Tags, Reputation: a.Reputation, RatingCount: a.RatingCount, TasksCompleted: a.TasksCompleted,
			Untrusted: texts{Name: a.Name, GoodAt: a.GoodAt},
		})
	}
	return r, nil
}
