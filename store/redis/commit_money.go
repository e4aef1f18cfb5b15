package redis

import "github.com/pinchwork/pinchwork/store"

func (p *program) guardMoney(c *store.Change) {
	for i := range c.Transfers {
		t := &c.Transfers[i]
		p.guardBalance(c, i)
		if t.OnceOfTask() {
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
	for r := range c.EachRecord {
		p.guardKey(store.Conflict{Guard: store.GuardIdempotency, Agent: r.Caller},
			"lapsed", p.record(r.IdempotencyID), micros(c.At))
	}
}

// guardBalance guards what is left of a balance after transfer number i and those
// before it.
func (p *program) guardBalance(c *store.Change, i int) {
	t := &c.Transfers[i]
	conflict := store.Conflict{Guard: store.GuardBalance, Agent: t.Agent, Task: t.Task}
	switch {
	case t.Agent == "":
	case t.Signed() < 0:
		before, _ := moved(c.Transfers[:i], t.Agent)
		p.guard(conflict, "least", p.agent(t.Agent), "bal", t.Amount-before)
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
		p.writeTransfer(&c.Transfers[i], c.Transfers[i+1:])
	}
}

// moved is what transfers add to an agent's balance, and how many of them there are.
func moved(transfers []store.Transfer, id store.AgentID) (sum int64, n int) {
	for i := range transfers {
		if t := &transfers[i]; t.Agent == id {
			sum, n = sum+t.Signed(), n+1
		}
	}
	return sum, n
}

// movement names a transfer among those about its task: by its kind, of which there is one,
// or by its own id too.
func movement(t *store.Transfer) string {
	if t.Kind.Repeats() {
		return string(t.Kind) + " " + string(t.ID)
	}
	return string(t.Kind)
}

// writeTransfer adds a transfer, to whose entry the account is as it was before the
// later ones.
func (p *program) writeTransfer(t *store.Transfer, later []store.Transfer) {
	transfers := 0
	if t.Task != "" {
		transfers = p.key(p.transfers(t.Task))
	}
	doc := packTransfer(t)
	if t.OfPlatform() {
		p.step("HINCRBY", p.totals(), string(t.Kind), t.Amount)
	}
	if t.Agent == "" {
		p.stepOn(transfers, "transfer", movement(t), doc)
		return
	}
	agent := p.agent(t.Agent)
	p.count(agent, "le", 1)
	p.count(agent, "bal", t.Signed())
	if sum, n := moved(later, t.Agent); n == 0 {
		p.stepOn(transfers, "transfer", movement(t), doc, micros(t.At))
	} else {
		p.stepOn(transfers, "transfer", movement(t), doc, micros(t.At), n, sum)
	}
	p.with(p.key(p.ledger(t.Agent)), p.key(p.earnings(t.Agent)))
	for _, field := range []string{"le", "bal", "earn"} {
		p.with(p.read(agent, field))
	}
}

func (p *program) writeRecord(c *store.Change) {
	for r := range c.EachRecord {
		p.step("SET", p.record(r.IdempotencyID), encodeRecord(r))
		p.step("ZADD", p.records(), micros(r.ExpiresAt), recordName(r.IdempotencyID))
	}
}
