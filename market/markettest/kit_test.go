package markettest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
	"github.com/pinchwork/pinchwork/store/memory"
)

func TestClockFiresInTheOrderOfTime(t *testing.T) {
	c := markettest.NewClock(markettest.Start)
	late, soon, same := c.After(3*time.Second), c.After(time.Second), c.After(time.Second)
	if c.Waiting() != 3 {
		t.Fatalf("%d wait, want 3", c.Waiting())
	}
	c.Advance(time.Second - 1)
	select {
	case at := <-soon:
		t.Fatalf("fired at %s", at)
	default:
	}
	c.Advance(time.Minute)
	for _, w := range []struct {
		fired <-chan time.Time
		after time.Duration
	}{{soon, time.Second}, {same, time.Second}, {late, 3 * time.Second}} {
		if at := <-w.fired; !at.Equal(markettest.Start.Add(w.after)) {
			t.Errorf("fired at %s, want %s after the start", at, w.after)
		}
	}
	if at := <-c.After(0); !at.Equal(c.Now()) {
		t.Errorf("After(0) fired at %s", at)
	}
}

func TestAdvanceTakesChainedTimersInOrder(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("chain", markettest.ClaimTimeout(time.Hour))
	bob.Claim(id)
	k.Advance(80 * time.Hour) // claim timeout after 1 h, then expiry 72 h later
	if got := ada.Task(id).Status; got != market.StatusExpired {
		t.Fatalf("the task is %s", got)
	}
	events := ada.Events()
	var at []time.Duration
	for _, e := range events[1:] {
		at = append(at, e.At.Sub(markettest.Start))
	}
	if want := []time.Duration{time.Hour, 73 * time.Hour}; !slices.Equal(at, want) {
		t.Errorf("events at %v, want %v", at, want)
	}
}

func TestAtAndPolicyAreUsed(t *testing.T) {
	start := time.Date(2030, 5, 1, 0, 0, 0, 0, time.UTC)
	k := markettest.New(t, markettest.At(start), markettest.Policy(func(p *market.Policy) { p.InitialCredits = 7 }))
	ada := k.Agent("ada")
	if got := ada.Balance(); got != 7 {
		t.Errorf("ada has %d credits, want 7", got)
	}
	if got := ada.Credits().Ledger[0].CreatedAt; !got.Equal(start) {
		t.Errorf("registered at %s, want %s", got, start)
	}
}

func TestRefusedScriptsEndTheTest(t *testing.T) {
	said := failuresOf(func(t testing.TB) {
		k := markettest.New(t)
		k.Agent("ada").Post("too dear", markettest.Budget(101))
	})
	if len(said) != 1 || !strings.Contains(said[0], "ada could not post") || !strings.Contains(said[0], "Have 100, need 101") {
		t.Errorf("the test said %q", said)
	}
}

// A store that loses or doubles something must not pass.
func TestCheckFindsBrokenBooks(t *testing.T) {
	for name, breakIt := range map[string]func(k *markettest.Kit, ada *markettest.Agent) *store.Change{
		"open claims": func(_ *markettest.Kit, ada *markettest.Agent) *store.Change {
			return &store.Change{Accounts: []store.AccountDelta{{Agent: ada.ID, OpenClaims: 1}}}
		},
		"escrow": func(_ *markettest.Kit, ada *markettest.Agent) *store.Change {
			return &store.Change{Accounts: []store.AccountDelta{{Agent: ada.ID, Escrowed: 5}}}
		},
		"movements of kind refund": func(k *markettest.Kit, ada *markettest.Agent) *store.Change {
			id := ada.Post("refunded while posted")
			return &store.Change{Transfers: []store.Transfer{{
				ID: "le-0000000000000000", From: store.EscrowAccount(id), To: store.AgentAccount(ada.ID), Amount: 1,
				Kind: store.EntryRefund, Agent: ada.ID, Task: id, At: k.Clock.Now(),
			}}}
		},
		"the poster works on it": func(k *markettest.Kit, ada *markettest.Agent) *store.Change {
			old := k.Stored(ada.Post("claimed by its poster"))
			next := *old
			next.Version, next.Status = old.Version+1, market.StatusClaimed
			next.Claim = &store.Claim{Worker: ada.ID, At: k.Clock.Now()}
			return &store.Change{Tasks: []store.TaskWrite{{Old: old, New: &next}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := failuresOf(func(t testing.TB) {
				k := markettest.New(t)
				c := breakIt(k, k.Agent("ada"))
				c.At = k.Clock.Now()
				if _, err := k.Store.Commit(k.Ctx, c); err != nil {
					panic(err)
				}
				k.Check()
			})
			if !strings.Contains(strings.Join(said, "\n"), name) {
				t.Errorf("the check said %q", said)
			}
		})
	}
}

func TestDoChecksOnce(t *testing.T) {
	k := markettest.New(t, markettest.Store(memory.New()))
	ada, bob := k.Agent("ada"), k.Agent("bob")
	k.Do("a life", func() {
		id := ada.Post("task")
		bob.Work(id, ada, 5)
	})
	if got := bob.Me(); got.Credits != 145 || got.Reputation != 5 || got.TasksCompleted != 1 {
		t.Errorf("bob is %+v", got)
	}
}
