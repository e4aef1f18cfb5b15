package redis

import (
	"strconv"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

func (p *program) guardTasks(c *store.Change) {
	for _, ref := range c.Unchanged {
		p.guardVersion(ref.ID, ref.Version)
	}
	for _, w := range c.Tasks {
		if w.Old != nil {
			p.guardVersion(w.Old.ID, w.Old.Version)
			continue
		}
		p.fresh(store.Conflict{Guard: store.GuardDuplicate, Task: w.New.ID}, p.task(w.New.ID), "v")
	}
	for _, w := range c.Roles {
		p.guard(store.Conflict{Guard: store.GuardRole, Agent: w.Agent, Task: w.Task},
			"free", p.roles(w.Task), string(w.Agent), string(w.Role))
	}
	for _, r := range c.Results {
		p.fresh(store.Conflict{Guard: store.GuardDuplicate, Task: r.Task}, p.task(r.Task), resultField(r.No))
	}
}

func (p *program) guardVersion(id store.TaskID, version int64) {
	p.guard(store.Conflict{Guard: store.GuardTask, Task: id}, "is", p.task(id), "v", version)
}

func (p *program) writeTasks(c *store.Change) {
	for i := range c.Tasks {
		if w := &c.Tasks[i]; w.Old == nil {
			p.insertTask(w)
		} else {
			p.replaceTask(w.Old, w.New)
		}
	}
	for _, w := range c.Roles {
		p.writeRole(w)
	}
	for _, r := range c.Results {
		p.write("HSET", p.task(r.Task), resultField(r.No), r.Text)
	}
}

func (p *program) writeRole(w store.RoleWrite) {
	key := p.roles(w.Task)
	if w.Lapse == nil {
		p.write("HSET", key, string(w.Agent), string(w.Role))
		p.write("HDEL", key, lapseField(w.Agent))
		return
	}
	p.write("HSET", key, string(w.Agent), string(w.Role), lapseField(w.Agent), packLapse(w.Lapse))
}

// lapseField stands beside the role of an agent; no id begins like it.
func lapseField(id store.AgentID) string { return "l:" + string(id) }

// dropTexts comes last: a Change drops nothing that it inserts.
func (p *program) dropTexts(c *store.Change) {
	for _, ref := range c.Drop {
		if ref.No > 0 {
			p.write("HDEL", p.task(ref.Task), resultField(ref.No))
			continue
		}
		p.write("drop", p.task(ref.Task), p.key(p.taskQuestions(ref.Task)), p.key(p.taskMessages(ref.Task)))
	}
}

func (p *program) insertTask(w *store.TaskWrite) {
	key := p.task(w.New.ID)
	p.write("number", p.counters(), "task")
	p.write("numbered", key)
	p.writeDocument(w.New, "need", w.Text.Need, "context", w.Text.Context)
	id := string(w.New.ID)
	p.write("znumber", p.tasks(), id)
	for _, place := range placesOf(w.New).list() {
		if place.bySeq() {
			p.write("znumber", p.zset(place), id)
		} else {
			p.write("ZADD", p.zset(place), micros(place.at), id)
		}
	}
	p.moveTotals(nil, w.New)
}

func (p *program) replaceTask(old, next *store.Task) {
	id := string(next.ID)
	p.writeDocument(next)
	before, after := placesOf(old), placesOf(next)
	for _, place := range before.list() {
		if !after.has(place, sameIndex) {
			p.write("ZREM", p.zset(place), id)
		}
	}
	for _, place := range after.list() {
		switch {
		case before.has(place, samePlace):
		case place.bySeq():
			p.write("ZADD", p.zset(place), old.Seq, id)
		default:
			p.write("ZADD", p.zset(place), micros(place.at), id)
		}
	}
	p.moveTotals(old, next)
}

func (p *program) writeDocument(t *store.Task, more ...any) {
	p.write("HSET", p.task(t.ID), append([]any{"d", packTask(t), "v", t.Version, "x", references(t)}, more...)...)
}

func resultField(no int) string { return "r" + strconv.Itoa(no) }

// references are what scripts know of a task without reading its document:
// poster, worker, subject, parent, number of the result, status, children.
func references(t *store.Task) string {
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

// moveTotals keeps what a dashboard shows; system tasks do not count.
func (p *program) moveTotals(old, next *store.Task) {
	if next.System != nil || old != nil && old.Status == next.Status {
		return
	}
	if old != nil {
		p.count(p.totals(), string(old.Status), -1)
	}
	p.count(p.totals(), string(next.Status), 1)
}
