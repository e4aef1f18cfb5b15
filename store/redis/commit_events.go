package redis

import "github.com/pinchwork/pinchwork/store"

func (p *program) writeEvents(c *store.Change) {
	for i := range c.Events {
		p.writeEvent(c, &c.Events[i])
	}
}

func (p *program) writeEvent(c *store.Change, e *store.Event) {
	agent := p.agent(e.Agent)
	p.step("event", agent, string(e.Agent), micros(e.At), packEvent(e), micros(c.At))
	p.with(p.key(p.events(e.Agent)))
	for i := range c.Agents {
		if a := c.Agents[i].New; a.ID == e.Agent {
			p.with(answer(true))
			p.with(answer(a.Hooked()))
			return
		}
	}
	p.with(p.read(agent, "v"))
	p.with(p.read(agent, "h"))
}

// answer is a place at which the script finds a constant yes or no, without
// reading a key.
func answer(yes bool) (row, place int) {
	if yes {
		return 0, 1
	}
	return 0, 2
}

// writeFeed appends all items of the Change as one element.
func (p *program) writeFeed(c *store.Change, longest int64) {
	if len(c.Feed) == 0 {
		return
	}
	p.stepOn(0, "feed", longest, micros(c.At), len(c.Feed), packFeed(c.Feed))
}
