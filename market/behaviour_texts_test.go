package market_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

const week = 7 * 24 * time.Hour

func atMost(bytes int64) markettest.Option {
	return policy(func(p *market.Policy) { p.MaxAgentBytes = bytes })
}

func textBytes(k *markettest.Kit, a *markettest.Agent) int64 {
	found, err := k.Store.Agents(k.Ctx, []market.AgentID{a.ID})
	if err != nil || len(found) != 1 {
		k.Fatal(found, err)
	}
	return found[0].TextBytes
}

func tooManyBytes(t *testing.T, err error) {
	t.Helper()
	var e *market.Error
	if !errors.Is(err, market.ErrConflict) || !errors.As(err, &e) || e.Code != market.CodeTooManyBytes {
		t.Errorf("got %v, want too_many_bytes", err)
	}
}

// Posting and taking back again and again fills no store: what was cancelled
// counts until it is dropped, and costs nobody anything then.
func TestTextsOfCancelledAndExpiredTasksCountUntilTheyAreDropped(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		need, about := strings.Repeat("n", 400), strings.Repeat("c", 200)
		gone := ada.Post(need, markettest.Background(about), markettest.Budget(10))
		if _, err := bob.API.Ask(k.Ctx, gone, "what for?"); err != nil {
			t.Fatal(err)
		}
		ada.Cancel(gone)
		post := func() error {
			_, err := ada.API.Post(k.Ctx, market.PostInput{Need: need, Context: about, MaxCredits: 10})
			return err
		}
		tooManyBytes(t, post())
		if c := ada.Credits(); c.Balance != 100 || c.Escrowed != 0 {
			t.Errorf("a refused post left %+v", c)
		}
		late := ada.Post(need[:390], markettest.Budget(10))
		tooManyBytes(t, post())
		k.Advance(week)
		if v := ada.Task(gone); !v.TextsPruned || v.Need != "" || v.Context != "" || len(ada.Questions(gone)) != 0 {
			t.Errorf("a week later the task is %+v", v)
		}
		if v := ada.Task(late); v.TextsPruned || v.Need != need[:390] || v.Status != market.StatusExpired {
			t.Errorf("four days after it expired the task is %+v", v)
		}
		if err := post(); err != nil {
			t.Errorf("there is room again: %v", err)
		}
		k.Advance(72 * time.Hour)
		if v := ada.Task(late); !v.TextsPruned || v.Need != "" {
			t.Errorf("a week after it expired the task is %+v", v)
		}
		k.Advance(30 * 24 * time.Hour)
		if n := textBytes(k, ada); n != 0 {
			t.Errorf("in the end %d bytes count", n)
		}
	}, atMost(1_000))
}

// Deliveries count for the worker: rejected ones too, until they are dropped.
func TestResultsCountUntilTheyArePaidOrDropped(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("work", markettest.Budget(10))
		bob.Claim(id)
		result := strings.Repeat("r", 400)
		for range 2 {
			bob.Deliver(id, result)
			ada.Reject(id, "no")
		}
		_, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: result})
		tooManyBytes(t, err)
		if v := ada.Task(id); v.Status != market.StatusClaimed || v.Result == "" || v.Result != result {
			t.Errorf("a refused delivery left %+v", v)
		}
		bob.Deliver(id, "short")
		ada.Approve(id)
		if n := textBytes(k, ada); n != 0 {
			t.Errorf("%d bytes count for the poster of an approved task", n)
		}
		if n := textBytes(k, bob); n != 800 {
			t.Errorf("%d bytes count for the worker, want those of two superseded results", n)
		}
		k.Advance(week)
		if n := textBytes(k, bob); n != 0 {
			t.Errorf("a week later %d bytes count", n)
		}
		if v := bob.Task(id); v.TextsPruned || v.Need != "work" || v.Result == "" || v.Result != "short" {
			t.Errorf("of an approved task nothing else goes: %+v", v)
		}
	}, atMost(1_000))
}

// A result that went with its worker's claim is dropped like the others, whatever
// becomes of the task.
func TestResultsOfLapsedClaimsAreDropped(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("work", markettest.Budget(10))
		bob.Claim(id)
		bob.Deliver(id, "a first try")
		ada.Reject(id, "no")
		k.Advance(5 * time.Minute)
		eve.Claim(id)
		k.Advance(48 * time.Hour)
		eve.Deliver(id, "done")
		k.Advance(24 * time.Hour)
		if n := textBytes(k, bob); n != int64(len("a first try")) {
			t.Errorf("%d bytes count for the first worker", n)
		}
		k.Advance(week)
		if a, b, e := textBytes(k, ada), textBytes(k, bob), textBytes(k, eve); a != 0 || b != 0 || e != 0 {
			t.Errorf("bytes at the end: %d, %d, %d", a, b, e)
		}
		if stored := k.Stored(id); len(stored.Superseded) != 0 || !stored.NextDue.IsZero() {
			t.Errorf("the task keeps %+v", stored)
		}
	})
}

// However often a delivery is rejected, a task keeps few of them.
func TestATaskKeepsFewSupersededResults(t *testing.T) {
	k := markettest.New(t)
	ada, bob := k.Agent("ada"), k.Agent("bob")
	id := ada.Post("work", markettest.Budget(10))
	bob.Claim(id)
	for range 30 {
		bob.Deliver(id, "0123456789")
		ada.Reject(id, "no")
	}
	if n := len(k.Stored(id).Superseded); n != 20 {
		t.Errorf("%d superseded results are kept", n)
	}
	if n := textBytes(k, bob); n != 210 {
		t.Errorf("%d bytes count", n)
	}
}

// At the bound the store decides, once.
func TestPostsAtTheSameMomentStayWithinTheBound(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada", markettest.Granted(900))
		var posted atomic.Int64
		k.Together(10, func(int) {
			_, err := ada.API.Post(k.Ctx, market.PostInput{Need: strings.Repeat("x", 300), MaxCredits: 1})
			if err == nil {
				posted.Add(1)
			} else if !errors.Is(err, market.ErrConflict) {
				t.Error(err)
			}
		})
		if n := posted.Load(); n != 3 {
			t.Errorf("%d tasks of 300 bytes were posted within 1,000", n)
		}
	}, atMost(1_000))
}

// The talk about one task is bounded, whoever talks.
func TestTheTalkOfATaskIsBounded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("work", markettest.Budget(10))
		bob.Claim(id)
		message := strings.Repeat("𝄞", limits.Reason)
		sent, talkers := 0, []*markettest.Agent{ada, bob}
		k.Do("talking", func() {
			for ; ; sent++ {
				if _, err := talkers[sent%2].API.SendMessage(k.Ctx, id, message); err != nil {
					tooManyBytes(t, err)
					return
				}
			}
		})
		if want := limits.TalkBytes / len(message); sent != want {
			t.Errorf("%d messages were sent, want %d", sent, want)
		}
		if _, err := bob.API.SendMessage(k.Ctx, id, "a short one"); err != nil {
			t.Errorf("what still fits is refused: %v", err)
		}
	})
}

// System tasks that nobody did leave their copies of the texts no longer than others.
func TestTextsOfCancelledSystemTasksAreDropped(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		k.Agent("eve", markettest.Infra())
		id := ada.Post("work", markettest.Budget(10))
		child := k.Stored(id).Children[0]
		ada.Cancel(id)
		k.Advance(week)
		for _, id := range []market.TaskID{id, child} {
			l, err := k.Store.Load(k.Ctx, store.LoadQuery{Task: id, Text: true, Now: k.Clock.Now()})
			if err != nil {
				t.Fatal(err)
			}
			if !l.Task.TextsPruned || l.Text != (store.TaskText{}) {
				t.Errorf("%s keeps %+v", id, l.Text)
			}
		}
	})
}
