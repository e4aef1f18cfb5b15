package board

import (
	"cmp"
	"slices"
)

// noAgent is the number of an agent about which the board knows nothing.
const noAgent = ^uint32(0)

// agent is what the board knows about an agent, as poster and as worker.
type agent struct {
	id string
	// uses counts what refers to the agent's number.
	uses int
	// tasks are its tasks that are offered to everybody, oldest first.
	tasks queue
	// head is the first of them, as the orders of posters list it.
	head   entry
	listed bool
	// matched are the tasks for which it is matched (its phase 1), best first;
	// held counts those that are not everybody's yet.
	matched queue
	held    int
	// kept are its tasks that everybody may know of and only matched agents are offered,
	// in no order. Each knows its place.
	kept []uint32
	// conflicts are tasks that it is never offered.
	conflicts slotSet
}

// standing is what others see of a poster.
type standing struct {
	reputation float64
	suspended  bool
}

// group holds the posters of one reputation, by their oldest task.
type group struct {
	reputation float64
	heads      queue
}

// agents numbers the agents that the board knows, and keeps the posters in
// order. Reputations change without touching a single task.
type agents struct {
	numbers map[string]uint32
	list    []*agent
	// standings are kept beside list, so that many can be read fast.
	standings []standing
	unused    []uint32
	// heads are the unsuspended posters by their oldest task; groups the same,
	// highest reputation first.
	heads  queue
	groups []*group
}

func newAgents() agents { return agents{numbers: map[string]uint32{}} }

// number returns the agent's number, or noAgent.
func (a *agents) number(id string) uint32 {
	if n, ok := a.numbers[id]; ok {
		return n
	}
	return noAgent
}

// use returns the agent's number, a new one when it had none, and counts the
// use.
func (a *agents) use(id string) uint32 {
	n, ok := a.numbers[id]
	if !ok {
		n = a.newNumber()
		a.list[n] = &agent{id: id}
		a.standings[n] = standing{}
		a.numbers[id] = n
	}
	a.list[n].uses++
	return n
}

func (a *agents) newNumber() uint32 {
	if k := len(a.unused); k > 0 {
		n := a.unused[k-1]
		a.unused = a.unused[:k-1]
		return n
	}
	a.list, a.standings = append(a.list, nil), append(a.standings, standing{})
	return uint32(len(a.list) - 1)
}

// drop ends a use; an agent without uses and without standing is forgotten.
func (a *agents) drop(n uint32) {
	ag := a.list[n]
	if ag.uses--; ag.uses == 0 && a.standings[n] == (standing{}) {
		delete(a.numbers, ag.id)
		a.list[n] = nil
		a.unused = append(a.unused, n)
	}
}

// stand changes the standing of a poster.
func (a *agents) stand(id string, s standing) {
	n := a.use(id)
	a.unlist(n)
	a.standings[n] = s
	a.relist(n)
	a.drop(n)
}

// relist updates a poster's place in the orders after its tasks changed.
func (a *agents) relist(n uint32) {
	ag := a.list[n]
	first, ok := ag.tasks.first()
	head := entry{at: first.at, seq: first.seq, ref: n}
	if ok && ag.listed && head == ag.head {
		return
	}
	a.unlist(n)
	if !ok || a.standings[n].suspended {
		return
	}
	ag.head, ag.listed = head, true
	a.heads.insert(head)
	a.group(a.standings[n].reputation).heads.insert(head)
}

func (a *agents) unlist(n uint32) {
	ag := a.list[n]
	if !ag.listed {
		return
	}
	ag.listed = false
	a.heads.remove(ag.head)
	i, _ := a.findGroup(a.standings[n].reputation)
	if a.groups[i].heads.remove(ag.head); a.groups[i].heads.len == 0 {
		a.groups = slices.Delete(a.groups, i, i+1)
	}
}

func (a *agents) group(reputation float64) *group {
	i, ok := a.findGroup(reputation)
	if !ok {
		a.groups = slices.Insert(a.groups, i, &group{reputation: reputation})
	}
	return a.groups[i]
}

func (a *agents) findGroup(reputation float64) (int, bool) {
	return slices.BinarySearchFunc(a.groups, reputation, func(g *group, r float64) int {
		return cmp.Compare(r, g.reputation)
	})
}
