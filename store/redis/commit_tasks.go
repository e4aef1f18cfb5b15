package redis

import (
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/market"
)

func (p *program) guardTasks(c *market.Change) {
	for _, ref := range c.Unchanged {
		p.guardVersion(ref.ID, ref.Version)
	}
	for _, w := range c.Tasks {
		if w.Old != nil {
			p.guardVersion(w.Old.ID, w.Old.Version)
			continue
		}
		p.fresh(market.Conflict{Guard: market.GuardDuplicate, Task: w.New.ID}, p.task(w.New.ID), "v")
	}
	for _, w := range c.Roles {
		p.guard(market.Conflict{Guard: market.GuardRole, Agent: w.Agent, Task: w.Task},
			"free", p.roles(w.Task), string(w.Agent), string(w.Role))
	}
	for _, r := range c.Results {
		p.fresh(market.Conflict{Guard: market.GuardDuplicate, Task: r.Task}, p.task(r.Task), resultField(r.No))
	}
}

func (p *program) guardVersion(id market.TaskID, version int64) {
	p.guard(market.Conflict{Guard: market.GuardTask, Task: id}, "is", p.task(id), "v", version)
}

func (p *program) writeTasks(c *market.Change) {
	for i := range c.Tasks {
		if w := &c.Tasks[i]; w.Old == nil {
			p.insertTask(w)
		} else {
			p.replaceTask(w.Old, w.New)
		}
	}
	for _, w := range c.Roles {
		p.write("HSET", p.roles(w.Task), string(w.Agent), string(w.Role))
	}
	for _, r := range c.Results {
		p.write("HSET", p.task(r.Task), resultField(r.No), r.Text)
	}
}

func (p *program) insertTask(w *market.TaskWrite) {
	key := p.task(w.New.ID)
	p.write("number", p.counters(), "task")
	p.write("numbered", key)
	p.writeDocument(w.New, "need", w.Text.Need, "context", w.Text.Context)
	p.write("znumber", p.tasks(), string(w.New.ID))
	for _, place := range p.places(w.New) {
		if place.bySeq {
			p.write("znumber", place.zset, string(w.New.ID))
		} else {
			p.write("ZADD", place.zset, place.score, string(w.New.ID))
		}
	}
	p.moveTotals(nil, w.New)
}

func (p *program) replaceTask(old, next *market.Task) {
	id := string(next.ID)
	p.writeDocument(next)
	before, after := p.places(old), p.places(next)
	for _, place := range before {
		if !stays(place.zset, after) {
			p.write("ZREM", place.zset, id)
		}
	}
	for _, place := range after {
		switch {
		case contains(before, place):
		case place.bySeq:
			p.write("ZADD", place.zset, old.Seq, id)
		default:
			p.write("ZADD", place.zset, place.score, id)
		}
	}
	p.moveTotals(old, next)
}

func (p *program) writeDocument(t *market.Task, more ...any) {
	p.write("HSET", p.task(t.ID), append([]any{
		"d", p.encoded(encodeTask(t)), "v", t.Version, "x", references(t),
	}, more...)...)
}

func resultField(no int) string { return "r" + strconv.Itoa(no) }

// references are what scripts know of a task without reading its document:
// poster, worker, subject, parent, number of the result, status, children.
func references(t *market.Task) string {
	words := make([]string, 0, 8)
	words = append(words, orDash(t.Poster), orDash(t.Worker()))
	if s := t.System; s != nil {
		words = append(words, orDash(s.Subject), orDash(s.Parent))
	} else {
		words = append(words, "-", "-")
	}
	words = append(words, strconv.Itoa(t.ResultNo()), orDash(t.Status))
	for _, child := range t.Children {
		words = append(words, string(child))
	}
	return strings.Join(words, " ")
}

func orDash[S ~string](s S) string {
	if s == "" {
		return "-"
	}
	return string(s)
}

// place is where a task stands in an index.
type place struct {
	zset string
	// score is set unless the task stands there by its number.
	score string
	bySeq bool
}

// places are all the indexes that a task in this state stands in. Nobody asks
// for the tasks of the platform as a party.
func (p *program) places(t *market.Task) []place {
	places := make([]place, 0, 7)
	if t.Status == market.StatusPosted {
		places = append(places, place{zset: p.open(), bySeq: true})
	}
	if t.Ending != nil {
		places = append(places, place{zset: p.ended(), score: micros(t.Ending.At)})
	}
	if !t.NextDue.IsZero() {
		places = append(places, place{zset: p.due(), score: micros(t.NextDue)})
	}
	places = p.partyPlaces(places, t, t.Poster, rolePoster)
	return p.partyPlaces(places, t, t.Worker(), roleWorker)
}

// The roles of a party in keys.
const (
	rolePoster = "p"
	roleWorker = "w"
)

func (p *program) partyPlaces(places []place, t *market.Task, id market.AgentID, role string) []place {
	if id == "" || id == market.Platform {
		return places
	}
	places = append(places, place{zset: p.partyTasks(id, role, t.Status), bySeq: true})
	if t.NextDue.IsZero() {
		return places
	}
	return append(places, place{zset: p.dueOf(id), score: micros(t.NextDue)})
}

func stays(zset string, places []place) bool {
	for _, place := range places {
		if place.zset == zset {
			return true
		}
	}
	return false
}

func contains(places []place, x place) bool {
	for _, place := range places {
		if place == x {
			return true
		}
	}
	return false
}

// moveTotals keeps what a dashboard shows; system tasks do not count.
func (p *program) moveTotals(old, next *market.Task) {
	if next.System != nil || old != nil && old.Status == next.Status {
		return
	}
	if old != nil {
		p.count(p.totals(), string(old.Status), -1)
	}
	p.count(p.totals(), string(next.Status), 1)
}
