// Package audit proves the books of a marketplace from what its store holds.
package audit

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	// scanPage is how many tasks are read at a time, readPage how many smaller items.
	scanPage = 500
	readPage = 1_000
	// pageBytes bounds the texts of the tasks that one read returns.
	pageBytes = 4 << 20
	// maxTries is how often a difference is read again, since it may only mean
	// that somebody is writing.
	maxTries = 64
)

// Report is what an audit found; market.AuditReport documents its fields.
type Report struct {
	OK        bool
	Agents    int
	Tasks     int
	Entries   int
	Platform  int64
	Issued    int64
	SystemPay int64
	Fees      int64
	Balances  int64
	Escrow    int64
	Sum       int64
	Problems  []string
}

// Books replays the whole ledger and proves every balance, every escrow, the zero
// sum, the store's totals and the budget of system pay, payPerDay (0 for none), and
// names the tasks whose timers the store has lost. It is exact even while the market
// runs: an account is compared with its entries up to the number that was read with
// it, a total that only grows lies between two looks at it, and a difference is read
// again before it is called a problem. It reads everything that is stored.
func Books(ctx context.Context, s store.Store, payPerDay int64, now func() time.Time) (Report, error) {
	a := &audit{
		store: s, payPerDay: payPerDay, now: now,
		agents: map[store.AgentID]*auditAgent{}, escrow: map[store.TaskID]int64{}, held: map[store.AgentID]int64{}, pay: newPayAudit(),
		moved: map[store.EntryKind]int64{},
	}
	for _, step := range []func(context.Context) error{a.readTotals, a.readAgents, a.replay, a.readTasks, a.compare, a.compareTotals} {
		if err := step(ctx); err != nil {
			return Report{}, err
		}
	}
	a.report.OK = len(a.report.Problems) == 0
	return a.report, nil
}

type audit struct {
	store     store.Store
	payPerDay int64
	now       func() time.Time
	report    Report
	// before is what the totals were when the audit began.
	before store.Totals
	// moved is what the replay says moved to or from the platform's account.
	moved  map[store.EntryKind]int64
	agents map[store.AgentID]*auditAgent
	// escrow is what the replay leaves in the escrow of each task, without zeros.
	escrow map[store.TaskID]int64
	// held is what the states of its tasks say an agent has in escrow.
	held map[store.AgentID]int64
	pay  payAudit
	// suspects are tasks whose escrow did not agree at first sight.
	suspects []store.TaskID
}

type auditAgent struct {
	balance, escrowed, ledgerSeq int64
	sum, entries                 int64
}

func (a *audit) problem(format string, args ...any) {
	if len(a.report.Problems) < 100 {
		a.report.Problems = append(a.report.Problems, fmt.Sprintf(format, args...))
	}
}

func (a *audit) readAgents(ctx context.Context) error {
	for after := store.AgentID(""); ; {
		page, err := a.store.ScanAgents(ctx, after, readPage)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, agent := range page {
			a.agents[agent.ID] = &auditAgent{balance: agent.Balance, escrowed: agent.Escrowed, ledgerSeq: agent.LedgerSeq}
			a.report.Agents++
			a.report.Balances += agent.Balance
			if agent.Balance < 0 {
				a.problem("agent %s has a negative balance: %d", agent.ID, agent.Balance)
			}
		}
		after = page[len(page)-1].ID
	}
}

func (a *audit) replay(ctx context.Context) error {
	for cursor := ""; ; {
		entries, next, err := a.store.Entries(ctx, "", cursor, readPage)
		if err != nil {
			return err
		}
		for i := range entries {
			a.entry(&entries[i])
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

func (a *audit) entry(e *store.Entry) {
	a.report.Entries++
	if e.Amount < 1 {
		a.problem("entry %s moves %d credits", e.ID, e.Amount)
	}
	a.platform(e)
	if a.payPerDay > 0 {
		a.pay.entry(e)
	}
	a.move(e.From, -e.Amount)
	a.move(e.To, e.Amount)
	if e.Agent == "" {
		return
	}
	agent := a.agents[e.Agent]
	if agent == nil || e.Seq > agent.ledgerSeq {
		// The entry was written after the account was read.
		a.report.Balances += e.Signed()
		return
	}
	agent.sum += e.Signed()
	agent.entries++
}

// platform adds to the part of the platform's account that the entry belongs to.
func (a *audit) platform(e *store.Entry) {
	if e.From == store.PlatformAccount || e.To == store.PlatformAccount {
		a.moved[e.Kind] += e.Amount
	}
	switch {
	case e.Kind == store.EntrySystemPayment:
		a.report.SystemPay += e.Amount
	case e.Kind == store.EntryPlatformFee:
		a.report.Fees += e.Amount
	case e.From == store.PlatformAccount:
		a.report.Issued += e.Amount
	case e.To == store.PlatformAccount:
		a.report.Issued -= e.Amount
	}
}

func (a *audit) move(account store.AccountName, amount int64) {
	if account == store.PlatformAccount {
		a.report.Platform += amount
		return
	}
	task, ok := strings.CutPrefix(string(account), string(store.EscrowAccount("")))
	if !ok {
		return
	}
	id := store.TaskID(task)
	if a.escrow[id] += amount; a.escrow[id] == 0 {
		delete(a.escrow, id)
	}
	a.report.Escrow += amount
}

func (a *audit) readTasks(ctx context.Context) error {
	for after := int64(0); ; {
		page, err := a.store.ScanTasks(ctx, after, scanPage)
		if err != nil {
			return err
		}
		for i := range page {
			a.task(page[i].Task)
			if t := page[i].Task; rules.IsLost(&page[i]) {
				a.problem("task %s is due at %s, but the timers do not have it then", t.ID, t.NextDue.Format(time.RFC3339Nano))
			}
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].Task.Seq
	}
	for id := range a.escrow {
		a.suspects = append(a.suspects, id)
	}
	return nil
}

// task compares a task's state with its escrow, and drops the task if they
// agree.
func (a *audit) task(t *store.Task) {
	a.report.Tasks++
	if held := inEscrow(t); a.escrow[t.ID] == held {
		delete(a.escrow, t.ID)
		a.held[t.Poster] += held
	} else if held != 0 && a.escrow[t.ID] == 0 {
		a.suspects = append(a.suspects, t.ID)
	}
}

// inEscrow is what the escrow of a task must hold.
func inEscrow(t *store.Task) int64 {
	if t.System != nil || t.Status.Ended() {
		return 0
	}
	return t.MaxCredits
}

func (a *audit) compare(ctx context.Context) error {
	for _, id := range a.suspects {
		if err := a.recheckTask(ctx, id); err != nil {
			return err
		}
	}
	for id, agent := range a.agents {
		if agent.entries != agent.ledgerSeq || agent.sum != agent.balance {
			a.problem("agent %s has %d credits after %d entries, its ledger says %d after %d",
				id, agent.balance, agent.ledgerSeq, agent.sum, agent.entries)
		}
		if a.held[id] != agent.escrowed {
			if err := a.recheckEscrowed(ctx, id); err != nil {
				return err
			}
		}
	}
	for id := range a.pay.paid {
		if at, by := a.pay.overrun(id, a.payPerDay); by > 0 {
			a.problem("the system pay about agent %s exceeds %d in 24 hours and the fees that its tasks brought by %d at %s",
				id, a.payPerDay, by, at.Format(time.RFC3339Nano))
		}
	}
	a.report.Sum = a.report.Balances + a.report.Escrow + a.report.Platform
	if a.report.Sum != 0 {
		a.problem("the sum over all accounts is %d", a.report.Sum)
	}
	return nil
}

// recheckTask decides between a problem and a task that moved during the audit.
func (a *audit) recheckTask(ctx context.Context, id store.TaskID) error {
	for range maxTries {
		before, err := a.store.Load(ctx, store.LoadQuery{Now: a.now(), Task: id})
		if err != nil {
			return err
		}
		entries, _, err := a.store.Entries(ctx, id, "", readPage)
		if err != nil {
			return err
		}
		after, err := a.store.Load(ctx, store.LoadQuery{Now: a.now(), Task: id})
		if err != nil {
			return err
		}
		if version(before.Task) != version(after.Task) {
			continue
		}
		if have, want := escrowOf(entries, id), expected(after.Task); have != want {
			a.problem("task %s has %d credits in escrow, its state wants %d", id, have, want)
		}
		return nil
	}
	return nil
}

func version(t *store.Task) int64 {
	if t == nil {
		return 0
	}
	return t.Version
}

// expected is 0 for tasks that were pruned, too.
func expected(t *store.Task) int64 {
	if t == nil {
		return 0
	}
	return inEscrow(t)
}

func escrowOf(entries []store.Entry, id store.TaskID) (sum int64) {
	for i := range entries {
		switch store.EscrowAccount(id) {
		case entries[i].To:
			sum += entries[i].Amount
		case entries[i].From:
			sum -= entries[i].Amount
		}
	}
	return sum
}

// recheckEscrowed decides between a problem and an agent whose tasks moved during
// the audit: only what two looks in a row found unchanged can be judged.
func (a *audit) recheckEscrowed(ctx context.Context, id store.AgentID) error {
	var last look
	for range maxTries {
		now, err := a.look(ctx, id)
		if err != nil {
			return err
		}
		switch {
		case now.held == now.escrowed:
			return nil
		case now.same(last):
			a.problem("agent %s has %d credits in escrow, its tasks hold %d", id, now.escrowed, now.held)
			return nil
		}
		last = now
	}
	return nil
}

// look is what an agent's account says about its escrow, and what its unfinished
// tasks hold, each with its version. A task that moves from one list to another
// while they are read may be found in both, and then counts once, or in neither.
type look struct {
	escrowed, ledgerSeq, held int64
	tasks                     map[store.TaskID]int64
}

func (l look) same(other look) bool {
	return l.escrowed == other.escrowed && l.ledgerSeq == other.ledgerSeq && other.tasks != nil && maps.Equal(l.tasks, other.tasks)
}

func (a *audit) look(ctx context.Context, id store.AgentID) (look, error) {
	agents, err := a.store.Agents(ctx, []store.AgentID{id})
	if err != nil {
		return look{}, err
	}
	l := look{tasks: map[store.TaskID]int64{}}
	if len(agents) > 0 {
		l.escrowed, l.ledgerSeq = agents[0].Escrowed, agents[0].LedgerSeq
	}
	for _, status := range []store.Status{store.StatusPosted, store.StatusClaimed, store.StatusDelivered} {
		q := store.TasksQuery{Agent: id, Role: store.PartyPoster, Status: status, Now: a.now()}
		if err := a.eachPage(ctx, q, l.add); err != nil {
			return look{}, err
		}
	}
	return l, nil
}

func (l *look) add(tasks []store.StoredTask) {
	for _, st := range tasks {
		if _, found := l.tasks[st.Task.ID]; !found {
			l.held += inEscrow(st.Task)
		}
		l.tasks[st.Task.ID] = st.Task.Version
	}
}

// eachPage reads all tasks that q selects, a page at a time.
func (a *audit) eachPage(ctx context.Context, q store.TasksQuery, each func([]store.StoredTask)) error {
	for q.Limit, q.MaxBytes = 100, pageBytes; ; {
		page, err := a.store.TasksOf(ctx, q)
		if err != nil {
			return err
		}
		each(page.Tasks)
		if q.Offset += len(page.Tasks); len(page.Tasks) == 0 || q.Offset >= page.Total {
			return nil
		}
	}
}
