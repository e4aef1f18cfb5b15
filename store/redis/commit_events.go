package redis

import "github.com/pinchwork/pinchwork/store"

func (p *program) writeEvents(c *store.Change) {
	for i := range c.Events {
		e := &c.Events[i]
		p.write("event", p.agent(e.Agent), p.key(p.events(e.Agent)), string(e.Agent),
			micros(e.At), packEvent(e), micros(c.At))
	}
}

// writeFeed appends all items of the Change as one element.
func (p *program) writeFeed(c *store.Change, longest int64) {
	if len(c.Feed) == 0 {
		return
	}
	p.writeKeyless("feed", longest, micros(c.At), len(c.Feed), packFeed(c.Feed))
}
