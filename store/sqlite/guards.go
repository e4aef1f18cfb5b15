package sqlite

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// guards are tried in this order. A repeated request comes first, so that its sender
// is given the first outcome and not what has changed since.
var guards = [...]func(*writing, *store.Change) error{
	(*writing).guardIdempotency,
	(*writing).guardActive,
	(*writing).guardTasks,
	(*writing).guardAgents,
	(*writing).guardTrust,
	(*writing).guardStrikes,
	(*writing).guardSystemPays,
	(*writing).guardRoles,
	(*writing).guardTransfers,
	(*writing).guardAccounts,
	(*writing).guardTags,
	(*writing).guardResults,
	(*writing).guardQuestions,
	(*writing).guardTalk,
	(*writing).guardMessages,
	(*writing).guardReports,
}

// check returns the first guard that fails, a *store.Conflict. It writes nothing.
func (w *writing) check(c *store.Change) error {
	for _, guard := range guards {
		if err := guard(w, c); err != nil {
			return err
		}
	}
	return nil
}

// refuse is a conflict when it is so, and else what went wrong on the way.
func refuse(so bool, err error, conflict store.Conflict) error {
	if err != nil {
		return err
	}
	if so {
		return &conflict
	}
	return nil
}

func (w *writing) guardIdempotency(c *store.Change) error {
	for r := range c.EachRecord {
		found, err := w.has(`select 1 from pinchwork_idempotency
			where caller = ? and operation = ? and key = ? and expires_at > ?`, string(r.Caller), r.Operation, r.Key, c.At)
		if err := refuse(found, err, store.Conflict{Guard: store.GuardIdempotency, Agent: r.Caller}); err != nil {
			return err
		}
	}
	return nil
}

// inserts reports whether the Change makes the agent exist.
func inserts(c *store.Change, id store.AgentID) bool {
	return slices.ContainsFunc(c.Agents, func(w store.AgentWrite) bool { return w.Old == nil && w.New.ID == id })
}

// posts reports whether the Change makes the task exist.
func posts(c *store.Change, id store.TaskID) bool {
	return slices.ContainsFunc(c.Tasks, func(w store.TaskWrite) bool { return w.Old == nil && w.New.ID == id })
}

// missing reports whether there is no such agent even after the Change.
func (a *account) missing(c *store.Change) bool { return !a.known && !inserts(c, a.id) }

func (w *writing) guardActive(c *store.Change) error {
	for _, id := range c.Active {
		if id == store.Platform {
			continue
		}
		a, err := w.account(id)
		if err != nil {
			return err
		}
		if a.suspended || a.missing(c) {
			return &store.Conflict{Guard: store.GuardSuspended, Agent: id}
		}
	}
	return nil
}

// taskVersion is 0 for no task.
func (w *writing) taskVersion(id store.TaskID) (int64, error) {
	return w.number("select version from pinchwork_task where id = ?", string(id))
}

func (w *writing) guardTasks(c *store.Change) error {
	for _, ref := range c.Unchanged {
		has, err := w.taskVersion(ref.ID)
		if err := refuse(has == 0 || has != ref.Version, err, store.Conflict{Guard: store.GuardTask, Task: ref.ID}); err != nil {
			return err
		}
	}
	for i := range c.Tasks {
		if err := w.guardTask(c, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardTask(c *store.Change, i int) error {
	write := &c.Tasks[i]
	id := write.New.ID
	has, err := w.taskVersion(id)
	if write.Old != nil {
		return refuse(has == 0 || has != write.Old.Version, err, store.Conflict{Guard: store.GuardTask, Task: id})
	}
	repeated := slices.ContainsFunc(c.Tasks[:i], func(earlier store.TaskWrite) bool { return earlier.New.ID == id })
	return refuse(has != 0 || repeated, err, store.Conflict{Guard: store.GuardDuplicate, Task: id})
}

func (w *writing) guardAgents(c *store.Change) error {
	for i := range c.Agents {
		if err := w.guardAgent(&c.Agents[i]); err != nil {
			return err
		}
		if err := w.guardNames(c.Agents[:i], &c.Agents[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardAgent(write *store.AgentWrite) error {
	id := write.New.ID
	has, err := w.number("select version from pinchwork_agent where id = ?", string(id))
	if write.Old == nil {
		return refuse(has != 0, err, store.Conflict{Guard: store.GuardDuplicate, Agent: id})
	}
	return refuse(has == 0 || has != write.Old.Version, err, store.Conflict{Guard: store.GuardAgent, Agent: id})
}

// guardNames guards that nobody has the key or the external id that the agent is given.
func (w *writing) guardNames(earlier []store.AgentWrite, write *store.AgentWrite) error {
	conflict := store.Conflict{Guard: store.GuardDuplicate, Agent: write.New.ID}
	if write.Old == nil || write.Key != (store.KeyDigest{}) {
		taken, err := w.has("select 1 from pinchwork_agent where key = ?1 or old_key = ?1", write.Key[:])
		if err := refuse(taken, err, conflict); err != nil {
			return err
		}
	}
	external := write.New.ExternalID
	if write.Old != nil || external == "" {
		return nil
	}
	same := func(o store.AgentWrite) bool { return o.Old == nil && o.New.ExternalID == external }
	taken, err := w.has("select 1 from pinchwork_agent where external_id = ?", external)
	return refuse(taken || slices.ContainsFunc(earlier, same), err, conflict)
}

func (w *writing) guardTrust(c *store.Change) error {
	for i := range c.Trust {
		next := &c.Trust[i].New
		has, err := w.number("select interactions from pinchwork_trust where from_id = ? and to_id = ?",
			string(next.From), string(next.To))
		if err := refuse(has != next.Interactions-1, err, store.Conflict{Guard: store.GuardTrust, Agent: next.From}); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardStrikes(c *store.Change) error {
	for i := range c.Strikes {
		write := &c.Strikes[i]
		a, err := w.account(write.Agent)
		if err != nil {
			return err
		}
		has := a.Strikes
		if a.missing(c) || has.Count != write.Old.Count || !has.BlockedUntil.Equal(write.Old.BlockedUntil) {
			return &store.Conflict{Guard: store.GuardStrikes, Agent: write.Agent}
		}
	}
	return nil
}

func (w *writing) guardSystemPays(c *store.Change) error {
	for i := range c.SystemPays {
		write := &c.SystemPays[i]
		a, err := w.account(write.Agent)
		if err != nil {
			return err
		}
		has, err := systemPay(w.conn, write.Agent)
		conflict := store.Conflict{Guard: store.GuardSystemPay, Agent: write.Agent}
		if err := refuse(a.missing(c) || !has.Equal(write.Old), err, conflict); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardRoles(c *store.Change) error {
	for _, write := range c.Roles {
		other, err := w.has("select 1 from pinchwork_role where task = ? and agent = ? and role <> ?",
			string(write.Task), string(write.Agent), string(write.Role))
		conflict := store.Conflict{Guard: store.GuardRole, Task: write.Task, Agent: write.Agent}
		if err := refuse(other, err, conflict); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardTransfers(c *store.Change) error {
	for i := range c.Transfers {
		if err := w.guardTransfer(c, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardTransfer(c *store.Change, i int) error {
	t := &c.Transfers[i]
	if t.OnceOfTask() {
		moved, err := w.has("select 1 from pinchwork_entry where task = ? and kind = ?", string(t.Task), string(t.Kind))
		same := func(o store.Transfer) bool { return o.Task == t.Task && o.Kind == t.Kind }
		conflict := store.Conflict{Guard: store.GuardTransfer, Task: t.Task, Agent: t.Agent}
		if err := refuse(moved || slices.ContainsFunc(c.Transfers[:i], same), err, conflict); err != nil {
			return err
		}
	}
	if t.Agent == "" {
		return nil
	}
	a, err := w.account(t.Agent)
	return refuse(err == nil && (a.missing(c) || a.Balance+moved(c.Transfers[:i+1], t.Agent) < 0), err,
		store.Conflict{Guard: store.GuardBalance, Agent: t.Agent, Task: t.Task})
}

// moved is what transfers add to an agent's balance.
func moved(transfers []store.Transfer, id store.AgentID) (sum int64) {
	for i := range transfers {
		if t := &transfers[i]; t.Agent == id {
			sum += t.Signed()
		}
	}
	return sum
}

// guardAccounts also refuses to move counters of an agent that does not exist.
func (w *writing) guardAccounts(c *store.Change) error {
	for i := range c.Accounts {
		d := &c.Accounts[i]
		a, err := w.account(d.Agent)
		switch {
		case err != nil:
			return err
		case a.missing(c):
			return &store.Conflict{Guard: store.GuardAgent, Agent: d.Agent}
		case exceeds(a.OpenClaims, d.OpenClaims, d.MaxOpenClaims):
			return &store.Conflict{Guard: store.GuardOpenClaims, Agent: d.Agent}
		case exceeds(a.TextBytes, d.TextBytes, d.MaxTextBytes):
			return &store.Conflict{Guard: store.GuardTextBytes, Agent: d.Agent}
		}
	}
	return nil
}

// exceeds reports whether a positive movement would lift a counter above its limit;
// 0 is no limit.
func exceeds(has, delta, limit int64) bool { return limit != 0 && delta > 0 && has+delta > limit }

func (w *writing) guardTags(c *store.Change) error {
	for i := range c.Tags {
		id := c.Tags[i].Agent
		a, err := w.account(id)
		if err := refuse(err == nil && a.missing(c), err, store.Conflict{Guard: store.GuardAgent, Agent: id}); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) guardResults(c *store.Change) error {
	for i := range c.Results {
		r := &c.Results[i]
		found, err := w.has("select 1 from pinchwork_result where task = ? and no = ?", string(r.Task), r.No)
		same := func(o store.Result) bool { return o.Task == r.Task && o.No == r.No }
		conflict := store.Conflict{Guard: store.GuardDuplicate, Task: r.Task}
		if err := refuse(found || slices.ContainsFunc(c.Results[:i], same), err, conflict); err != nil {
			return err
		}
	}
	return nil
}
