package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/pinchwork/pinchwork/store"
)

// prepared is a Change with its documents in JSON. Each caller encodes its own, at
// the same time as others do.
type prepared struct {
	*store.Change
	// tasks, profiles and facts are as many as tasks, agents and events; a fact is ""
	// where an event has no data. feed is "" where there is none.
	tasks, profiles, facts []string
	feed                   string
}

func prepare(c *store.Change) (*prepared, error) {
	p := &prepared{Change: c}
	for i := range c.Tasks {
		if err := encode(&p.tasks, c.Tasks[i].New); err != nil {
			return nil, err
		}
	}
	for i := range c.Agents {
		if err := encode(&p.profiles, c.Agents[i].New); err != nil {
			return nil, err
		}
	}
	for i := range c.Events {
		if c.Events[i].Data.IsZero() {
			p.facts = append(p.facts, "")
		} else if err := encode(&p.facts, &c.Events[i].Data); err != nil {
			return nil, err
		}
	}
	if len(c.Feed) == 0 {
		return p, nil
	}
	doc, err := json.Marshal(c.Feed)
	p.feed = string(doc)
	return p, err
}

func encode(into *[]string, v any) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding a change: %w", err)
	}
	*into = append(*into, string(doc))
	return nil
}

// prepareAll stops at the first that cannot be encoded.
func prepareAll(cs []*store.Change) ([]*prepared, error) {
	all := make([]*prepared, len(cs))
	for i, c := range cs {
		var err error
		if all[i], err = prepare(c); err != nil {
			return nil, err
		}
	}
	return all, nil
}
