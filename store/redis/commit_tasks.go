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
		p.set(p.task(r.Task), resultField(r.No), r.Text)
	}
}

func (p *program) writeRole(w store.RoleWrite) {
	key := p.roles(w.Task)
	p.set(key, string(w.Agent), string(w.Role))
	if w.Lapse != nil {
		p.set(key, lapseField(w.Agent), packLapse(w.Lapse))
		return
	}
	p.step("clear", key, lapseField(w.Agent))
	p.with(p.read(key, lapseField(w.Agent)))
}

// lapseField holds the lapse beside an agent's role. No id begins with its
// prefix.
func lapseField(id store.AgentID) string { return "l:" + string(id) }

// dropTexts comes last: a Change drops nothing that it inserts.
func (p *program) dropTexts(c *store.Change) {
	for _, ref := range c.Drop {
		if ref.No > 0 {
			p.step("HDEL", p.task(ref.Task), resultField(ref.No))
			continue
		}
		p.step("drop", p.task(ref.Task))
		p.with(p.key(p.taskQuestions(ref.Task)), p.key(p.taskMessages(ref.Task)))
	}
}

func (p *program) insertTask(w *store.TaskWrite) {
	p.told.tasks++
	p.step("insert", p.task(w.New.ID), "task", "d", packTask(w.New), "v", w.New.Version, "x", references(w.New),
		"need", w.Text.Need, "context", w.Text.Context)
	p.stepOn(0, "place", string(w.New.ID), "")
	p.with(0, 1, p.key(p.tasks()))
	p.move(&places{}, placesOf(w.New), string(w.New.ID), "")
	p.moveTotals(nil, w.New)
}

func (p *program) replaceTask(old, next *store.Task) {
	p.set(p.task(next.ID), "d", packTask(next), "v", next.Version, "x", references(next))
	p.move(placesOf(old), placesOf(next), string(next.ID), old.Seq)
	p.moveTotals(old, next)
}

// move moves a task from its old places in the indexes to its new ones; seq is
// its number, "" for one that the script assigns.
func (p *program) move(before, after *places, id string, seq any) {
	p.stepOn(0, "place", id)
	from := len(p.steps.numbers)
	p.with(0)
	for _, place := range before.list() {
		if !after.has(place, sameIndex) {
			p.with(p.key(p.zset(place)))
		}
	}
	to := len(p.steps.numbers)
	p.with(0)
	for _, place := range after.list() {
		if !before.has(place, samePlace) {
			p.with(p.key(p.zset(place)))
			p.steps.words = append(p.steps.words, place.score(seq))
		}
	}
	entered := len(p.steps.numbers) - to - 1
	p.steps.numbers[from-1], p.steps.numbers[from], p.steps.numbers[to] = 1+entered, to-from-1, entered
}

func resultField(no int) string { return "r" + strconv.Itoa(no) }

// references are what scripts know about a task without unpacking its document:
// poster, worker, subject, parent, number of the result, status, how it is
// counted in the totals, children.
func references(t *store.Task) string {
	words := make([]string, 0, 8)
	words = append(words, orDash(t.Poster), orDash(t.Worker()))
	if s := t.System; s != nil {
		words = append(words, orDash(s.Subject), orDash(s.Parent))
	} else {
		words = append(words, "-", "-")
	}
	words = append(words, strconv.Itoa(t.ResultNo()), orDash(t.Status), counting(t))
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

// moveTotals updates the counters that Totals returns.
func (p *program) moveTotals(old, next *store.Task) {
	from, to := "", totalOf(next)
	if old != nil {
		from = totalOf(old)
	}
	if from == to {
		return
	}
	if from != "" {
		p.step("HINCRBY", p.totals(), from, -1)
	}
	if to != "" {
		p.step("HINCRBY", p.totals(), to, 1)
	}
}

// sealedTotal begins the fields of the totals that count sealed tasks; prune_tasks.lua
// has it too.
const sealedTotal = "sealed:"

// totalOf is the field of the totals that counts a task, "" for none.
func totalOf(t *store.Task) string {
	switch {
	case t.Counted():
		return string(t.Status)
	case t.Sealed():
		return sealedTotal + string(t.Status)
	}
	return ""
}

// counting is how the totals count a task: 1 as one of everybody's, 2 as a sealed one, 0
// not at all.
func counting(t *store.Task) string {
	switch {
	case t.Counted():
		return "1"
	case t.Sealed():
		return "2"
	}
	return "0"
}
