package sqlite

import (
	"github.com/pinchwork/pinchwork/store"
)

// writing is a transaction that writes. Accounts, which most changes move, are read
// once and written once, whoever travels together.
type writing struct {
	*conn
	accounts map[store.AgentID]*account
	// order is that in which accounts were first asked for.
	order  []*account
	totals totals
}

func newWriting(c *conn) *writing {
	return &writing{conn: c, accounts: make(map[store.AgentID]*account)}
}

// totals are moved by status, in the order of store.Statuses; then the credits in
// escrow, the number of agents, what the platform's account took part in, in the order of
// store.PlatformKinds, and the sealed tasks by status.
type totals [19]int64

const (
	ofEscrow   = 6
	ofAgents   = 7
	ofPlatform = 8
	ofSealed   = 13
)

// account returns the account of an id, an empty one when there is none.
func (w *writing) account(id store.AgentID) (*account, error) {
	if a := w.accounts[id]; a != nil {
		return a, nil
	}
	a := &account{id: id}
	if _, err := w.one(selectAccount, a.read, string(id)); err != nil {
		return nil, err
	}
	w.accounts[id] = a
	w.order = append(w.order, a)
	return a, nil
}

const moveTotals = `update pinchwork_total set s1 = s1 + ?, s2 = s2 + ?, s3 = s3 + ?, s4 = s4 + ?, s5 = s5 + ?, s6 = s6 + ?,
	escrowed = escrowed + ?, agents = agents + ?, registered = registered + ?, granted = granted + ?, clawed_back = clawed_back + ?,
	fees = fees + ?, system_pay = system_pay + ?,
	h1 = h1 + ?, h2 = h2 + ?, h3 = h3 + ?, h4 = h4 + ?, h5 = h5 + ?, h6 = h6 + ?`

// flush writes what was gathered.
func (w *writing) flush() error {
	for _, a := range w.order {
		if !a.moved {
			continue
		}
		if err := a.write(w.conn); err != nil {
			return err
		}
		a.moved = false
	}
	if w.totals == (totals{}) {
		return nil
	}
	args := make([]any, len(w.totals))
	for i, n := range w.totals {
		args[i] = n
	}
	w.totals = totals{}
	return w.run(moveTotals, args...)
}

// count moves the numbers of tasks of its parties and of the marketplace.
func (w *writing) count(t *store.Task, by int64) error {
	if t == nil {
		return nil
	}
	status := number(t.Status) - 1
	switch {
	case t.Counted():
		w.totals[status] += by
	case t.Sealed():
		w.totals[ofSealed+status] += by
	}
	if t.Poster != store.Platform {
		if err := w.tallied(t.Poster, status, by); err != nil {
			return err
		}
	}
	if worker := t.Worker(); worker != "" {
		return w.tallied(worker, len(tally{})/2+status, by)
	}
	return nil
}

func (w *writing) tallied(id store.AgentID, place int, by int64) error {
	a, err := w.account(id)
	if err != nil {
		return err
	}
	a.tally[place] += by
	a.moved = true
	return nil
}
