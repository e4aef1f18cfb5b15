package markettest

import (
	"fmt"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/internal/audit"
	"github.com/pinchwork/pinchwork/store"
)

// claimNo names one claim of one task.
type claimNo struct {
	task market.TaskID
	no   int
}

// Check proves the books and the states, and fails the test otherwise:
//
//   - a replay of the ledger gives every balance and escrow, and the sum over
//     all accounts is 0 (as by Market.Audit);
//   - no agent has a negative balance, escrow, count of claims, record as poster or
//     number of bytes, and the fees on its tasks are those that the ledger has;
//   - an agent's bytes of texts are those that its tasks and deliveries keep;
//   - an agent's open claims are the tasks that it has claimed and not delivered;
//   - a claim never changes hands, and no agent works on its own task;
//   - a task that ended was paid out or refunded exactly once, one that did not was not.
//
// It runs by itself after every scripted step and at the end of the test. It
// reads everything that is stored, and expects nobody to write meanwhile.
func (k *Kit) Check() {
	k.Helper()
	report, err := audit.Books(k.Ctx, k.Store, k.Market.Policy().SystemPayPerDay, k.Clock.Now)
	k.must(err, "auditing")
	for _, problem := range report.Problems {
		k.Errorf("audit: %s", problem)
	}
	if report.Sum != 0 || !report.OK {
		k.Errorf("audit: the sum over all accounts is %d, OK is %v", report.Sum, report.OK)
	}
	c := checking{kit: k, claims: map[market.AgentID]int64{}, texts: map[market.AgentID]int64{}, moved: map[market.TaskID]map[market.EntryKind]int{}}
	c.fees, c.posters = map[market.TaskID]int64{}, map[market.TaskID]market.AgentID{}
	c.readLedger()
	c.readTasks()
	c.readAgents()
	if k.Failed() {
		k.FailNow()
	}
}

// checking is one Check under way.
type checking struct {
	kit    *Kit
	claims map[market.AgentID]int64
	// texts are the bytes that count toward each agent's limit.
	texts map[market.AgentID]int64
	moved map[market.TaskID]map[market.EntryKind]int
	// fees are what was taken of the payment for each task, posters who paid for it.
	fees    map[market.TaskID]int64
	posters map[market.TaskID]market.AgentID
}

const page = 500

func (c *checking) readLedger() {
	c.kit.Helper()
	for cursor := ""; ; {
		entries, next, err := c.kit.Store.Entries(c.kit.Ctx, "", cursor, page)
		c.kit.must(err, "reading the ledger")
		for i := range entries {
			c.entry(&entries[i])
		}
		if next == "" {
			return
		}
		cursor = next
	}
}

func (c *checking) entry(e *store.Entry) {
	if e.Task == "" {
		return
	}
	switch e.Kind {
	case store.EntryPlatformFee:
		c.fees[e.Task] = e.Amount
	case store.EntryEscrow:
		c.posters[e.Task] = e.Agent
	}
	if c.moved[e.Task] == nil {
		c.moved[e.Task] = map[market.EntryKind]int{}
	}
	if c.moved[e.Task][e.Kind]++; c.moved[e.Task][e.Kind] > 1 && !e.Kind.Repeats() {
		c.kit.Errorf("task %s has %d movements of kind %s", e.Task, c.moved[e.Task][e.Kind], e.Kind)
	}
}

func (c *checking) readTasks() {
	c.kit.Helper()
	for after := int64(0); ; {
		tasks, err := c.kit.Store.ScanTasks(c.kit.Ctx, after, page)
		c.kit.must(err, "reading the tasks")
		if len(tasks) == 0 {
			return
		}
		for _, stored := range tasks {
			c.task(stored.Task)
		}
		after = tasks[len(tasks)-1].Task.Seq
	}
}

func (c *checking) task(t *store.Task) {
	if err := consistent(t); err != nil {
		c.kit.Errorf("task %s is %s at version %d: %v", t.ID, t.Status, t.Version, err)
	}
	if t.Claim != nil {
		c.sameWorker(t)
	}
	c.countTexts(t)
	if t.Status == market.StatusClaimed {
		c.claims[t.Claim.Worker]++
	}
	if err := paidOut(t, c.moved[t.ID]); err != nil {
		c.kit.Errorf("task %s is %s at version %d: %v", t.ID, t.Status, t.Version, err)
	}
}

// sameWorker remembers whose claim it is: a claim never changes hands.
func (c *checking) sameWorker(t *store.Task) {
	k := c.kit
	k.mu.Lock()
	defer k.mu.Unlock()
	no := claimNo{t.ID, int(t.Claims)}
	if had := k.seen[no]; had != "" && had != t.Claim.Worker {
		k.Errorf("claim %d of task %s went from %s to %s", t.Claims, t.ID, had, t.Claim.Worker)
	}
	k.seen[no] = t.Claim.Worker
}

// consistent checks that a task has what its state needs, and nothing else.
func consistent(t *store.Task) error {
	ended := t.Status.Ended()
	switch {
	case t.Claim != nil && t.Claim.Worker == t.Poster:
		return fmt.Errorf("the poster works on it")
	case (t.Ending != nil) != ended:
		return fmt.Errorf("the ending is %v", t.Ending)
	case !ended && t.NextDue.IsZero() && t.Status == market.StatusPosted:
		return fmt.Errorf("no timer will touch it")
	case ended && !t.NextDue.Equal(dueOfEnded(t)):
		return fmt.Errorf("a timer at %s would touch it, which has something to do at %s", t.NextDue, dueOfEnded(t))
	}
	switch t.Status {
	case market.StatusPosted:
		if t.Claim != nil || t.Delivery != nil || t.Rejection != nil {
			return fmt.Errorf("something of an earlier claim is left")
		}
	case market.StatusClaimed:
		if t.Claim == nil || t.Matching != nil {
			return fmt.Errorf("claim %v, matching %v", t.Claim, t.Matching)
		}
	case market.StatusDelivered, market.StatusApproved:
		// An operator may have paid what was not delivered.
		if t.Claim == nil || t.Delivery == nil && (t.Ending == nil || t.Ending.Outcome == "") {
			return fmt.Errorf("claim %v, delivery %v", t.Claim, t.Delivery)
		}
	}
	return nil
}

// dueOfEnded is when a timer must still touch an ended task, to drop its texts or to
// post the next extraction; zero for never.
func dueOfEnded(t *store.Task) time.Time {
	due := textsUntil(t)
	if t.System != nil && !t.System.Again.IsZero() && (due.IsZero() || t.System.Again.Before(due)) {
		due = t.System.Again
	}
	return due
}

func textsUntil(t *store.Task) time.Time {
	switch {
	case len(t.Superseded) > 0:
		return t.Superseded[0].Until
	case t.Status != market.StatusApproved && !t.TextsPruned:
		return t.Ending.At.Add(7 * 24 * time.Hour)
	}
	return time.Time{}
}

// countTexts adds up the bytes that count toward each agent's limit.
func (c *checking) countTexts(t *store.Task) {
	if t.Status != market.StatusApproved {
		if !t.TextsPruned {
			c.texts[t.Poster] += t.Bytes
		}
		if t.Delivery != nil {
			c.texts[t.Worker()] += t.Delivery.Bytes
		}
	}
	for _, s := range t.Superseded {
		c.texts[s.Worker] += s.Bytes
	}
}

// paidOut compares a task's state with the movements of credits about it.
func paidOut(t *store.Task, moved map[market.EntryKind]int) error {
	want := map[market.EntryKind]int{}
	switch {
	case t.System != nil:
		if t.Status == market.StatusApproved {
			want[store.EntrySystemPayment] = 1
		}
	case t.Status == market.StatusApproved:
		want[store.EntryEscrow] = 1
		want[store.EntryPayment] = once(t.Ending.Charged - t.Ending.Fee)
		want[store.EntryPlatformFee] = once(t.Ending.Fee)
		want[store.EntryRefund] = once(t.MaxCredits - t.Ending.Charged)
	case t.Status.Ended():
		want[store.EntryEscrow], want[store.EntryRefund] = 1, 1
	default:
		want[store.EntryEscrow] = 1
	}
	for _, kind := range []market.EntryKind{
		store.EntryEscrow, store.EntryPayment, store.EntryPlatformFee, store.EntryRefund, store.EntrySystemPayment,
	} {
		if moved[kind] != want[kind] {
			return fmt.Errorf("%d movements of kind %s, want %d", moved[kind], kind, want[kind])
		}
	}
	return nil
}

func once(amount int64) int {
	if amount > 0 {
		return 1
	}
	return 0
}

func (c *checking) readAgents() {
	c.kit.Helper()
	for after := market.AgentID(""); ; {
		agents, err := c.kit.Store.ScanAgents(c.kit.Ctx, after, page)
		c.kit.must(err, "reading the agents")
		if len(agents) == 0 {
			return
		}
		for _, a := range agents {
			c.agent(a)
		}
		after = agents[len(agents)-1].ID
	}
}

// broughtBy sums the fees of an agent's tasks.
func (c *checking) broughtBy(id market.AgentID) (sum int64) {
	for task, fee := range c.fees {
		if c.posters[task] == id {
			sum += fee
		}
	}
	return sum
}

func (c *checking) agent(a *store.Agent) {
	if min(a.Approvals, a.Rejections, a.FeesBrought, a.TextBytes, a.SystemPay.Pending) < 0 {
		c.kit.Errorf("agent %s has %d approvals, %d rejections, %d fees brought, %d bytes of texts, %d system pay pending",
			a.ID, a.Approvals, a.Rejections, a.FeesBrought, a.TextBytes, a.SystemPay.Pending)
	}
	if a.FeesBrought > 0 && a.FeesBrought != c.broughtBy(a.ID) {
		c.kit.Errorf("agent %s has brought %d fees, the ledger says %d", a.ID, a.FeesBrought, c.broughtBy(a.ID))
	}
	if a.Balance < 0 || a.Escrowed < 0 || a.OpenClaims < 0 {
		c.kit.Errorf("agent %s has %d credits, %d in escrow, %d open claims", a.ID, a.Balance, a.Escrowed, a.OpenClaims)
	}
	if a.TextBytes != c.texts[a.ID] {
		c.kit.Errorf("agent %s has %d bytes of texts, its tasks have %d", a.ID, a.TextBytes, c.texts[a.ID])
	}
	if a.OpenClaims != c.claims[a.ID] {
		c.kit.Errorf("agent %s has %d open claims, %d tasks are claimed by it", a.ID, a.OpenClaims, c.claims[a.ID])
	}
}
