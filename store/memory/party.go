package memory

import (
	"time"

	"github.com/tidwall/btree"

	"github.com/pinchwork/pinchwork/store"
)

// maxDue is how many due tasks of one agent come with a read.
const maxDue = 100

// party is everything that is stored under one agent id. It exists from the
// first mention of the id, which may be before the agent exists; the platform
// never has an agent.
type party struct {
	id store.AgentID
	// agent is nil until the agent exists. Readers share it: a commit that
	// changes it replaces it once (Store.own).
	agent *store.Agent
	stamp uint64
	// key finds the agent; once it has been rekeyed, oldKey does too, until the
	// profile's OldKeyUntil.
	key, oldKey store.KeyDigest
	rekeyed     bool

	posted, worked *roleIndex
	// due has the tasks of both roles by NextDue.
	due index

	// entries are the numbers of the agent's lines in the ledger, by Seq; latest
	// those that no later line predates.
	entries, latest []uint32
	tags            map[string]*store.TagStat
	// events are the elements of Store.events that are the agent's; the event with
	// the number n is the agent's element n−1.
	events log[int64]
	trust  *trust
	dead   *btree.BTreeG[*letter]
}

// party returns what is stored under an id, and creates it at the first
// mention.
func (s *Store) party(id store.AgentID) *party {
	p := s.parties[id]
	if p == nil {
		p = &party{id: id}
		s.parties[id] = p
	}
	return p
}

// existing returns the party of an agent that exists, else nil.
func (s *Store) existing(id store.AgentID) *party {
	if p := s.parties[id]; p != nil && p.agent != nil {
		return p
	}
	return nil
}

// agent returns an agent, or nil.
func (s *Store) agent(id store.AgentID) *store.Agent {
	if p := s.parties[id]; p != nil {
		return p.agent
	}
	return nil
}

// zero is the account of an agent that is yet to be inserted.
var zero store.Account

// account returns the account of an agent, all zeros when there is none.
func (s *Store) account(id store.AgentID) *store.Account {
	if a := s.agent(id); a != nil {
		return &a.Account
	}
	return &zero
}

// own returns the agent for writing: a copy that belongs to the running commit.
func (s *Store) own(p *party) *store.Agent {
	if p.stamp != s.stamp {
		next := *p.agent
		p.agent, p.stamp = &next, s.stamp
	}
	return p.agent
}

// dueAt returns the ids of the agent's due tasks, the longest due first.
func (s *Store) dueAt(id store.AgentID, now time.Time) []store.TaskID {
	if p := s.parties[id]; p != nil {
		return p.due.upTo(now.UnixMicro(), maxDue)
	}
	return nil
}
