package postgres

import (
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// postings are the arguments of commit_posts, in columns.
type postings struct {
	at                             []time.Time
	due                            []*time.Time
	version, amount                []int64
	bytes, maxBytes                []int64
	task, doc, need, context, feed []string
	poster, entry, source, target  []string
	event, accounts, facts         []string
	pays, firsts, counts, told     []int32
}

// together puts postings in columns, and what they do to accounts in ascending
// order.
func together(group []*posting) (*postings, error) {
	c := new(postings)
	paid, told := map[store.AgentID][]int{}, map[store.AgentID][]int{}
	var ids []store.AgentID
	for i, p := range group {
		c.add(p)
		for _, a := range p.change.Accounts {
			ids = append(ids, a.ID)
			if a == p.payer {
				paid[a.ID] = append(paid[a.ID], i)
			} else {
				told[a.ID] = append(told[a.ID], i)
			}
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		for _, i := range paid[id] {
			c.account(id, i+1, 0)
		}
		if n := len(told[id]); n > 0 {
			c.account(id, 0, n)
		}
		for _, i := range told[id] {
			if err := c.tell(group[i], i, id); err != nil {
				return nil, err
			}
		}
	}
	return c, nil
}

func (c *postings) add(p *posting) {
	entry := p.payer.Entry
	c.at, c.due = append(c.at, time.Time(p.change.At)), append(c.due, p.due())
	c.task, c.version = append(c.task, string(p.task.ID)), append(c.version, p.task.Next)
	c.doc, c.feed = append(c.doc, p.doc), append(c.feed, p.items)
	c.need, c.context = append(c.need, p.need), append(c.context, p.context)
	c.poster, c.amount = append(c.poster, string(p.task.Poster)), append(c.amount, entry.Amount)
	c.bytes, c.maxBytes = append(c.bytes, p.payer.TextBytes), append(c.maxBytes, p.payer.MaxTextBytes)
	c.entry, c.event = append(c.entry, string(entry.ID)), append(c.event, p.event())
	c.source, c.target = append(c.source, string(entry.Source)), append(c.target, string(entry.Target))
}

func (c *postings) account(id store.AgentID, pays, news int) {
	c.accounts = append(c.accounts, string(id))
	c.pays = append(c.pays, int32(pays))
	c.firsts = append(c.firsts, int32(len(c.told)+1))
	c.counts = append(c.counts, int32(news))
}

// tell adds that the agent is told of posting number i, counted from 0.
func (c *postings) tell(p *posting, i int, id store.AgentID) error {
	fact, err := p.fact(id)
	c.told, c.facts = append(c.told, int32(i+1)), append(c.facts, fact)
	return err
}

// args are in the order of the function's parameters.
func (c *postings) args() []any {
	return []any{
		c.at, allStorable(c.task), c.version, c.doc, c.due, c.need, c.context, c.feed, allStorable(c.poster), c.amount,
		c.bytes, c.maxBytes, allStorable(c.entry), allStorable(c.source), allStorable(c.target), c.event,
		allStorable(c.accounts), c.pays, c.firsts, c.counts, c.told, c.facts,
	}
}
