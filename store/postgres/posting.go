package postgres

import (
	"reflect"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// posting is a change that posts one task and does nothing else than what goes
// with it. It is the most frequent one to write to hot accounts, so it has a
// statement of its own.
type posting struct {
	change *wireChange
	task   *wireTask
	payer  *wireAccount
	told   *wireEvent
	// need and context are the task's texts, doc and items the task and the feed
	// in JSON.
	need, context, doc, items string
}

// postingOf returns nil when the change is not a plain posting.
func postingOf(w *wireChange, e *encoder) (*posting, error) {
	if len(w.Tasks) != 1 || w.Totals == nil {
		return nil, nil
	}
	p := &posting{change: w, task: &w.Tasks[0]}
	if !p.onlyPosts() || !p.opens() || !p.sortAccounts() || p.payer == nil || !p.escrows() {
		return nil, nil
	}
	p.need, p.context = e.at(p.task.Need), e.at(p.task.Context)
	return p, p.encode()
}

// onlyPosts reports whether the change has no other parts.
func (p *posting) onlyPosts() bool {
	rest := *p.change
	rest.At, rest.Tasks, rest.Accounts, rest.Totals, rest.Feed = instant{}, nil, nil, nil, nil
	return reflect.ValueOf(rest).IsZero()
}

// opens reports whether the task is a new one that is open.
func (p *posting) opens() bool {
	return p.task.Version == 0 && p.task.Status == number(store.StatusPosted) &&
		p.task.Worker == "" && p.task.Ended.IsZero()
}

// sortAccounts finds the payer, and reports whether all others are only told
// about the task, in the same way but for the data.
func (p *posting) sortAccounts() bool {
	for _, a := range p.change.Accounts {
		switch {
		case a.ID == p.task.Poster:
			p.payer = a
		case !p.tells(a):
			return false
		}
	}
	return true
}

func (p *posting) tells(a *wireAccount) bool {
	if len(a.Events) != 1 {
		return false
	}
	rest := *a
	rest.ID, rest.Events = "", nil
	e := &a.Events[0]
	if p.told == nil {
		p.told = e
	}
	return reflect.ValueOf(rest).IsZero() && e.Type == p.told.Type && e.Task == p.task.ID && e.At.equal(p.change.At)
}

// escrows reports whether the payer puts the budget into escrow, and the totals
// say the same.
func (p *posting) escrows() bool {
	a, e := *p.payer, p.payer.Entry
	if e == nil || !a.Active || e.Amount <= 0 || a.Tally == nil || *a.Tally != (tally{1}) || !e.At.equal(p.change.At) {
		return false
	}
	if *p.change.Totals != (wireTotals{Posted: 1, Escrowed: e.Amount}) {
		return false
	}
	if a.Amount != -e.Amount || a.Escrowed != e.Amount || a.Posted != 1 {
		return false
	}
	a.ID, a.Active, a.Required, a.Amount, a.Escrowed, a.Posted, a.Tally, a.Entry = "", false, false, 0, 0, 0, nil, nil
	a.TextBytes, a.MaxTextBytes = 0, 0
	plain := wireEntry{
		ID: e.ID, Source: e.Source, Target: e.Target, Amount: e.Amount, Kind: store.EntryEscrow, Task: p.task.ID, At: e.At,
	}
	return reflect.ValueOf(a).IsZero() && *e == plain
}

func (p *posting) encode() (err error) {
	if p.doc, err = inJSON(p.task.Doc); err != nil || len(p.change.Feed) == 0 {
		return err
	}
	p.items, err = inJSON(p.change.Feed)
	return err
}

func (p *posting) due() *time.Time {
	if p.task.Due.IsZero() {
		return nil
	}
	due := time.Time(p.task.Due)
	return &due
}

func (p *posting) event() string {
	if p.told == nil {
		return ""
	}
	return string(p.told.Type)
}

// fact is the data of what an agent is told, as JSON.
func (p *posting) fact(id store.AgentID) (string, error) {
	for _, a := range p.change.Accounts {
		if a.ID == id && a != p.payer && a.Events[0].Data != nil {
			return inJSON(a.Events[0].Data)
		}
	}
	return "", nil
}
