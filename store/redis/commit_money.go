package redis

import "github.com/pinchwork/pinchwork/store"

func (p *program) guardMoney(c *store.Change) {
	for i := range c.Transfers {
		t := &c.Transfers[i]
		p.guardBalance(c, t)
		if t.Task != "" {
			p.fresh(store.Conflict{Guard: store.GuardTransfer, Agent: t.Agent, Task: t.Task},
				p.transfers(t.Task), string(t.Kind))
		}
	}
	for i := range c.Accounts {
		d := &c.Accounts[i]
		p.known(c, store.Conflict{Guard: store.GuardAgent, Agent: d.Agent})
		p.limit(store.Conflict{Guard: store.GuardOpenClaims, Agent: d.Agent}, "open", d.OpenClaims, d.MaxOpenClaims)
		p.limit(store.Conflict{Guard: store.GuardTextBytes, Agent: d.Agent}, "tb", d.TextBytes, d.MaxTextBytes)
	}
	if r := c.Idempotency; r != nil {
		p.guardKey(store.Conflict{Guard: store.GuardIdempotency, Agent: r.Caller},
			"lapsed", p.record(r.IdempotencyID), micros(c.At))
	}
}

func (p *program) guardBalance(c *store.Change, t *store.Transfer) {
	conflict := store.Conflict{Guard: store.GuardBalance, Agent: t.Agent, Task: t.Task}
	switch {
	case t.Agent == "":
	case t.Signed() < 0:
		p.guard(conflict, "least", p.agent(t.Agent), "bal", t.Amount)
	default:
		p.known(c, conflict)
	}
}

// limit guards that a positive delta does not raise a counter of the conflict's
// agent above most; 0 is no limit.
func (p *program) limit(conflict store.Conflict, counter string, delta, most int64) {
	if delta > 0 && most != 0 {
		p.guard(conflict, "most", p.agent(conflict.Agent), counter, most-delta)
	}
}

func (p *program) writeMoney(c *store.Change) {
	for i := range c.Transfers {
		p.writeTransfer(&c.Transfers[i])
	}
}

func (p *program) writeTransfer(t *store.Transfer) {
	transfers := 0
	if t.Task != "" {
		transfers = p.key(p.transfers(t.Task))
	}
	doc := packTransfer(t)
	if t.Agent == "" {
		p.stepOn(transfers, "transfer", string(t.Kind), doc)
		return
	}
	agent := p.agent(t.Agent)
	p.count(agent, "le", 1)
	p.count(agent, "bal", t.Signed())
	p.stepOn(transfers, "transfer", string(t.Kind), doc, micros(t.At))
	p.with(p.key(p.ledger(t.Agent)), p.key(p.earnings(t.Agent)))
	for _, field := range []string{"le", "bal", "earn"} {
		p.with(p.read(agent, field))
	}
}

func (p *program) writeRecord(c *store.Change) {
	r := c.Idempotency
	if r == nil {
		return
	}
	p.step("SET", p.record(r.IdempotencyID), encodeRecord(r))
	p.step("ZADD", p.records(), micros(r.ExpiresAt), recordName(r.IdempotencyID))
}
