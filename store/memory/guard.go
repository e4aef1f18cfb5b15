package memory

import (
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// guards are tried in this order. A repeated request comes first, so that it
// gets the recorded outcome and not a conflict about what has changed since.
var guards = [...]func(*Store, *store.Change) *store.Conflict{
	(*Store).guardIdempotency,
	(*Store).guardActive,
	(*Store).guardTasks,
	(*Store).guardAgents,
	(*Store).guardTrust,
	(*Store).guardStrikes,
	(*Store).guardSystemPays,
	(*Store).guardRoles,
	(*Store).guardTransfers,
	(*Store).guardAccounts,
	(*Store).guardTags,
	(*Store).guardResults,
	(*Store).guardQuestions,
	(*Store).guardMessages,
	(*Store).guardReports,
}

// check returns the first guard that fails. It writes nothing.
func (s *Store) check(c *store.Change) *store.Conflict {
	for _, guard := range guards {
		if conflict := guard(s, c); conflict != nil {
			return conflict
		}
	}
	return nil
}

// inserts reports whether the Change makes the agent exist.
func inserts(c *store.Change, id store.AgentID) bool {
	for i := range c.Agents {
		if c.Agents[i].Old == nil && c.Agents[i].New.ID == id {
			return true
		}
	}
	return false
}

// posts reports whether the Change makes the task exist.
func posts(c *store.Change, id store.TaskID) bool {
	return slices.ContainsFunc(c.Tasks, func(w store.TaskWrite) bool { return w.Old == nil && w.New.ID == id })
}

// missing reports whether there is no such agent even after the Change.
func (s *Store) missing(c *store.Change, id store.AgentID) bool {
	return s.existing(id) == nil && !inserts(c, id)
}

func (s *Store) guardActive(c *store.Change) *store.Conflict {
	for _, id := range c.Active {
		if id == store.Platform {
			continue
		}
		if a := s.agent(id); a != nil && a.Suspended || s.missing(c, id) {
			return &store.Conflict{Guard: store.GuardSuspended, Agent: id}
		}
	}
	return nil
}

func (s *Store) guardTasks(c *store.Change) *store.Conflict {
	for _, ref := range c.Unchanged {
		if t := s.task(ref.ID); t == nil || t.Version != ref.Version {
			return &store.Conflict{Guard: store.GuardTask, Task: ref.ID}
		}
	}
	for i := range c.Tasks {
		w := &c.Tasks[i]
		t := s.task(w.New.ID)
		switch {
		case w.Old == nil && (t != nil || repeated(c.Tasks[:i], w.New.ID)):
			return &store.Conflict{Guard: store.GuardDuplicate, Task: w.New.ID}
		case w.Old != nil && (t == nil || t.Version != w.Old.Version):
			return &store.Conflict{Guard: store.GuardTask, Task: w.New.ID}
		}
	}
	return nil
}

func repeated(earlier []store.TaskWrite, id store.TaskID) bool {
	for i := range earlier {
		if earlier[i].New.ID == id {
			return true
		}
	}
	return false
}

func (s *Store) guardAgents(c *store.Change) *store.Conflict {
	for i := range c.Agents {
		w := &c.Agents[i]
		a := s.agent(w.New.ID)
		switch {
		case w.Old == nil && (a != nil || s.keys[w.Key] != nil || s.namesake(c.Agents[:i], w.New.ExternalID)):
			return &store.Conflict{Guard: store.GuardDuplicate, Agent: w.New.ID}
		case w.Old != nil && (a == nil || a.Version != w.Old.Version):
			return &store.Conflict{Guard: store.GuardAgent, Agent: w.New.ID}
		case w.Key != (store.KeyDigest{}) && s.keys[w.Key] != nil:
			return &store.Conflict{Guard: store.GuardDuplicate, Agent: w.New.ID}
		}
	}
	return nil
}

// namesake reports whether an agent has the external id, or is given it earlier in
// the Change.
func (s *Store) namesake(earlier []store.AgentWrite, external string) bool {
	if external == "" {
		return false
	}
	same := func(w store.AgentWrite) bool { return w.Old == nil && w.New.ExternalID == external }
	return s.externals[external] != nil || slices.ContainsFunc(earlier, same)
}

func (s *Store) guardStrikes(c *store.Change) *store.Conflict {
	for i := range c.Strikes {
		w := &c.Strikes[i]
		has := s.account(w.Agent).Strikes
		if s.missing(c, w.Agent) || has.Count != w.Old.Count || !has.BlockedUntil.Equal(w.Old.BlockedUntil) {
			return &store.Conflict{Guard: store.GuardStrikes, Agent: w.Agent}
		}
	}
	return nil
}

func (s *Store) guardSystemPays(c *store.Change) *store.Conflict {
	for i := range c.SystemPays {
		w := &c.SystemPays[i]
		if s.missing(c, w.Agent) || !s.account(w.Agent).SystemPay.Equal(w.Old) {
			return &store.Conflict{Guard: store.GuardSystemPay, Agent: w.Agent}
		}
	}
	return nil
}

func (s *Store) guardRoles(c *store.Change) *store.Conflict {
	for _, w := range c.Roles {
		if has := s.tasks[w.Task].role(w.Agent).Role; has != store.RoleNone && has != w.Role {
			return &store.Conflict{Guard: store.GuardRole, Task: w.Task, Agent: w.Agent}
		}
	}
	return nil
}

// guardAccounts also refuses to move counters of an agent that does not exist.
func (s *Store) guardAccounts(c *store.Change) *store.Conflict {
	for i := range c.Accounts {
		d := &c.Accounts[i]
		if s.missing(c, d.Agent) {
			return &store.Conflict{Guard: store.GuardAgent, Agent: d.Agent}
		}
		has := s.account(d.Agent)
		switch {
		case exceeds(has.OpenClaims, d.OpenClaims, d.MaxOpenClaims):
			return &store.Conflict{Guard: store.GuardOpenClaims, Agent: d.Agent}
		case exceeds(has.TextBytes, d.TextBytes, d.MaxTextBytes):
			return &store.Conflict{Guard: store.GuardTextBytes, Agent: d.Agent}
		}
	}
	return nil
}

// exceeds reports whether a positive delta would raise a counter above its
// limit; 0 is no limit.
func exceeds(has, delta, limit int64) bool { return limit != 0 && delta > 0 && has+delta > limit }

func (s *Store) guardTags(c *store.Change) *store.Conflict {
	for i := range c.Tags {
		if s.missing(c, c.Tags[i].Agent) {
			return &store.Conflict{Guard: store.GuardAgent, Agent: c.Tags[i].Agent}
		}
	}
	return nil
}

func (s *Store) guardResults(c *store.Change) *store.Conflict {
	for i := range c.Results {
		w := &c.Results[i]
		same := func(other store.Result) bool { return other.Task == w.Task && other.No == w.No }
		if s.tasks[w.Task].hasResult(w.No) || slices.ContainsFunc(c.Results[:i], same) {
			return &store.Conflict{Guard: store.GuardDuplicate, Task: w.Task}
		}
	}
	return nil
}
