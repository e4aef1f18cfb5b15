package postgres

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/pinchwork/pinchwork/store"
)

// books sums up what the Changes of a message do to each account, so that the
// database touches each of them once, in ascending order. They are taken one after
// the other: what a guard asks for and what an entry shows holds after each.
type books struct {
	accounts map[store.AgentID]*account
	loose    []numbered[store.Transfer]
	tags     map[tagKey]*store.TagStat
	totals   totals
}

// account is what all Changes do to one account, so far.
type account struct {
	// change is the first to touch it: the one that a conflict is reported for.
	change                          int
	active, required, paid, sysPaid bool
	suspended, hooked               *bool
	amount                          int64
	sum                             store.AccountDelta
	// lowest is the least that was left after a debit, beside what was there
	// before. worstClaims and worstBytes are the most by which a bound was passed.
	lowest, worstClaims, worstBytes *int64
	tally                           tally
	strikes                         *store.StrikeWrite
	entries                         []entry
	events                          []event
}

// entry is one side of a transfer, with the sum of the account's movements up
// to it.
type entry struct {
	numbered[store.Transfer]
	amount, earned int64
}

type event struct {
	*store.Event
	fact string
}

// tally moves the numbers of an agent's tasks: posted … cancelled as poster,
// then as worker.
type tally [12]int

type tagKey struct {
	agent store.AgentID
	tag   string
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

func (m *message) bookRows() {
	b := &books{accounts: map[store.AgentID]*account{}}
	for i, c := range m.changes {
		b.add(i, c)
		m.payRows(i, c)
	}
	for _, id := range slices.Sorted(maps.Keys(b.accounts)) {
		m.accountRows(id, b.accounts[id])
	}
	for _, n := range b.loose {
		m.entryRow(n, 0, 0, 0)
	}
	m.tagRows(b.tags)
	if b.totals != (totals{}) {
		m.totals = bigArray(b.totals[:])
	}
}

// add books a Change, number i of its message.
func (b *books) add(i int, c *prepared) {
	b.standing(i, c)
	b.counters(i, c)
	for k := range c.Tasks {
		if old := c.Tasks[k].Old; old != nil {
			b.count(i, old, -1)
		}
		b.count(i, c.Tasks[k].New, 1)
	}
	b.transfers(i, c)
	for k := range c.Events {
		a := b.account(i, c.Events[k].Agent)
		a.events = append(a.events, event{&c.Events[k], c.facts[k]})
	}
}

func (b *books) account(change int, id store.AgentID) *account {
	a := b.accounts[id]
	if a == nil {
		a = &account{change: change}
		b.accounts[id] = a
	}
	return a
}

// standing adds who must be active, and what changes in who may be.
func (b *books) standing(i int, c *prepared) {
	for _, id := range c.Active {
		if id != store.Platform {
			b.account(i, id).active = true
		}
	}
	for k := range c.Agents {
		old, next := c.Agents[k].Old, c.Agents[k].New
		if old == nil {
			b.totals[ofAgents]++
			continue
		}
		if old.Suspended != next.Suspended {
			b.account(i, next.ID).suspended = &next.Suspended
		}
		if hooked := next.WebhookURL != ""; hooked != (old.WebhookURL != "") {
			b.account(i, next.ID).hooked = &hooked
		}
	}
	for k := range c.SystemPays {
		b.account(i, c.SystemPays[k].Agent).sysPaid = true
	}
	for k := range c.Strikes {
		b.account(i, c.Strikes[k].Agent).strikes = &c.Strikes[k]
	}
}

func (b *books) counters(i int, c *prepared) {
	for k := range c.Accounts {
		d := &c.Accounts[k]
		a := b.account(i, d.Agent)
		a.required = true
		a.add(d)
		if d.OpenClaims > 0 && d.MaxOpenClaims != 0 {
			a.worstClaims = highest(a.worstClaims, a.sum.OpenClaims-d.MaxOpenClaims)
		}
		if d.TextBytes > 0 && d.MaxTextBytes != 0 {
			a.worstBytes = highest(a.worstBytes, a.sum.TextBytes-d.MaxTextBytes)
		}
		b.totals[ofEscrow] += d.Escrowed
	}
	for k := range c.Tags {
		b.tag(i, &c.Tags[k])
	}
}

// add sums up the counters.
func (a *account) add(d *store.AccountDelta) {
	s := &a.sum
	for _, n := range []struct{ to, by *int64 }{
		{&s.Escrowed, &d.Escrowed},
		{&s.OpenClaims, &d.OpenClaims},
		{&s.Posted, &d.Posted},
		{&s.Completed, &d.Completed},
		{&s.RatingSum, &d.RatingSum},
		{&s.RatingCount, &d.RatingCount},
		{&s.Earned, &d.Earned},
		{&s.Fees, &d.Fees},
		{&s.Charged, &d.Charged},
		{&s.Spent, &d.Spent},
		{&s.Rejected, &d.Rejected},
		{&s.Approvals, &d.Approvals},
		{&s.Rejections, &d.Rejections},
		{&s.FeesBrought, &d.FeesBrought},
		{&s.TextBytes, &d.TextBytes},
	} {
		*n.to += *n.by
	}
}

func highest(a *int64, n int64) *int64 {
	if a == nil || n > *a {
		return &n
	}
	return a
}

func (b *books) tag(i int, d *store.TagDelta) {
	b.account(i, d.Agent).required = true
	if b.tags == nil {
		b.tags = map[tagKey]*store.TagStat{}
	}
	key := tagKey{d.Agent, d.Tag}
	sum := b.tags[key]
	if sum == nil {
		sum = &store.TagStat{Tag: d.Tag}
		b.tags[key] = sum
	}
	sum.Count += d.Count
	sum.Earned += d.Earned
	sum.RatingSum += d.RatingSum
	sum.RatingCount += d.RatingCount
}

// count moves the numbers of tasks of the parties and of the marketplace.
func (b *books) count(i int, t *store.Task, by int) {
	status := number(t.Status) - 1
	if t.Poster != store.Platform {
		b.account(i, t.Poster).move(status, by)
	}
	if worker := t.Worker(); worker != "" {
		b.account(i, worker).move(len(tally{})/2+status, by)
	}
	switch {
	case t.Counted():
		b.totals[status] += int64(by)
	case t.Sealed():
		b.totals[ofSealed+status] += int64(by)
	}
}

func (a *account) move(index, by int) {
	a.tally[index] += by
}

func (b *books) transfers(i int, c *prepared) {
	for k := range c.Transfers {
		t := &c.Transfers[k]
		if place := slices.Index(store.PlatformKinds(), t.Kind); place >= 0 {
			b.totals[ofPlatform+place] += t.Amount
		}
		n := numbered[store.Transfer]{change: i, index: k, value: t}
		if t.Agent == "" {
			b.loose = append(b.loose, n)
			continue
		}
		a := b.account(i, t.Agent)
		a.paid = true
		a.amount += t.Signed()
		if t.Signed() < 0 && (a.lowest == nil || a.amount < *a.lowest) {
			a.lowest = ptr(a.amount)
		}
		a.entries = append(a.entries, entry{n, a.amount, a.sum.Earned})
	}
}

func ptr(n int64) *int64 { return &n }

// idle reports whether an account stays as it is: many changes of a task leave the
// numbers of its parties' tasks where they were.
func (a *account) idle() bool {
	return !a.active && !a.required && !a.paid && !a.sysPaid && a.suspended == nil && a.hooked == nil &&
		a.tally == (tally{}) && a.strikes == nil && a.events == nil
}

// less is a − b, or nil if a is nil.
func less(total int64, worst *int64) *int64 {
	if worst == nil {
		return nil
	}
	n := total - *worst
	return &n
}

func (m *message) accountRows(id store.AgentID, a *account) {
	if a.idle() {
		return
	}
	s := &a.sum
	first, last := a.span()
	m.accounts.add(32).text(string(id)).int(a.change).bool(a.active).bool(a.required).bool(a.paid).
		bool(a.sysPaid).bool(a.strikes != nil).
		big(a.amount).bigOrNull(less(a.amount, a.lowest)).
		big(s.OpenClaims).bigOrNull(less(s.OpenClaims, a.worstClaims)).
		big(s.TextBytes).bigOrNull(less(s.TextBytes, a.worstBytes)).
		bigs(s.Escrowed, s.Posted).ints(a.tally[:]...).
		big(int64(len(a.entries))).time(first).time(last).
		big(int64(len(a.events))).tables(a.eventRows())
	m.moreRow(id, a)
	for i, e := range a.entries {
		m.entryRow(e.numbered, len(a.entries)-1-i, a.amount-e.amount, s.Earned-e.earned)
	}
}

// moreRow adds what few Changes do to an account.
func (m *message) moreRow(id store.AgentID, a *account) {
	s := &a.sum
	counters := []int64{
		s.Completed, s.RatingSum, s.RatingCount, s.Earned, s.Fees, s.Charged, s.Spent, s.Rejected, s.Approvals, s.Rejections,
		s.FeesBrought,
	}
	counted := slices.ContainsFunc(counters, func(n int64) bool { return n != 0 })
	if !counted && a.suspended == nil && a.hooked == nil && a.strikes == nil {
		return
	}
	m.hooked = m.hooked || a.hooked != nil && *a.hooked
	row := m.more.add(20).text(string(id)).int(a.change).boolOrNull(a.suspended).boolOrNull(a.hooked).bigs(counters...)
	if w := a.strikes; w != nil {
		row.bool(true).int(w.Old.Count).time(w.Old.BlockedUntil).int(w.New.Count).time(w.New.BlockedUntil)
	} else {
		row.bool(false).null(pgtype.Int4OID).time(time.Time{}).null(pgtype.Int4OID).time(time.Time{})
	}
}

func (a *account) eventRows() *table {
	rows := new(table)
	for i, e := range a.events {
		rows.add(5).text(string(e.Type)).text(string(e.Task)).textOrNull(e.fact).time(e.At).big(int64(len(a.events) - 1 - i))
	}
	return rows
}

// span is from the first to the last instant of the entries.
func (a *account) span() (first, last time.Time) {
	for i, e := range a.entries {
		at := e.value.At
		if i == 0 || at.Before(first) {
			first = at
		}
		if i == 0 || at.After(last) {
			last = at
		}
	}
	return first, last
}

// entryRow says how many entries, credits and earned credits follow it in its
// account.
func (m *message) entryRow(n numbered[store.Transfer], later int, amount, earned int64) {
	t := n.value
	m.entries.add(15).int(n.change).text(string(t.ID)).text(string(t.From)).text(string(t.To)).big(t.Amount).
		text(string(t.Kind)).text(string(t.Agent)).text(string(t.Task)).big(t.Fee).text(t.Note).text(string(t.About)).
		time(t.At).bigs(int64(later), amount, earned)
}

func (m *message) tagRows(tags map[tagKey]*store.TagStat) {
	keys := slices.SortedFunc(maps.Keys(tags), func(a, b tagKey) int {
		return cmp.Or(cmp.Compare(a.agent, b.agent), cmp.Compare(a.tag, b.tag))
	})
	for _, k := range keys {
		t := tags[k]
		m.tags.add(6).text(string(k.agent)).text(k.tag).bigs(t.Count, t.Earned, t.RatingSum, t.RatingCount)
	}
}

func (m *message) payRows(i int, c *prepared) {
	for k := range c.SystemPays {
		s := &c.SystemPays[k]
		m.pays.add(4).int(i).text(string(s.Agent)).textOrNull(pay(s.Old)).textOrNull(pay(s.New))
	}
}

// pay is the stored form, which is compared; "" for nothing.
func pay(s store.SystemPay) string {
	if s.Pending == 0 && len(s.Paid) == 0 {
		return ""
	}
	kept := store.SystemPay{Pending: s.Pending, Paid: slices.Clone(s.Paid)}
	for i := range kept.Paid {
		bringIntoForm(&kept.Paid[i].At)
	}
	// Numbers and times can always be encoded.
	doc, _ := json.Marshal(kept)
	return string(doc)
}
