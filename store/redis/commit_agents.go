package redis

import (
	"slices"
	"strconv"

	"github.com/pinchwork/pinchwork/store"
)

func (p *program) guardAgents(c *store.Change) {
	for _, id := range c.Active {
		if id != store.Platform && !inserts(c, id) {
			p.guard(store.Conflict{Guard: store.GuardSuspended, Agent: id}, "is", p.agent(id), "x", "0")
		}
	}
	for _, w := range c.Agents {
		p.guardAgent(w)
	}
	for i := range c.Trust {
		pair := &c.Trust[i].New
		p.guard(store.Conflict{Guard: store.GuardTrust, Agent: pair.From},
			"counts", p.trust(pair.From), string(pair.To), pair.Interactions-1)
	}
	for _, w := range c.Strikes {
		differ := store.Conflict{Guard: store.GuardStrikes, Agent: w.Agent}
		p.known(c, differ)
		p.guard(differ, "is", p.agent(w.Agent), "st", encodeStrikes(w.Old))
	}
	for i := range c.SystemPays {
		w := &c.SystemPays[i]
		differ := store.Conflict{Guard: store.GuardSystemPay, Agent: w.Agent}
		p.known(c, differ)
		p.guard(differ, "is", p.agent(w.Agent), "sp", encodeSystemPay(w.Old))
	}
	for i := range c.Tags {
		p.known(c, store.Conflict{Guard: store.GuardAgent, Agent: c.Tags[i].Agent})
	}
}

// known guards that the conflict's agent exists, unless another part of the
// Change already ensures it: counters and credits never go to an agent that
// does not exist.
func (p *program) known(c *store.Change, conflict store.Conflict) {
	id := conflict.Agent
	if id != store.Platform && slices.Contains(c.Active, id) || slices.Contains(p.guardedAgents, id) {
		return
	}
	for i := range c.Agents {
		if c.Agents[i].New.ID == id {
			return
		}
	}
	p.guardedAgents = append(p.guardedAgents, id)
	p.guard(conflict, "known", p.agent(id), "v", "")
}

// inserts reports whether the Change makes the agent that it names.
func inserts(c *store.Change, id store.AgentID) bool {
	return slices.ContainsFunc(c.Agents, func(w store.AgentWrite) bool { return w.Old == nil && w.New.ID == id })
}

func (p *program) guardAgent(w store.AgentWrite) {
	id := w.New.ID
	if w.Old != nil {
		p.guard(store.Conflict{Guard: store.GuardAgent, Agent: id}, "is", p.agent(id), "v", w.Old.Version)
		if w.Key != (store.KeyDigest{}) {
			p.fresh(store.Conflict{Guard: store.GuardDuplicate, Agent: id}, p.apiKeys(), string(w.Key[:]))
		}
		return
	}
	duplicate := store.Conflict{Guard: store.GuardDuplicate, Agent: id}
	p.fresh(duplicate, p.agent(id), "v")
	p.fresh(duplicate, p.apiKeys(), string(w.Key[:]))
	if external := w.New.ExternalID; external != "" {
		p.fresh(duplicate, p.externals(), external)
	}
}

func (p *program) writeAgents(c *store.Change) {
	for _, w := range c.Agents {
		p.writeAgent(w)
	}
	for i := range c.Trust {
		pair := &c.Trust[i].New
		doc := encodeTrust(pair)
		p.set(p.trust(pair.From), string(pair.To), doc)
		p.step("HSET", p.trusted(pair.To), string(pair.From), doc)
		p.step("ZADD", p.ranking(pair.From), score(-pair.Score), string(pair.To))
	}
	for _, w := range c.Strikes {
		p.set(p.agent(w.Agent), "st", encodeStrikes(w.New))
	}
	for i := range c.SystemPays {
		w := &c.SystemPays[i]
		p.set(p.agent(w.Agent), "sp", encodeSystemPay(w.New))
	}
	for i := range c.Accounts {
		p.writeAccount(&c.Accounts[i])
	}
	for _, d := range c.Tags {
		p.count(p.tags(d.Agent), "c:"+d.Tag, d.Count)
		p.count(p.tags(d.Agent), "e:"+d.Tag, d.Earned)
		p.count(p.tags(d.Agent), "s:"+d.Tag, d.RatingSum)
		p.count(p.tags(d.Agent), "n:"+d.Tag, d.RatingCount)
	}
}

func (p *program) writeAgent(w store.AgentWrite) {
	a := w.New
	p.set(p.agent(a.ID),
		"p", packProfile(a), "v", a.Version, "x", flag(a.Suspended), "h", flag(a.Hooked()), "c", flag(a.Callable()))
	if w.Old == nil && !a.OldKeyUntil.IsZero() || w.Old != nil && !a.OldKeyUntil.Equal(w.Old.OldKeyUntil) {
		p.set(p.agent(a.ID), "ku", micros(a.OldKeyUntil))
	}
	if w.Old != nil {
		if w.Key != (store.KeyDigest{}) {
			p.step("rekey", p.agent(a.ID), string(a.ID), string(w.Key[:]), flag(w.KeepOld))
		}
		return
	}
	p.set(p.agent(a.ID), "k", string(w.Key[:]))
	p.set(p.apiKeys(), string(w.Key[:]), string(a.ID))
	if a.ExternalID != "" {
		p.set(p.externals(), a.ExternalID, string(a.ID))
	}
	p.step("ZADD", p.agents(), "0", string(a.ID))
}

func (p *program) writeAccount(d *store.AccountDelta) {
	key := p.agent(d.Agent)
	p.count(key, "esc", d.Escrowed)
	p.count(key, "open", d.OpenClaims)
	p.count(key, "posted", d.Posted)
	p.count(key, "done", d.Completed)
	p.count(key, "rs", d.RatingSum)
	p.count(key, "rc", d.RatingCount)
	p.count(key, "earn", d.Earned)
	p.count(key, "fees", d.Fees)
	p.count(key, "chg", d.Charged)
	p.count(key, "spent", d.Spent)
	p.count(key, "rej", d.Rejected)
	p.count(key, "apr", d.Approvals)
	p.count(key, "rjd", d.Rejections)
	p.count(key, "fb", d.FeesBrought)
	p.count(key, "tb", d.TextBytes)
	if d.Escrowed != 0 {
		p.step("HINCRBY", p.totals(), "escrowed", d.Escrowed)
	}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
