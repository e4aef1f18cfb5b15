package postgres

import (
	"sync"

	"github.com/pinchwork/pinchwork/store"
)

// maxTogether bounds how many postings travel together, and with it how long
// the first of them waits for the last.
const maxTogether = 32

// postQueue keeps postings of this process from waiting in the database for each
// other: one that would wait for an account waits here, and those that waited
// travel together. Others go at once.
type postQueue struct {
	mu sync.Mutex
	// running and wanted count, for each account, the postings under way and
	// those that wait.
	running, wanted map[store.AgentID]int
	waiting         []*queued
}

// queued is a posting with the place where its caller waits.
type queued struct {
	*posting
	// turn gets one answer.
	turn chan turn
	// leads says that the caller has to commit a group.
	leads bool
}

// turn is what becomes of a posting that has waited.
type turn struct {
	// group is what its caller has to commit, itself included.
	group []*queued
	// alone: its caller has to commit it on its own.
	alone bool
	done  store.Committed
	err   error
}

func newPostQueue() *postQueue {
	return &postQueue{running: map[store.AgentID]int{}, wanted: map[store.AgentID]int{}}
}

// enter reports whether a posting may go at once; else it waits for its turn.
// Who goes must call leave.
func (q *postQueue) enter(p *queued) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if touches(q.running, p) || touches(q.wanted, p) {
		q.waiting = append(q.waiting, p)
		add(q.wanted, p, 1)
		return false
	}
	add(q.running, p, 1)
	return true
}

// leave lets those go who waited for the postings.
func (q *postQueue) leave(group ...*queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range group {
		add(q.running, p, -1)
	}
	q.next()
}

// next starts a group of all that wait for nobody under way.
func (q *postQueue) next() {
	var group, rest []*queued
	for _, p := range q.waiting {
		if len(group) == maxTogether || touches(q.running, p) {
			rest = append(rest, p)
		} else {
			group = append(group, p)
		}
	}
	if len(group) == 0 {
		return
	}
	q.waiting = rest
	for _, p := range group {
		add(q.wanted, p, -1)
		add(q.running, p, 1)
	}
	group[0].leads = true
	group[0].turn <- turn{group: group}
}

// giveUp takes a posting out of the queue whose caller does not want to wait any
// longer. It reports false when its turn has come to lead others.
func (q *postQueue) giveUp(p *queued) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, other := range q.waiting {
		if other == p {
			q.waiting = append(q.waiting[:i:i], q.waiting[i+1:]...)
			add(q.wanted, p, -1)
			return true
		}
	}
	return !p.leads
}

func touches(set map[store.AgentID]int, p *queued) bool {
	for _, a := range p.change.Accounts {
		if set[a.ID] > 0 {
			return true
		}
	}
	return false
}

func add(set map[store.AgentID]int, p *queued, n int) {
	for _, a := range p.change.Accounts {
		if set[a.ID] += n; set[a.ID] == 0 {
			delete(set, a.ID)
		}
	}
}
