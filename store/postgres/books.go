package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pinchwork/pinchwork/store"
)

// books sums up what a Change does to each account, so that the database
// touches each of them once, in ascending order.
type books struct {
	change   *store.Change
	accounts map[store.AgentID]*wireAccount
	loose    []wireEntry
	totals   wireTotals
}

// tally moves the numbers of an agent's tasks: posted … cancelled as poster,
// then as worker.
type tally [12]int

func (b *books) account(id store.AgentID) *wireAccount {
	a := b.accounts[id]
	if a == nil {
		a = &wireAccount{ID: id}
		if b.accounts == nil {
			b.accounts = make(map[store.AgentID]*wireAccount)
		}
		b.accounts[id] = a
	}
	return a
}

// keep writes the sums into the document.
func (b *books) keep(w *wireChange) error {
	b.standing()
	b.counters()
	for i := range b.change.Tasks {
		b.count(&b.change.Tasks[i])
	}
	if err := b.transfers(); err != nil {
		return err
	}
	b.events()
	for _, a := range b.accounts {
		if !a.idle() {
			w.Accounts = append(w.Accounts, a)
		}
	}
	slices.SortFunc(w.Accounts, func(x, y *wireAccount) int { return strings.Compare(string(x.ID), string(y.ID)) })
	w.Loose = b.loose
	if b.totals != (wireTotals{}) {
		w.Totals = &b.totals
	}
	return nil
}

// standing adds who must be active, and what changes in who may be.
func (b *books) standing() {
	for _, id := range b.change.Active {
		if id != store.Platform {
			b.account(id).Active = true
		}
	}
	for i := range b.change.Agents {
		old, next := b.change.Agents[i].Old, b.change.Agents[i].New
		if old == nil {
			b.totals.Agents++
			continue
		}
		if old.Suspended != next.Suspended {
			b.account(next.ID).Suspended = &next.Suspended
		}
		if hooked := next.WebhookURL != ""; hooked != (old.WebhookURL != "") {
			b.account(next.ID).Hooked = &hooked
		}
	}
	for i := range b.change.SystemPays {
		s := &b.change.SystemPays[i]
		b.account(s.Agent).SystemPay = &wireSystemPay{Was: pay(s.Old), Pay: pay(s.New)}
	}
	for i := range b.change.Strikes {
		s := &b.change.Strikes[i]
		b.account(s.Agent).Strikes = &wireStrikes{
			Was: s.Old.Count, WasUntil: instant(s.Old.BlockedUntil),
			Count: s.New.Count, Until: instant(s.New.BlockedUntil),
		}
	}
}

// pay is nil for nothing.
func pay(s store.SystemPay) *wirePay {
	if s.Pending == 0 && len(s.Paid) == 0 {
		return nil
	}
	w := &wirePay{Pending: s.Pending}
	for _, p := range s.Paid {
		w.Paid = append(w.Paid, wirePaid{instant(p.At), p.Credits, p.Fees})
	}
	return w
}

func (b *books) counters() {
	for i := range b.change.Accounts {
		d := &b.change.Accounts[i]
		a := b.account(d.Agent)
		a.Required = true
		a.Escrowed, a.OpenClaims, a.MaxOpenClaims = d.Escrowed, d.OpenClaims, d.MaxOpenClaims
		a.Posted, a.Completed, a.Rejected = d.Posted, d.Completed, d.Rejected
		a.RatingSum, a.RatingCount = d.RatingSum, d.RatingCount
		a.Earned, a.Fees, a.Charged, a.Spent = d.Earned, d.Fees, d.Charged, d.Spent
		a.Approvals, a.Rejections, a.FeesBrought = d.Approvals, d.Rejections, d.FeesBrought
		a.TextBytes, a.MaxTextBytes = d.TextBytes, d.MaxTextBytes
		b.totals.Escrowed += d.Escrowed
	}
	for i := range b.change.Tags {
		b.account(b.change.Tags[i].Agent).Required = true
	}
}

// count moves the numbers of tasks of the parties and of the marketplace.
func (b *books) count(t *store.TaskWrite) {
	if t.Old != nil {
		b.move(t.Old, -1)
	}
	b.move(t.New, 1)
}

func (b *books) move(t *store.Task, by int) {
	status := number(t.Status) - 1
	if t.Poster != store.Platform {
		b.tally(t.Poster, status, by)
	}
	if worker := t.Worker(); worker != "" {
		b.tally(worker, len(tally{})/2+status, by)
	}
	if t.System == nil {
		*b.totals.of(t.Status) += int64(by)
	}
}

func (b *books) tally(id store.AgentID, index, by int) {
	a := b.account(id)
	if a.Tally == nil {
		a.Tally = new(tally)
	}
	a.Tally[index] += by
}

// idle reports whether an account stays as it is, once a tally is left out that
// moves nothing: many changes of a task leave it where it was.
func (a *wireAccount) idle() bool {
	if a.Tally != nil && *a.Tally == (tally{}) {
		a.Tally = nil
	}
	return !a.Active && !a.Required && a.Suspended == nil && a.Hooked == nil &&
		a.Tally == nil && a.Strikes == nil && a.SystemPay == nil && a.Entry == nil && a.Events == nil
}

func (t *wireTotals) of(s store.Status) *int64 {
	switch s {
	case store.StatusPosted:
		return &t.Posted
	case store.StatusClaimed:
		return &t.Claimed
	case store.StatusDelivered:
		return &t.Delivered
	case store.StatusApproved:
		return &t.Approved
	case store.StatusExpired:
		return &t.Expired
	default:
		return &t.Cancelled
	}
}

func (b *books) transfers() error {
	for i := range b.change.Transfers {
		t := &b.change.Transfers[i]
		entry := wireEntry{
			ID: t.ID, Source: t.From, Target: t.To, Amount: t.Amount, Kind: t.Kind,
			Task: t.Task, Fee: t.Fee, Note: t.Note, About: t.About, At: instant(t.At),
		}
		if t.Agent == "" {
			b.loose = append(b.loose, entry)
			continue
		}
		a := b.account(t.Agent)
		if a.Entry != nil {
			return fmt.Errorf("postgres: a change has two transfers for agent %s", t.Agent)
		}
		a.Entry, a.Amount = &entry, t.Signed()
	}
	return nil
}

func (b *books) events() {
	for i := range b.change.Events {
		e := &b.change.Events[i]
		line := wireEvent{Type: e.Type, Task: e.Task, At: instant(e.At)}
		if !e.Data.IsZero() {
			line.Data = &e.Data
		}
		a := b.account(e.Agent)
		a.Events = append(a.Events, line)
	}
}
