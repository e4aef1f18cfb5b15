package sqlite

import (
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// account is the row of one agent, or of one whom only tasks name.
type account struct {
	id store.AgentID
	// known says that there is such an agent; the next two are as in its profile.
	known, suspended, hooked bool
	store.Account
	tally tally
	// moved says that the row is to be written.
	moved bool
}

// tally are the numbers of an agent's tasks by status, in the order of
// store.Statuses: first as poster, then as worker.
type tally [12]int64

const (
	counterColumns = `balance, escrowed, open_claims, posted, completed, rating_sum, rating_count, earned, fees,
		charged, spent, rejected, approvals, rejections, fees_brought, text_bytes, event_seq, ledger_seq`
	accountColumns = "known, suspended, hooked, " + counterColumns +
		", strikes, blocked_until, p1, p2, p3, p4, p5, p6, w1, w2, w3, w4, w5, w6"
	selectAccount = "select " + accountColumns + " from pinchwork_account where id = ?"
)

// replaceAccount has an argument for the id and one for each column.
var replaceAccount = "replace into pinchwork_account (id, " + accountColumns + ") values (?" +
	strings.Repeat(", ?", strings.Count(accountColumns, ",")+1) + ")"

// counters are the fields of an account that are mere numbers, as in counterColumns.
func counters(a *store.Account) [18]*int64 {
	return [...]*int64{
		&a.Balance, &a.Escrowed, &a.OpenClaims, &a.Posted, &a.Completed, &a.RatingSum, &a.RatingCount, &a.Earned, &a.Fees,
		&a.Charged, &a.Spent, &a.Rejected, &a.Approvals, &a.Rejections, &a.FeesBrought, &a.TextBytes, &a.EventSeq, &a.LedgerSeq,
	}
}

// readCounters reads counterColumns, strikes and blocked_until from a column on, and
// returns the one after them.
func readCounters(r row, column int, a *store.Account) int {
	for _, n := range counters(a) {
		*n = r.ColumnInt64(column)
		column++
	}
	a.Strikes = store.Strikes{Count: r.ColumnInt(column), BlockedUntil: instant(r, column+1)}
	return column + 2
}

func (a *account) read(r row) error {
	a.known, a.suspended, a.hooked = r.ColumnBool(0), r.ColumnBool(1), r.ColumnBool(2)
	column := readCounters(r, 3, &a.Account)
	for i := range a.tally {
		a.tally[i] = r.ColumnInt64(column + i)
	}
	return nil
}

func (a *account) write(c *conn) error {
	args := append(make([]any, 0, 36), string(a.id), a.known, a.suspended, a.hooked)
	for _, n := range counters(&a.Account) {
		args = append(args, *n)
	}
	args = append(args, a.Strikes.Count, a.Strikes.BlockedUntil)
	for _, n := range a.tally {
		args = append(args, n)
	}
	return c.run(replaceAccount, args...)
}

// move adds to the counters.
func (a *account) move(d *store.AccountDelta) {
	a.moved = true
	a.Escrowed += d.Escrowed
	a.OpenClaims += d.OpenClaims
	a.Posted += d.Posted
	a.Completed += d.Completed
	a.RatingSum += d.RatingSum
	a.RatingCount += d.RatingCount
	a.Earned += d.Earned
	a.Fees += d.Fees
	a.Charged += d.Charged
	a.Spent += d.Spent
	a.Rejected += d.Rejected
	a.Approvals += d.Approvals
	a.Rejections += d.Rejections
	a.FeesBrought += d.FeesBrought
	a.TextBytes += d.TextBytes
}

// sum counts the tasks in a role and a status; none of either is all.
func (t *tally) sum(role store.PartyRole, status store.Status) (n int64) {
	for i, s := range store.Statuses() {
		if status != "" && s != status {
			continue
		}
		if role != store.PartyWorker {
			n += t[i]
		}
		if role != store.PartyPoster {
			n += t[len(t)/2+i]
		}
	}
	return n
}

// number is how the file numbers a status.
func number(status store.Status) int {
	for i, s := range store.Statuses() {
		if s == status {
			return i + 1
		}
	}
	return 0
}
