package board

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// plainLack looks at every task.
func (p *pair) plainLack(q Query) (l Lack) {
	filtered := len(q.Tags) > 0 || q.Search != ""
	q.Tags, q.Search = nil, ""
	system := false
	for _, o := range p.model.rank(q) {
		if p.model.tasks[o.ID].System {
			system = true
		} else {
			l.Tasks++
		}
	}
	if l.Tasks > 0 || system {
		if filtered {
			l.Hindrance, l.Tasks = Filtered, max(l.Tasks, 1)
			return l
		}
		return Lack{}
	}
	found := map[Hindrance]bool{}
	var first time.Time
	for _, t := range p.model.tasks {
		opens, matched := t.HeadStart, len(t.Matched) > 0
		if len(t.Direct) > 0 {
			opens, matched = t.OpensAt, true
		}
		kept := matched && (opens.IsZero() && len(t.Direct) > 0 || q.Now.Before(opens))
		if t.System || !t.ClosesAt.IsZero() && !q.Now.Before(t.ClosesAt) || kept && len(t.Direct) > 0 {
			continue
		}
		conflict := slices.Contains(t.Infra, q.Agent) || slices.Contains(t.Excluded, q.Agent)
		switch {
		case t.Poster == q.Agent:
			found[Own] = true
		case p.model.susp[t.Poster]:
			found[PosterSuspended] = found[PosterSuspended] || !kept
		case conflict:
			found[Conflict] = found[Conflict] || !kept
		case kept:
			if !found[HeadStart] || opens.Before(first) {
				first = opens
			}
			found[HeadStart] = true
		}
	}
	for _, h := range []Hindrance{HeadStart, Own, Conflict, PosterSuspended, Unknown} {
		if found[h] || h == Unknown {
			l.Hindrance = h
			break
		}
	}
	if l.Hindrance == HeadStart {
		l.Until = first
	}
	return l
}

func (p *pair) lack(t *rapid.T) {
	q := p.query(t)
	got, want := p.board.Lack(q, 1_000), p.plainLack(q)
	q.Why = 1_000
	if r := p.board.Reserve(q, 1); len(r.Offers) > 0 {
		r.Release()
	} else if r.Busy == nil && r.Lack != got {
		t.Fatalf("%+v reserves nothing because of %+v, want %+v", q, r.Lack, got)
	}
	if got.Hindrance != want.Hindrance || got.Tasks != want.Tasks || got.More || !got.Until.Equal(want.Until) {
		t.Fatalf("%+v lacks %+v, want %+v", q, got, want)
	}
	if offers, _, _ := p.board.Page(q, 0, 1, 0); len(offers) > 0 && got.Hindrance > Unknown && got.Hindrance != Filtered {
		t.Fatalf("%+v is offered %v in spite of %+v", q, offers, got)
	}
}

func TestWhyNothingIsOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &pair{board: New[string](), model: newModel[string](), now: epoch}
		steps := []func(*rapid.T){p.put, p.remove, p.remove, p.exclude, p.setPoster, p.pass, p.lack, p.lack}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			rapid.SampledFrom(steps).Draw(t, "step")(t)
		}
		p.lack(t)
	})
}

// However many tasks are in the way, few are looked at.
func TestLackLooksAtFewTasks(t *testing.T) {
	b := New[string]()
	for i := range 3 * lookLack {
		b.Put(Task[string]{ID: string(rune('a' + i)), Version: 1, Seq: int64(i), Poster: "ag-1", Matched: []string{"ag-2"}, HeadStart: epoch.Add(time.Hour), Infra: []string{"ag-3"}})
	}
	b.Put(Task[string]{ID: "last", Version: 1, Seq: 1_000, Poster: "ag-1", Matched: []string{"ag-2"}, HeadStart: epoch.Add(2 * time.Hour)})
	if l := b.Lack(Query{Agent: "ag-3", Now: epoch}, 10); l.Hindrance != Unknown {
		t.Errorf("%+v", l)
	}
	if l := b.Lack(Query{Agent: "ag-4", Now: epoch}, 10); l.Hindrance != HeadStart || !l.Until.Equal(epoch.Add(time.Hour)) {
		t.Errorf("%+v", l)
	}
	if l := b.Lack(Query{Agent: "ag-4", Now: epoch.Add(time.Hour), Tags: []string{"go"}}, 10); l.Hindrance != Filtered || l.Tasks != 10 || !l.More {
		t.Errorf("%+v", l)
	}
}
