package redis

import (
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

// packEvent gives the document of an event. Agent and number are known by where
// it stands, and its instant stands before it.
func packEvent(e *market.Event) string {
	p := newPacker()
	put(p, "y", e.Type)
	put(p, "t", e.Task)
	put(p, "r", e.Data.Reason)
	put(p, "f", e.Data.Feedback)
	put(p, "q", e.Data.QuestionID)
	put(p, "m", e.Data.MessageID)
	if g := e.Data.GraceDeadline; g != nil {
		put(p, "g", micros(g.Time))
	}
	if rank := e.Data.Rank; rank != nil {
		put(p, "k", decimal(int64(*rank)))
	}
	p.optional("v", e.Data.MeetsRequirements)
	put(p, "a", e.Data.Answer)
	put(p, "s", e.Data.SenderID)
	put(p, "w", e.Data.WorkerID)
	if credits := e.Data.Credits; credits != nil {
		put(p, "c", decimal(*credits))
	}
	if rating := e.Data.Rating; rating != nil {
		put(p, "n", decimal(int64(*rating)))
	}
	putAll(p, "x", e.Data.Tags)
	put(p, "b", e.Data.By)
	return p.String()
}

// decodeEvent reads "at event".
func decodeEvent(agent market.AgentID, seq int64, line string) (market.Event, error) {
	at, doc, _ := strings.Cut(line, " ")
	e := market.Event{Agent: agent, Seq: seq, At: fromMicros(at)}
	err := unpack(doc, func(name, value string) {
		switch name {
		case "y":
			e.Type = market.EventType(value)
		case "t":
			e.Task = market.TaskID(value)
		case "r":
			e.Data.Reason = value
		case "f":
			e.Data.Feedback = value
		case "q":
			e.Data.QuestionID = market.QuestionID(value)
		case "m":
			e.Data.MessageID = market.MessageID(value)
		case "g":
			e.Data.GraceDeadline = market.Ptr(market.NewTime(fromMicros(value)))
		case "k":
			rank := int(integer(value))
			e.Data.Rank = &rank
		case "v":
			e.Data.MeetsRequirements = unpackOptional(value)
		case "a":
			e.Data.Answer = value
		case "s":
			e.Data.SenderID = market.AgentID(value)
		case "w":
			e.Data.WorkerID = market.AgentID(value)
		case "c":
			e.Data.Credits = market.Ptr(integer(value))
		case "n":
			e.Data.Rating = market.Ptr(int(integer(value)))
		case "x":
			e.Data.Tags = append(e.Data.Tags, value)
		case "b":
			e.Data.By = market.AgentID(value)
		}
	})
	return e, err
}

// packFeed gives the items of one commit.
func packFeed(items []market.FeedItem) string {
	p := newPacker()
	for i := range items {
		item := &items[i]
		p.part("i", func() {
			put(p, "k", item.Kind)
			put(p, "t", item.Task)
			p.number("v", item.Version)
			p.flag("o", item.Open)
			put(p, "a", item.Agent)
			if pair := item.Trust; pair != nil {
				put(p, "f", pair.From)
				put(p, "r", pair.To)
				put(p, "p", encodeTrust(pair))
			}
		})
	}
	return p.String()
}

// unpackFeed adds the items of one commit to those before.
func unpackFeed(items []market.FeedItem, doc string) ([]market.FeedItem, error) {
	var damaged error
	err := unpack(doc, func(name, value string) {
		if name != "i" {
			return
		}
		item, err := unpackFeedItem(value)
		if err != nil {
			damaged = err
		}
		items = append(items, item)
	})
	if err == nil {
		err = damaged
	}
	return items, err
}

func unpackFeedItem(doc string) (item market.FeedItem, err error) {
	var from, to, pair string
	err = unpack(doc, func(name, value string) {
		switch name {
		case "k":
			item.Kind = market.FeedKind(value)
		case "t":
			item.Task = market.TaskID(value)
		case "v":
			item.Version = integer(value)
		case "o":
			item.Open = true
		case "a":
			item.Agent = market.AgentID(value)
		case "f":
			from = value
		case "r":
			to = value
		case "p":
			pair = value
		}
	})
	if pair != "" {
		trust := decodeTrust(market.AgentID(from), market.AgentID(to), pair)
		item.Trust = &trust
	}
	return item, err
}
