package redis

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
)

// eventRecord is a market.Event; agent and number are known by where it
// stands, and its instant stands before it.
type eventRecord struct {
	Type              market.EventType  `json:"y"`
	Task              market.TaskID     `json:"t,omitempty"`
	Reason            string            `json:"r,omitempty"`
	Feedback          string            `json:"f,omitempty"`
	GraceDeadline     *instant          `json:"g,omitempty"`
	QuestionID        market.QuestionID `json:"q,omitempty"`
	MessageID         market.MessageID  `json:"m,omitempty"`
	Rank              *int              `json:"k,omitempty"`
	MeetsRequirements *bool             `json:"v,omitempty"`
}

func encodeEvent(e *market.Event) ([]byte, error) {
	r := eventRecord{
		Type: e.Type, Task: e.Task, Reason: e.Data.Reason, Feedback: e.Data.Feedback,
		QuestionID: e.Data.QuestionID, MessageID: e.Data.MessageID, Rank: e.Data.Rank,
		MeetsRequirements: e.Data.MeetsRequirements,
	}
	if g := e.Data.GraceDeadline; g != nil {
		at := toInstant(*g)
		r.GraceDeadline = &at
	}
	return json.Marshal(&r)
}

// decodeEvent reads "at event".
func decodeEvent(agent market.AgentID, seq int64, line string) (market.Event, error) {
	at, doc, _ := strings.Cut(line, " ")
	var r eventRecord
	if err := json.Unmarshal([]byte(doc), &r); err != nil {
		return market.Event{}, fmt.Errorf("redis: stored event: %w", err)
	}
	return market.Event{
		Agent: agent, Seq: seq, Type: r.Type, Task: r.Task, At: fromMicros(at),
		Data: market.EventData{
			Reason: r.Reason, Feedback: r.Feedback, GraceDeadline: r.GraceDeadline.timePtr(),
			QuestionID: r.QuestionID, MessageID: r.MessageID, Rank: r.Rank, MeetsRequirements: r.MeetsRequirements,
		},
	}, nil
}

func (i *instant) timePtr() *time.Time {
	if i == nil {
		return nil
	}
	t := i.time()
	return &t
}

// feedRecord is a market.FeedItem.
type feedRecord struct {
	Kind    market.FeedKind `json:"k"`
	Task    market.TaskID   `json:"t,omitempty"`
	Version int64           `json:"v,omitempty"`
	Open    bool            `json:"o,omitempty"`
	Agent   market.AgentID  `json:"a,omitempty"`
	From    market.AgentID  `json:"f,omitempty"`
	To      market.AgentID  `json:"r,omitempty"`
	Pair    string          `json:"p,omitempty"`
}

func encodeFeed(items []market.FeedItem) ([]byte, error) {
	records := make([]feedRecord, len(items))
	for i, item := range items {
		records[i] = feedRecord{Kind: item.Kind, Task: item.Task, Version: item.Version, Open: item.Open, Agent: item.Agent}
		if p := item.Trust; p != nil {
			records[i].From, records[i].To, records[i].Pair = p.From, p.To, encodeTrust(p)
		}
	}
	return json.Marshal(records)
}

func decodeFeed(doc string) ([]market.FeedItem, error) {
	var records []feedRecord
	if err := json.Unmarshal([]byte(doc), &records); err != nil {
		return nil, fmt.Errorf("redis: stored feed: %w", err)
	}
	items := make([]market.FeedItem, len(records))
	for i, r := range records {
		items[i] = market.FeedItem{Kind: r.Kind, Task: r.Task, Version: r.Version, Open: r.Open, Agent: r.Agent}
		if r.Pair != "" {
			pair := decodeTrust(r.From, r.To, r.Pair)
			items[i].Trust = &pair
		}
	}
	return items, nil
}
