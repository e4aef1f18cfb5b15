package postgres

import (
	"context"
	"slices"

	"github.com/pinchwork/pinchwork/store"
)

// ticket is a commit in the queue. It waits until it can travel in a group,
// which is a journey: one transaction.
type ticket struct {
	// ctx is the caller's, for its values; it does not end the journey.
	ctx context.Context
	// choice are the alternatives; one at most is committed.
	choice []*prepared
	keys   []key
	// done receives the outcome.
	done chan outcome
}

func newTicket(ctx context.Context, choice []*store.Change) (*ticket, error) {
	all, err := prepareAll(choice)
	if err != nil {
		return nil, err
	}
	t := &ticket{ctx: context.WithoutCancel(ctx), choice: all, done: make(chan outcome, 1)}
	for _, c := range choice {
		t.keys = append(t.keys, keysOf(c)...)
	}
	return t, nil
}

// apart parts a group into those that touch something that the ticket touches, itself
// included, and the rest.
func (t *ticket) apart(group []*ticket) (with, rest []*ticket) {
	touched := make(map[string]bool, len(t.keys))
	for _, k := range t.keys {
		touched[k.name] = true
	}
	for _, other := range group {
		if slices.ContainsFunc(other.keys, func(k key) bool { return touched[k.name] }) {
			with = append(with, other)
		} else {
			rest = append(rest, other)
		}
	}
	return with, rest
}

// key names something that a Change touches. What several only add to may be
// touched by several in one transaction; whatever else only by one, so that in a
// transaction each guard is asked of what was there before it.
type key struct {
	name string
	sole bool
}

// keysOf are the keys of a Change.
func keysOf(c *store.Change) []key {
	k := make(keys, 0, 12)
	for i := range c.Tasks {
		k.sole("task ", string(c.Tasks[i].New.ID))
	}
	for _, ref := range c.Unchanged {
		k.shared("task ", string(ref.ID))
	}
	for _, q := range c.Talk {
		k.sole("task ", string(q.Task))
	}
	for _, ref := range c.Drop {
		k.sole("task ", string(ref.Task))
	}
	k.people(c)
	k.talk(c)
	for r := range c.EachRecord {
		k.sole("key ", string(r.Caller)+" "+r.Operation+" "+r.Key)
	}
	return k
}

type keys []key

func (k *keys) sole(kind, id string) { *k = append(*k, key{kind + id, true}) }

// shared leaves out "" and the platform, which have no account.
func (k *keys) shared(kind, id string) {
	if id != "" && id != string(store.Platform) {
		*k = append(*k, key{kind + id, false})
	}
}

// people adds the agents, and what stands between them.
func (k *keys) people(c *store.Change) {
	for _, id := range c.Active {
		k.shared("agent ", string(id))
	}
	for i := range c.Accounts {
		k.shared("agent ", string(c.Accounts[i].Agent))
	}
	for i := range c.Transfers {
		t := &c.Transfers[i]
		k.shared("agent ", string(t.Agent))
		if t.OnceOfTask() {
			k.sole("transfer ", string(t.Kind)+" "+string(t.Task))
		}
	}
	for i := range c.Events {
		k.shared("agent ", string(c.Events[i].Agent))
	}
	for i := range c.Tags {
		k.shared("agent ", string(c.Tags[i].Agent))
	}
	for i := range c.Tasks {
		k.shared("agent ", string(c.Tasks[i].New.Poster))
		k.shared("agent ", string(c.Tasks[i].New.Worker()))
	}
	k.profiles(c)
}

// profiles adds what of an agent is replaced, and not only added to.
func (k *keys) profiles(c *store.Change) {
	for i := range c.Agents {
		a := &c.Agents[i]
		k.sole("agent ", string(a.New.ID))
		if a.Old == nil {
			k.sole("digest ", string(a.Key[:]))
		}
	}
	for i := range c.Strikes {
		k.sole("agent ", string(c.Strikes[i].Agent))
	}
	for i := range c.SystemPays {
		k.sole("agent ", string(c.SystemPays[i].Agent))
	}
	for i := range c.Trust {
		k.sole("trust ", string(c.Trust[i].New.From)+" "+string(c.Trust[i].New.To))
	}
	for _, r := range c.Roles {
		k.sole("role ", string(r.Task)+" "+string(r.Agent))
	}
}

// talk adds results, questions, messages and reports.
func (k *keys) talk(c *store.Change) {
	for i := range c.Results {
		k.sole("task ", string(c.Results[i].Task))
	}
	for i := range c.Questions {
		k.sole("question ", string(c.Questions[i].ID))
	}
	for i := range c.Answers {
		k.sole("question ", string(c.Answers[i].Question))
	}
	for i := range c.Messages {
		k.sole("message ", string(c.Messages[i].ID))
	}
	for i := range c.Reports {
		k.sole("report ", string(c.Reports[i].ID))
		k.sole("reporter ", string(c.Reports[i].Task)+" "+string(c.Reports[i].Reporter))

	}
	for i := range c.Resolutions {
		k.sole("report ", string(c.Resolutions[i].ID))
	}
}
