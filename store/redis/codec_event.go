package redis

import (
	"errors"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// packEvent gives the document of an event. Agent and number follow from its
// place in the agent's list, and its instant is kept in front of it.
func packEvent(e *store.Event) string {
	p := newPacker()
	put(p, "y", e.Type)
	put(p, "t", e.Task)
	put(p, "r", e.Data.Reason)
	put(p, "f", e.Data.Feedback)
	put(p, "q", e.Data.QuestionID)
	put(p, "m", e.Data.MessageID)
	if g := e.Data.GraceDeadline; !g.IsZero() {
		put(p, "g", micros(g.Time))
	}
	putCount(p, "k", e.Data.Rank)
	p.optional("v", e.Data.MeetsRequirements)
	put(p, "a", e.Data.Answer)
	put(p, "s", e.Data.SenderID)
	put(p, "w", e.Data.WorkerID)
	if credits := e.Data.Credits; credits != nil {
		put(p, "c", decimal(*credits))
	}
	if e.Data.Rating != 0 {
		put(p, "n", decimal(int64(e.Data.Rating)))
	}
	putAll(p, "x", e.Data.Tags)
	put(p, "b", e.Data.By)
	packMetadata(p, e.Data.Metadata)
	put(p, "e", e.Data.ExternalID)
	put(p, "o", e.Data.Note)
	putCount(p, "p", e.Data.Percent)
	put(p, "u", e.Data.Outcome)
	return p.String()
}

// putCount writes a number that may be 0, and nothing for nil.
func putCount(p *packer, name string, n *int) {
	if n != nil {
		put(p, name, decimal(int64(*n)))
	}
}

// decodeEvent reads "at event".
func decodeEvent(agent store.AgentID, seq int64, line string) (store.Event, error) {
	at, doc, _ := strings.Cut(line, " ")
	e := store.Event{Agent: agent, Seq: seq, At: fromMicros(at)}
	var metadata error
	err := unpack(doc, func(name, value string) {
		switch name {
		case "md":
			e.Data.Metadata, metadata = unpackMetadata(value)
		case "e":
			e.Data.ExternalID = value
		case "y":
			e.Type = store.EventType(value)
		case "t":
			e.Task = store.TaskID(value)
		case "r":
			e.Data.Reason = value
		case "f":
			e.Data.Feedback = value
		case "q":
			e.Data.QuestionID = store.QuestionID(value)
		case "m":
			e.Data.MessageID = store.MessageID(value)
		case "g":
			e.Data.GraceDeadline = store.NewTime(fromMicros(value))
		case "k":
			rank := int(integer(value))
			e.Data.Rank = &rank
		case "v":
			e.Data.MeetsRequirements = unpackOptional(value)
		case "a":
			e.Data.Answer = value
		case "s":
			e.Data.SenderID = store.AgentID(value)
		case "w":
			e.Data.WorkerID = store.AgentID(value)
		case "c":
			e.Data.Credits = new(integer(value))
		case "n":
			e.Data.Rating = int(integer(value))
		case "x":
			e.Data.Tags = append(e.Data.Tags, value)
		case "b":
			e.Data.By = store.AgentID(value)
		case "o":
			e.Data.Note = value
		case "u":
			e.Data.Outcome = value
		case "p":
			e.Data.Percent = new(int(integer(value)))
		}
	})
	return e, errors.Join(err, metadata)
}

// packFeed gives the items of one commit.
func packFeed(items []store.FeedItem) string {
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

// unpackFeed appends the items of one commit.
func unpackFeed(items []store.FeedItem, doc string) ([]store.FeedItem, error) {
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

func unpackFeedItem(doc string) (item store.FeedItem, err error) {
	var from, to, pair string
	err = unpack(doc, func(name, value string) {
		switch name {
		case "k":
			item.Kind = store.FeedKind(value)
		case "t":
			item.Task = store.TaskID(value)
		case "v":
			item.Version = integer(value)
		case "o":
			item.Open = true
		case "a":
			item.Agent = store.AgentID(value)
		case "f":
			from = value
		case "r":
			to = value
		case "p":
			pair = value
		}
	})
	if pair != "" {
		trust := decodeTrust(store.AgentID(from), store.AgentID(to), pair)
		item.Trust = &trust
	}
	return item, err
}
