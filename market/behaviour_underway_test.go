package market_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

// deed is an operation whose success makes its own repetition impossible: a
// repeat that does not find the first outcome is refused, or finds nothing.
type deed struct {
	name string
	// commit is the method of the store that makes it so.
	commit string
	// ready sets the scene and returns the call, to be made on any market.
	ready func(k *markettest.Kit) doing
}

type doing = func(ctx context.Context, m *market.Market) (any, error)

// at brings a task of a new poster to a state and returns who has it.
func at(k *markettest.Kit, status market.Status) (ada, bob *markettest.Agent, id market.TaskID) {
	ada, bob = k.Agent("ada"), k.Agent("bob")
	id = ada.Post("the task", markettest.Budget(10))
	if status == market.StatusPosted {
		return ada, bob, id
	}
	bob.Claim(id)
	if status == market.StatusClaimed {
		return ada, bob, id
	}
	bob.Deliver(id, "the result")
	if status == market.StatusApproved {
		ada.Approve(id)
	}
	return ada, bob, id
}

func deeds() []deed {
	return []deed{
		{"post all credits", "Commit", func(k *markettest.Kit) doing {
			ada := k.Agent("ada")
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(ada.ID).Post(ctx, market.PostInput{Need: "all", MaxCredits: 100})
			}
		}},
		{"pickup of the only task", "CommitFirst", func(k *markettest.Kit) doing {
			_, bob, _ := at(k, market.StatusPosted)
			return func(ctx context.Context, m *market.Market) (any, error) {
				p, ok, err := m.As(bob.ID).Pickup(ctx, market.Filter{})
				if !ok && err == nil {
					err = errNothing
				}
				return p, err
			}
		}},
		{"batch of the only task", "Commit", func(k *markettest.Kit) doing {
			_, bob, _ := at(k, market.StatusPosted)
			return func(ctx context.Context, m *market.Market) (any, error) {
				list, err := m.As(bob.ID).PickupBatch(ctx, market.BatchInput{})
				if list.Total == 0 && err == nil {
					err = errNothing
				}
				return list, err
			}
		}},
		{"pickup by id", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusPosted)
			return func(ctx context.Context, m *market.Market) (any, error) { return m.As(bob.ID).PickupTask(ctx, id) }
		}},
		{"deliver", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusClaimed)
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(bob.ID).Deliver(ctx, id, market.DeliverInput{Result: "the result"})
			}
		}},
		{"abandon", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusClaimed)
			return func(ctx context.Context, m *market.Market) (any, error) { return m.As(bob.ID).Abandon(ctx, id) }
		}},
		{"cancel", "Commit", func(k *markettest.Kit) doing {
			ada, _, id := at(k, market.StatusPosted)
			return func(ctx context.Context, m *market.Market) (any, error) { return m.As(ada.ID).Cancel(ctx, id) }
		}},
		{"approve", "Commit", func(k *markettest.Kit) doing {
			ada, _, id := at(k, market.StatusDelivered)
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(ada.ID).Approve(ctx, id, market.ApproveInput{Rating: 4})
			}
		}},
		{"reject", "Commit", func(k *markettest.Kit) doing {
			ada, _, id := at(k, market.StatusDelivered)
			return func(ctx context.Context, m *market.Market) (any, error) {
				v, err := m.As(ada.ID).Reject(ctx, id, market.RejectInput{Reason: "no"})
				v.Result = "" // once another delivery has followed, its text is not repeated
				return v, err
			}
		}},
		{"rate", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusApproved)
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(bob.ID).Rate(ctx, id, market.RateInput{Rating: 5})
			}
		}},
		{"report", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusPosted)
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(bob.ID).ReportTask(ctx, id, "spam")
			}
		}},
		{"the last question", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusPosted)
			for range limits.Unanswered - 1 {
				bob.Ask(id, "what?")
			}
			return func(ctx context.Context, m *market.Market) (any, error) { return m.As(bob.ID).Ask(ctx, id, "what?") }
		}},
		{"answer", "Commit", func(k *markettest.Kit) doing {
			ada, bob, id := at(k, market.StatusPosted)
			q := bob.Ask(id, "what?")
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(ada.ID).Answer(ctx, id, q, "that")
			}
		}},
		{"message", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusClaimed)
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.As(bob.ID).SendMessage(ctx, id, "hi")
			}
		}},
		{"grant", "Commit", func(k *markettest.Kit) doing {
			ada := k.Agent("ada")
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.Grant(ctx, market.GrantInput{AgentID: ada.ID, Amount: 7})
			}
		}},
		{"suspend", "Commit", func(k *markettest.Kit) doing {
			ada := k.Agent("ada")
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.Suspend(ctx, market.SuspendInput{AgentID: ada.ID, Suspended: true})
			}
		}},
		{"appoint", "Commit", func(k *markettest.Kit) doing {
			ada := k.Agent("ada")
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.AppointInfra(ctx, market.InfraInput{AgentID: ada.ID, Infra: true})
			}
		}},
		{"resolve", "Commit", func(k *markettest.Kit) doing {
			_, bob, id := at(k, market.StatusPosted)
			report, err := bob.API.ReportTask(k.Ctx, id, "spam")
			if err != nil {
				k.Fatal(err)
			}
			return func(ctx context.Context, m *market.Market) (any, error) {
				return m.ResolveReport(ctx, report.ReportID, market.ResolveInput{Status: market.ReportReviewed})
			}
		}},
	}
}

var errNothing = errors.New("nothing on offer")

// answer is what a call came to.
type answer struct {
	value string
	err   error
}

func attempt(ctx context.Context, m *market.Market, do doing) answer {
	v, err := do(ctx, m)
	return answer{view(v), err}
}

// held makes a call and returns when it waits at the gate.
func held(ctx context.Context, s *gatestore.Store, side gatestore.Side, method string, m *market.Market, do doing) (*gatestore.Gate, <-chan answer) {
	gate, first := s.Hold(side, method, 1), make(chan answer, 1)
	go func() { first <- attempt(ctx, m, do) }()
	<-gate.Reached
	return gate, first
}

// A repeat on another replica works on its own until the store has the record;
// whichever request commits, its outcome is that of both.
func TestARepeatOnAnotherReplicaIsTheFirstRequest(t *testing.T) {
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				for side, name := range []string{"not committed yet", "committed, and not told yet"} {
					s := gatestore.New(k.Store)
					first, second := replicaOn(t, k, s), replicaOn(t, k, s)
					do, ctx := d.ready(k), keyed(k, name)
					gate, one := held(ctx, s, gatestore.Side(side), d.commit, first, do)
					two := attempt(ctx, second, do)
					gate.Open()
					if got := <-one; got.err != nil || two.err != nil || got.value != two.value {
						t.Errorf("%s: the first got %v, the repeat %v", name, got, two)
					}
					if again := attempt(ctx, second, do); again != two {
						t.Errorf("%s: once more: %v, want %v", name, again, two)
					}
				}
			}, markettest.CheckRarely())
		})
	}
}

func replicaOn(t *testing.T, k *markettest.Kit, s market.Store) *market.Market {
	t.Helper()
	m, err := market.New(market.Config{Store: s, Clock: k.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// In one process a repeat waits for the first request, and is told that this
// is still under way when it takes long.
func TestARepeatInOneProcessWaitsForTheFirstRequest(t *testing.T) {
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for side, name := range []string{"not committed yet", "committed, and not told yet"} {
					k := markettest.New(t)
					s := gatestore.New(k.Store)
					m := replicaOn(t, k, s)
					do, ctx := d.ready(k), keyed(k, "key")
					gate, first := held(ctx, s, gatestore.Side(side), d.commit, m, do)
					impatient := attempt(ctx, m, do)
					var refusal *market.Error
					if !errors.As(impatient.err, &refusal) || refusal.Code != market.CodeStillUnderWay || refusal.RetryAfter <= 0 {
						t.Errorf("%s: the repeat got %v", name, impatient)
					}
					patient := make(chan answer, 1)
					go func() { patient <- attempt(ctx, m, do) }()
					synctest.Wait()
					gate.Open()
					one, two := <-first, <-patient
					if one.err != nil || one != two {
						t.Errorf("%s: the first got %v, the repeat %v", name, one, two)
					}
				}
			})
		})
	}
}

// A first request whose answer the store lost may have been committed or not:
// its repeat finds out.
func TestARepeatAfterALostAnswerIsTheFirstOutcome(t *testing.T) {
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				s := gatestore.New(k.Store)
				m := replicaOn(t, k, s)
				do, ctx := d.ready(k), keyed(k, "key")
				s.On(gatestore.Behind, d.commit, 1, func(context.Context) error { return errors.New("the line is dead") })
				if lost := attempt(ctx, m, do); !errors.Is(lost.err, market.ErrUnavailable) {
					t.Fatalf("the first got %v", lost)
				}
				again := attempt(ctx, m, do)
				if again.err != nil {
					t.Fatalf("the repeat got %v", again)
				}
				if more := attempt(ctx, replicaOn(t, k, s), do); more != again {
					t.Errorf("once more: %v, want %v", more, again)
				}
			}, markettest.CheckRarely())
		})
	}
}

// The outcome of a repeat is the first one also when what it is about has long
// ended, and the operator has deleted what could be deleted.
func TestARepeatAfterPruningIsTheFirstOutcome(t *testing.T) {
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
				do, ctx := d.ready(k), keyed(k, "key")
				first := attempt(ctx, k.Market, do)
				if first.err != nil {
					t.Fatal(first.err)
				}
				endAll(k)
				if _, err := k.Market.Prune(k.Ctx, k.Clock.Now().Add(time.Hour)); err != nil {
					t.Fatal(err)
				}
				if again := attempt(ctx, k.Market, do); again != first {
					t.Errorf("the repeat got %v, want %v", again, first)
				}
				// A store that has lost the task all the same: the outcome, or
				// that it cannot be told, but no panic and no empty text.
				if _, err := k.Store.Prune(k.Ctx, store.PruneQuery{Now: k.Clock.Now(), EndedBefore: k.Clock.Now().Add(time.Hour), Limit: 100}); err != nil {
					t.Fatal(err)
				}
				forgetTexts(k)
				if again := attempt(ctx, k.Market, do); again != first && !errors.Is(again.err, market.ErrNotFound) {
					t.Errorf("without the task the repeat got %v, want %v", again, first)
				}
			}, markettest.CheckRarely())
		})
	}
}

// forgetTexts takes texts of tasks that are lost off the accounts.
func forgetTexts(k *markettest.Kit) {
	agents, err := k.Store.ScanAgents(k.Ctx, "", 100)
	if err != nil {
		k.Fatal(err)
	}
	c := &store.Change{At: k.Clock.Now()}
	for _, a := range agents {
		c.Accounts = append(c.Accounts, store.AccountDelta{Agent: a.ID, TextBytes: -a.TextBytes})
	}
	if _, err := k.Store.Commit(k.Ctx, c); err != nil {
		k.Fatal(err)
	}
}

// endAll ends every task.
func endAll(k *markettest.Kit) {
	stored, err := k.Store.ScanTasks(k.Ctx, 0, 100)
	if err != nil {
		k.Fatal(err)
	}
	for _, st := range stored {
		as := func(id market.AgentID) *market.Handle { return k.Market.As(id) }
		t := st.Task
		switch t.Status {
		case market.StatusPosted:
			_, err = as(t.Poster).Cancel(k.Ctx, t.ID)
		case market.StatusClaimed:
			if _, err = as(t.Worker()).Deliver(k.Ctx, t.ID, market.DeliverInput{Result: "the result"}); err == nil {
				_, err = as(t.Poster).Approve(k.Ctx, t.ID, market.ApproveInput{})
			}
		case market.StatusDelivered:
			_, err = as(t.Poster).Approve(k.Ctx, t.ID, market.ApproveInput{})
		}
		if err != nil {
			k.Fatal(err)
		}
	}
}

// A batch whose texts cannot be read claims nothing.
func TestABatchThatCannotReadItsTextsClaimsNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		s := gatestore.New(k.Store)
		m := replicaOn(t, k, s)
		_, bob, _ := at(k, market.StatusPosted)
		there := bob.On(m)
		there.Offers() // the board is warm
		s.On(gatestore.Before, "Tasks", 1, func(context.Context) error { return errors.New("the line is dead") })
		list, err := there.API.PickupBatch(keyed(k, "key"), market.BatchInput{})
		if !errors.Is(err, market.ErrUnavailable) || list.Total != 0 {
			t.Errorf("the batch came to %+v, %v", list, err)
		}
		if got := len(bob.Mine(market.PartyWorker, market.StatusClaimed)); got != 0 {
			t.Errorf("%d claims are open", got)
		}
		if list, err = there.API.PickupBatch(keyed(k, "key"), market.BatchInput{}); err != nil || list.Total != 1 || list.Tasks[0].Need != "the task" {
			t.Errorf("the repeat came to %+v, %v", list, err)
		}
	})
}

// A store that panics in the middle of a claim takes nobody along, and what
// was reserved for the claim is free again.
func TestAClaimThatPanicsReservesNothing(t *testing.T) {
	for _, method := range []string{"CommitFirst", "CommitEach", "Commit", "Tasks"} {
		for _, side := range []gatestore.Side{gatestore.Before, gatestore.Behind} {
			t.Run(fmt.Sprint(method, side), func(t *testing.T) {
				s := gatestore.New(memory.New())
				k := markettest.New(t, markettest.Store(s))
				_, bob, _ := at(k, market.StatusPosted)
				eve := k.Agent("eve")
				s.On(side, method, 1, func(context.Context) error { panic("the store is broken") })
				ctx := k.Ctx
				var err error
				switch method {
				case "CommitFirst":
					_, _, err = bob.API.Pickup(ctx, market.Filter{})
				case "CommitEach":
					_, err = bob.API.PickupBatch(ctx, market.BatchInput{})
				default:
					_, err = bob.API.PickupBatch(keyed(k, "key"), market.BatchInput{})
				}
				var refusal *market.Error
				if !errors.As(err, &refusal) || refusal.Code != market.CodeInternal {
					t.Fatalf("the claim came to %v", err)
				}
				s.Clear()
				ctx, cancel := context.WithTimeout(k.Ctx, 10*time.Second)
				defer cancel()
				_, ok, err := eve.API.Pickup(ctx, market.Filter{})
				if committed := side == gatestore.Behind && method != "Tasks"; err != nil || ok == committed {
					t.Errorf("the next pickup came to %v, %v", ok, err)
				}
			})
		}
	}
}
