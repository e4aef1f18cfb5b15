package directory

import (
	"cmp"

	"github.com/pinchwork/pinchwork/market/internal/keyword"
	"github.com/pinchwork/pinchwork/market/internal/text"
)

// Put adds the agent or replaces what was known about it. New ratings and
// completed tasks cost next to nothing; a change of name, skills, tags or
// suspension indexes the agent again.
func (d *Directory) Put(a Agent) {
	fresh := &record{Agent: a}
	d.mu.Lock()
	defer d.mu.Unlock()
	old := d.agents[a.ID]
	d.setInfra(&a)
	switch {
	case old == nil:
		d.index(fresh)
	case !old.same(&a):
		d.unindex(old)
		d.index(fresh)
	default:
		d.refresh(old, a)
		return
	}
	d.agents[a.ID] = fresh
}

func (d *Directory) setInfra(a *Agent) {
	if a.Infra && !a.Suspended {
		d.infra[a.ID] = struct{}{}
	} else {
		delete(d.infra, a.ID)
	}
}

// refresh replaces what is not indexed by tag or word.
func (d *Directory) refresh(r *record, a Agent) {
	if r.Suspended || r.Reputation == a.Reputation && r.Completed == a.Completed {
		r.Agent = a
		return
	}
	d.unsort(r)
	r.Agent = a
	d.sort(r)
}

func (d *Directory) index(r *record) {
	if r.Suspended {
		return
	}
	r.slot = d.texts.Add(text.NewDocument(r.GoodAt, r.Name))
	for int(r.slot) >= len(d.slots) {
		d.slots, d.reputations = append(d.slots, nil), append(d.reputations, 0)
	}
	d.slots[r.slot] = r
	tags := make([]string, len(r.Tags))
	var parts []string
	for i, t := range r.Tags {
		tags[i] = text.FoldTag(t)
		parts = append(parts, keyword.OfTag(t)...)
	}
	r.tags = d.tags.add(r.slot, len(d.slots), tags)
	r.parts = d.parts.add(r.slot, len(d.slots), parts)
	r.words = d.words.add(r.slot, len(d.slots), keyword.Of(r.GoodAt))
	d.sort(r)
}

func (d *Directory) unindex(r *record) {
	if r.Suspended {
		return
	}
	d.unsort(r)
	d.tags.remove(r.slot, r.tags)
	d.parts.remove(r.slot, r.parts)
	d.words.remove(r.slot, r.words)
	d.slots[r.slot] = nil
	d.texts.Remove(r.slot)
}

func (d *Directory) sort(r *record) {
	d.reputations[r.slot] = r.Reputation
	d.byReputation.Set(r)
	d.byCompleted.Set(r)
	d.byCreated.Set(r)
}

func (d *Directory) unsort(r *record) {
	d.byReputation.Delete(r)
	d.byCompleted.Delete(r)
	d.byCreated.Delete(r)
}

func moreReputation(a, b *record) bool {
	return cmp.Or(cmp.Compare(b.Reputation, a.Reputation), cmp.Compare(b.Completed, a.Completed), cmp.Compare(a.ID, b.ID)) < 0
}

func moreCompleted(a, b *record) bool {
	return cmp.Or(cmp.Compare(b.Completed, a.Completed), cmp.Compare(b.Reputation, a.Reputation), cmp.Compare(a.ID, b.ID)) < 0
}

func laterCreated(a, b *record) bool {
	return cmp.Or(cmp.Compare(b.Created, a.Created), cmp.Compare(a.ID, b.ID)) < 0
}
