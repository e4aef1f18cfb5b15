package storetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/store"
)

// odds are more stores that each break one promise. Where a broken store edits what
// passes it, one of these has methods of its own.
var odds = map[string]func(s store.Store) store.Store{
	"a refused Change is half written": func(s store.Store) store.Store {
		return commits{s, func(ctx context.Context, c *store.Change) (store.Committed, error) {
			done, err := s.Commit(ctx, c)
			if refusal(err) != nil {
				_, _ = s.Commit(ctx, &store.Change{At: c.At, Events: c.Events})
			}
			return done, err
		}}
	},
	"metadata of tasks is lost": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			c.Tasks = slices.Clone(c.Tasks)
			for i, w := range c.Tasks {
				bare := *w.New
				bare.Metadata = nil
				c.Tasks[i].New = &bare
			}
		})
	},
	"direct hires are counted": func(s store.Store) store.Store { return &countsHires{Store: s} },
	"events of a Change get their numbers in it": func(s store.Store) store.Store {
		return commits{s, func(ctx context.Context, c *store.Change) (store.Committed, error) {
			done, err := s.Commit(ctx, c)
			for i := range c.Events {
				c.Events[i].Seq = int64(i + 1)
			}
			return done, err
		}}
	},
	"refusals name nobody": func(s store.Store) store.Store {
		return commits{s, func(ctx context.Context, c *store.Change) (store.Committed, error) {
			done, err := s.Commit(ctx, c)
			if conflict := refusal(err); conflict != nil {
				err = &store.Conflict{Guard: conflict.Guard}
			}
			return done, err
		}}
	},
	"guards look at what the Change writes": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			c.Unchanged = slices.DeleteFunc(slices.Clone(c.Unchanged), func(ref store.TaskRef) bool {
				return slices.ContainsFunc(c.Tasks, func(w store.TaskWrite) bool {
					return w.New.ID == ref.ID && w.New.Version == ref.Version
				})
			})
		})
	},
	"new agents are not there yet": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			for _, a := range c.Agents {
				has, err := s.Agents(context.Background(), []store.AgentID{a.New.ID})
				if err == nil && len(has) == 0 && slices.Contains(c.Active, a.New.ID) {
					c.Active = append(slices.Clone(c.Active), unknown)
				}
			}
		})
	},
	"events go out before the rest": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			if len(c.Active) == 0 && len(c.Agents) > 0 && c.Agents[0].Old != nil {
				_, _ = s.Commit(context.Background(), &store.Change{At: c.At, Events: c.Events})
				c.Events = nil
			}
		})
	},
	"the platform may be suspended": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			if slices.Contains(c.Active, store.Platform) {
				c.Active = append(slices.Clone(c.Active), unknown)
			}
		})
	},
	"events for nobody are refused": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			if slices.ContainsFunc(c.Events, func(e store.Event) bool { return e.Agent == unknown }) {
				c.Active = append(slices.Clone(c.Active), unknown)
			}
		})
	},
	"statistics of nobody are passed over": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			c.Tags = slices.DeleteFunc(slices.Clone(c.Tags), func(d store.TagDelta) bool { return d.Agent == unknown })
		})
	},
	"ids know no case": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			c.Agents = slices.Clone(c.Agents)
			for i := range c.Agents {
				if p := *c.Agents[i].New; strings.HasPrefix(string(p.ID), "ag-ABC") {
					p.ID = store.AgentID(strings.ToLower(string(p.ID)))
					c.Agents[i].New = &p
				}
			}
		})
	},
	"outcomes are written anew": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			if c.Idempotency != nil {
				r := *c.Idempotency
				var text bytes.Buffer
				_ = json.Compact(&text, r.Outcome)
				r.Outcome = text.Bytes()
				c.Idempotency = &r
			}
		})
	},

	"the last that holds is committed": func(s store.Store) store.Store {
		return firsts{s, func(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
			turned := slices.Clone(cs)
			slices.Reverse(turned)
			index, done, errs, err := s.CommitFirst(ctx, turned)
			if index >= 0 {
				index = len(cs) - 1 - index
			}
			return index, done, errs, err
		}}
	},
	"nobody learns why none was committed": func(s store.Store) store.Store {
		return firsts{s, func(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
			index, done, _, err := s.CommitFirst(ctx, cs)
			return index, done, nil, err
		}}
	},
	"one that fails stops the others": func(s store.Store) store.Store {
		return eaches{s, func(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
			done, errs := make([]store.Committed, len(cs)), make([]error, len(cs))
			for i, c := range cs {
				if done[i], errs[i] = s.Commit(ctx, c); errs[i] != nil {
					break
				}
			}
			return done, errs
		}}
	},
	"each is committed in another order": func(s store.Store) store.Store {
		return eaches{s, func(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
			done, errs := make([]store.Committed, len(cs)), make([]error, len(cs))
			for i, c := range slices.Backward(cs) {
				done[i], errs[i] = s.Commit(ctx, c)
			}
			return done, errs
		}}
	},
	"a hundred and one are taken": func(s store.Store) store.Store {
		return eaches{s, func(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
			head := cs[:min(len(cs), store.MaxEach)]
			done, errs := s.CommitEach(ctx, head)
			more, failed := s.CommitEach(ctx, cs[len(head):])
			return append(done, more...), append(errs, failed...)
		}}
	},
	"any number of tasks is read": func(s store.Store) store.Store {
		return lists{Store: s, tasks: func(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
			return s.Tasks(ctx, ids[:min(len(ids), store.MaxIDs)])
		}}
	},
	"any number of agents is read": func(s store.Store) store.Store {
		return lists{Store: s, agents: func(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
			return s.Agents(ctx, ids[:min(len(ids), store.MaxIDs)])
		}}
	},
	"unknown agents are made up": func(s store.Store) store.Store {
		return lists{Store: s, agents: func(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
			found, err := s.Agents(ctx, ids)
			for err == nil && len(found) < len(ids) {
				found = append(found, &store.Agent{})
			}
			return found, err
		}}
	},
	"what was read changes later": func(s store.Store) store.Store {
		var mu sync.Mutex
		shown := map[store.AgentID]*store.Agent{}
		return lists{Store: s, agents: func(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
			found, err := s.Agents(ctx, ids)
			mu.Lock()
			defer mu.Unlock()
			for i, a := range found {
				if shown[a.ID] == nil {
					shown[a.ID] = new(store.Agent)
				}
				*shown[a.ID] = *a
				found[i] = shown[a.ID]
			}
			return found, err
		}}
	},
	"instants are cut to milliseconds": func(s store.Store) store.Store {
		return edits(s, func(c *store.Change) {
			c.Tasks = rewriteEach(c.Tasks, func(w *store.TaskWrite) {
				copied := *w.New
				copied.CreatedAt = copied.CreatedAt.Truncate(time.Millisecond)
				w.New = &copied
			})
		})
	},
	"instants come back in another zone": func(s store.Store) store.Store {
		return lists{Store: s, tasks: func(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
			found, err := s.Tasks(ctx, ids)
			return rewriteEach(found, func(t *store.StoredTask) {
				copied := *t.Task
				copied.CreatedAt = copied.CreatedAt.In(time.FixedZone("there", 3600))
				t.Task = &copied
			}), err
		}}
	},

	"loading brings what nobody asked for": loading(func(q *store.LoadQuery) { q.Text = true }, nil),
	"records live a microsecond longer": loading(func(q *store.LoadQuery) {
		if q.Idempotency != nil {
			q.Now = q.Now.Add(-time.Microsecond)
		}
	}, nil),
	"the newest due of an agent comes first": loading(nil, func(l *store.Loaded) {
		l.Due = slices.Clone(l.Due)
		slices.Reverse(l.Due)
	}),
	"more than a hundred are due": loading(nil, func(l *store.Loaded) {
		if len(l.Due) == 100 {
			l.Due = append(slices.Clone(l.Due), nothing)
		}
	}),
	"pairs that were never touched have no names": loading(nil, func(l *store.Loaded) {
		if l.WorkerTrust.Interactions == 0 {
			l.WorkerTrust.From, l.WorkerTrust.To = "", ""
		}
	}),
}

// silent returns a store that says nothing of one guard.
func silent(guard store.Guard) func(store.Store) store.Store {
	return func(s store.Store) store.Store {
		return commits{s, func(ctx context.Context, c *store.Change) (store.Committed, error) {
			done, err := s.Commit(ctx, c)
			if conflict := refusal(err); conflict != nil && conflict.Guard == guard {
				err = nil
			}
			return done, err
		}}
	}
}

// repeats returns a store that takes for new what bears a name that it has seen.
func repeats(name func(c *store.Change) []string, forget func(c *store.Change)) func(store.Store) store.Store {
	return func(s store.Store) store.Store {
		var mu sync.Mutex
		seen := map[string]bool{}
		return edits(s, func(c *store.Change) {
			mu.Lock()
			defer mu.Unlock()
			for _, n := range name(c) {
				if seen[n] {
					forget(c)
				}
				seen[n] = true
			}
		})
	}
}

// allOdds adds to odds a silent store for each guard, and one for each thing that has
// to be new.
func allOdds() map[string]func(store.Store) store.Store {
	for _, guard := range []store.Guard{
		store.GuardTask, store.GuardAgent, store.GuardTrust, store.GuardStrikes, store.GuardSystemPay, store.GuardSuspended,
		store.GuardRole, store.GuardBalance, store.GuardTransfer, store.GuardOpenClaims, store.GuardTextBytes,
		store.GuardQuestions, store.GuardTalkBytes, store.GuardAnswered, store.GuardReport, store.GuardDuplicate,
		store.GuardIdempotency,
	} {
		odds["nothing is said of the guard "+string(guard)] = silent(guard)
	}
	odds["results may come twice"] = repeats(func(c *store.Change) []string {
		return names(c.Results, func(r store.Result) string { return fmt.Sprint(r.Task, r.No) })
	}, func(c *store.Change) { c.Results = nil })
	odds["questions may come twice"] = repeats(func(c *store.Change) []string {
		return names(c.Questions, func(q store.Question) string { return string(q.ID) })
	}, func(c *store.Change) { c.Questions = nil })
	odds["messages may come twice"] = repeats(func(c *store.Change) []string {
		return names(c.Messages, func(m store.Message) string { return string(m.ID) })
	}, func(c *store.Change) { c.Messages = nil })
	odds["reports may come twice"] = repeats(func(c *store.Change) []string {
		return names(c.Reports, func(r store.Report) string { return string(r.ID) })
	}, func(c *store.Change) { c.Reports = nil })
	odds["an agent may report a task twice"] = repeats(func(c *store.Change) []string {
		return names(c.Reports, func(r store.Report) string { return fmt.Sprint(r.Task, r.Reporter) })
	}, func(c *store.Change) { c.Reports = nil })
	for name, odd := range oddQueues {
		odds[name] = odd
	}
	return odds
}

func names[T any](in []T, name func(T) string) (out []string) {
	for _, v := range in {
		out = append(out, name(v))
	}
	return out
}

func refusal(err error) *store.Conflict {
	var conflict *store.Conflict
	_ = errors.As(err, &conflict)
	return conflict
}

// edits edits each Change that comes alone.
func edits(s store.Store, edit func(c *store.Change)) store.Store {
	return commits{s, func(ctx context.Context, c *store.Change) (store.Committed, error) {
		copied := *c
		edit(&copied)
		return s.Commit(ctx, &copied)
	}}
}

// loading edits what is asked and what is answered.
func loading(ask func(q *store.LoadQuery), answer func(l *store.Loaded)) func(store.Store) store.Store {
	return func(s store.Store) store.Store {
		return lists{Store: s, load: func(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
			l, err := s.Load(ctx, with(q, ask))
			if err != nil || answer == nil {
				return l, err
			}
			copied := with(*l, answer)
			return &copied, nil
		}}
	}
}

type commits struct {
	store.Store
	commit func(ctx context.Context, c *store.Change) (store.Committed, error)
}

func (s commits) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	return s.commit(ctx, c)
}

// countsHires counts every direct hire in its totals.
type countsHires struct {
	store.Store
	mu   sync.Mutex
	more map[store.TaskID]store.Status
}

func (s *countsHires) Commit(ctx context.Context, c *store.Change) (store.Committed, error) {
	done, err := s.Store.Commit(ctx, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range c.Tasks {
		if delete(s.more, w.New.ID); w.New.Sealed() && err == nil {
			if s.more == nil {
				s.more = map[store.TaskID]store.Status{}
			}
			s.more[w.New.ID] = w.New.Status
		}
	}
	return done, err
}

func (s *countsHires) Totals(ctx context.Context) (store.Totals, error) {
	t, err := s.Store.Totals(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Tasks = maps.Clone(t.Tasks)
	for _, status := range s.more {
		t.Tasks[status]++
	}
	return t, err
}

type firsts struct {
	store.Store
	first func(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error)
}

func (s firsts) CommitFirst(ctx context.Context, cs []*store.Change) (int, store.Committed, []error, error) {
	return s.first(ctx, cs)
}

type eaches struct {
	store.Store
	each func(ctx context.Context, cs []*store.Change) ([]store.Committed, []error)
}

func (s eaches) CommitEach(ctx context.Context, cs []*store.Change) ([]store.Committed, []error) {
	return s.each(ctx, cs)
}

// lists has what is not nil in the place of the store's.
type lists struct {
	store.Store
	load   func(ctx context.Context, q store.LoadQuery) (*store.Loaded, error)
	tasks  func(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error)
	agents func(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error)
}

func (s lists) Load(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	if s.load == nil {
		return s.Store.Load(ctx, q)
	}
	return s.load(ctx, q)
}

func (s lists) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	if s.tasks == nil {
		return s.Store.Tasks(ctx, ids)
	}
	return s.tasks(ctx, ids)
}

func (s lists) Agents(ctx context.Context, ids []store.AgentID) ([]*store.Agent, error) {
	if s.agents == nil {
		return s.Store.Agents(ctx, ids)
	}
	return s.agents(ctx, ids)
}
