package redis

import "github.com/pinchwork/pinchwork/market"

func (p *program) guardMoney(c *market.Change) {
	for i := range c.Transfers {
		t := &c.Transfers[i]
		if t.Agent != "" && t.Signed() < 0 {
			p.guard(market.Conflict{Guard: market.GuardBalance, Agent: t.Agent, Task: t.Task},
				"covers", p.agent(t.Agent), "bal", t.Amount)
		}
		if t.Task != "" {
			p.fresh(market.Conflict{Guard: market.GuardTransfer, Agent: t.Agent, Task: t.Task},
				p.transfers(t.Task), string(t.Kind))
		}
	}
	for i := range c.Accounts {
		d := &c.Accounts[i]
		if d.OpenClaims > 0 && d.MaxOpenClaims != 0 {
			p.guard(market.Conflict{Guard: market.GuardOpenClaims, Agent: d.Agent},
				"within", p.agent(d.Agent), "open", d.OpenClaims, d.MaxOpenClaims)
		}
	}
	if r := c.Idempotency; r != nil {
		p.guard(market.Conflict{Guard: market.GuardIdempotency, Agent: r.Caller},
			"lapsed", p.record(r.IdempotencyID), micros(c.At))
	}
}

func (p *program) writeMoney(c *market.Change) {
	for i := range c.Transfers {
		p.writeTransfer(&c.Transfers[i])
	}
}

func (p *program) writeTransfer(t *market.Transfer) {
	transfers := 0
	if t.Task != "" {
		transfers = p.key(p.transfers(t.Task))
	}
	doc := packTransfer(t)
	if t.Agent == "" {
		p.writeKeyless("transfer", 0, 0, transfers, 0, micros(t.At), string(t.Kind), doc)
		return
	}
	p.write("transfer", p.agent(t.Agent), p.key(p.ledger(t.Agent)), p.key(p.earnings(t.Agent)), transfers,
		t.Signed(), micros(t.At), string(t.Kind), doc)
}

func (p *program) writeRecord(c *market.Change) {
	r := c.Idempotency
	if r == nil {
		return
	}
	p.write("SET", p.record(r.IdempotencyID), encodeRecord(r))
	p.write("ZADD", p.records(), micros(r.ExpiresAt), recordName(r.IdempotencyID))
}
