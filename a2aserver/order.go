package a2aserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"

	"github.com/pinchwork/pinchwork/internal/wire"
	"github.com/pinchwork/pinchwork/market"
)

const (
	// ours is the key of what a message says to the marketplace itself, in its metadata or
	// as the only key of a data part.
	ours = "pinchwork"
	// contextKey is the key under which a task keeps the context that its poster named.
	contextKey = "a2a.context"
	// longestWait is how long a message waits for the task that it is about.
	longestWait = 5 * time.Minute
)

// posting is what the first message may say: the fields of POST /v1/tasks.
type posting struct {
	wire.Post
	Action string `json:"action"` // "post" or nothing
}

// reply is what a message on a task may say.
type reply struct {
	Action     string            `json:"action"`
	Rating     int               `json:"rating"`
	Feedback   string            `json:"feedback"`
	Reason     string            `json:"reason"`
	QuestionID market.QuestionID `json:"question_id"`
	Wait       *int64            `json:"wait"`
}

// misplaced are names that read as if they were meant for the marketplace, where they say
// nothing to it.
var misplaced = []string{"max_credits", "credits", "budget", "deadline_minutes", "deadline", "tags", "action", "rating", "wait"}

// content separates what a message says to the worker from what it says to the marketplace.
func content(req *a2a.SendMessageRequest) (text string, order map[string]any, err error) {
	m := req.Message
	order = map[string]any{}
	for _, meta := range []map[string]any{req.Metadata, m.Metadata} {
		for _, name := range misplaced {
			if _, there := meta[name]; there {
				return "", nil, invalid(name, fmt.Sprintf(`metadata.%s says nothing here: write {"%s": {"%s": …}}`, name, ours, name))
			}
		}
		if err := into(order, meta[ours]); err != nil {
			return "", nil, err
		}
	}
	var texts []string
	for _, p := range m.Parts {
		switch c := p.Content.(type) {
		case a2a.Text:
			texts = append(texts, string(c))
		case a2a.URL:
			texts = append(texts, string(c))
		case a2a.Data:
			if said, ok := c.Value.(map[string]any); ok && len(said) == 1 && said[ours] != nil {
				if err := into(order, said[ours]); err != nil {
					return "", nil, err
				}
				continue
			}
			data, err := json.Marshal(c.Value)
			if err != nil {
				return "", nil, invalid("parts", "a data part is no JSON")
			}
			texts = append(texts, string(data))
		default:
			return "", nil, refusal(a2a.ErrUnsupportedContentType, &market.Error{
				Code: market.CodeUnsupportedMediaType, Field: "parts", Message: "tasks are texts: send text, data or the URL of a file, not its bytes",
			})
		}
	}
	return strings.Join(texts, "\n\n"), order, nil
}

func into(order map[string]any, said any) error {
	if said == nil {
		return nil
	}
	fields, ok := said.(map[string]any)
	if !ok {
		return invalid(ours, `"`+ours+`" must be an object, such as {"max_credits": 25}`)
	}
	maps.Copy(order, fields)
	return nil
}

// read reads an order strictly: a budget under a wrong name would cost another one.
func read(order map[string]any, into any) error {
	data, err := json.Marshal(order)
	var object map[string]json.RawMessage
	if err != nil || json.Unmarshal(data, &object) != nil {
		return invalid(ours, "metadata is no JSON")
	}
	if wrong, is := errors.AsType[*wire.Wrong](wire.Fill(into, object)); is {
		return invalid(wrong.Name, fmt.Sprintf("metadata.%s: %s; its fields here are %s", ours, wrong.Why, strings.Join(fieldsOf(into), ", ")))
	}
	return nil
}

// fieldsOf are the names that an order may have.
func fieldsOf(order any) []string {
	if _, first := order.(*posting); first {
		return []string{
			"max_credits", "tags", "context", "deadline_minutes", "claim_timeout_minutes", "review_timeout_minutes",
			"offer_to", "open_after_minutes", "metadata", "external_id", "wait",
		}
	}
	return []string{"action", "rating", "feedback", "reason", "question_id", "wait"}
}

// input is the task that a first message posts.
func (o Options) input(req *a2a.SendMessageRequest) (market.PostInput, error) {
	text, order, err := content(req)
	if err != nil {
		return market.PostInput{}, err
	}
	var p posting
	if err := read(order, &p); err != nil {
		return market.PostInput{}, err
	}
	switch {
	case p.Action != "" && p.Action != "post":
		return market.PostInput{}, invalid("action", fmt.Sprintf("the action %q is about a task: send it with the task's id", p.Action))
	case p.Need != "":
		return market.PostInput{}, invalid("need", "the text of the message is the need, so metadata."+ours+" has none")
	}
	in := p.Input()
	in.Need = text
	if p.MaxCredits == nil {
		in.MaxCredits = o.Budget
	}
	if p.Tags == nil {
		in.Tags = slices.Clone(o.Tags)
	}
	if p.DeadlineMinutes == nil {
		in.Deadline = o.Deadline
	}
	if p.Wait == nil && blocking(req) {
		in.Wait = longestWait
	}
	if id := req.Message.ContextID; id != "" {
		in.Metadata = maps.Clone(in.Metadata)
		if in.Metadata == nil {
			in.Metadata = map[string]string{}
		}
		in.Metadata[contextKey] = id
	}
	return in, nil
}

// blocking reports whether the answer may wait until it is the caller's turn.
func blocking(req *a2a.SendMessageRequest) bool {
	return req.Config == nil || !req.Config.ReturnImmediately
}
