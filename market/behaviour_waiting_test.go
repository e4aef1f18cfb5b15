package market_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Questions wait for an answer while the task does, and for nobody but its poster.
func TestQuestionsWaitForTheirAnswer(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		first, second, gone := ada.Post("first", markettest.Budget(1)), ada.Post("second", markettest.Budget(1)), ada.Post("gone", markettest.Budget(1))
		open := func() (texts []string) {
			t.Helper()
			questions, err := k.Market.As(ada.ID).Unanswered(k.Ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range questions {
				texts = append(texts, q.Question)
			}
			return texts
		}
		ask := func(id market.TaskID, text string) market.QuestionID {
			k.Clock.Advance(time.Second)
			return bob.Ask(id, text)
		}
		ask(second, "a?")
		answered := ask(first, "b?")
		ask(second, "c?")
		ask(gone, "d?")
		if got := open(); !slices.Equal(got, []string{"a?", "b?", "c?", "d?"}) {
			t.Errorf("open are %q", got)
		}
		ada.Answer(first, answered, "yes")
		ada.Cancel(gone)
		if got := open(); !slices.Equal(got, []string{"a?", "c?"}) {
			t.Errorf("open are then %q", got)
		}
		if questions, err := k.Market.As(bob.ID).Unanswered(k.Ctx); err != nil || len(questions) != 0 {
			t.Errorf("who asked is to answer %+v, %v", questions, err)
		}
	})
}

// The last word of the other party waits for a reply while the two can write.
func TestMessagesWaitForAReply(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		first, second := ada.Post("first", markettest.Budget(1)), ada.Post("second", markettest.Budget(1))
		eve.Claim(first)
		say := func(a *markettest.Agent, id market.TaskID, text string) {
			t.Helper()
			k.Clock.Advance(time.Second)
			if _, err := a.API.SendMessage(k.Ctx, id, text); err != nil {
				t.Fatal(err)
			}
		}
		check := func(a *markettest.Agent, want ...string) {
			t.Helper()
			messages, err := k.Market.As(a.ID).Unreplied(k.Ctx)
			var texts []string
			for _, m := range messages {
				texts = append(texts, m.Message)
			}
			if err != nil || !slices.Equal(texts, want) {
				t.Errorf("%s has to reply to %q, %v, want %q", a.Name, texts, err, want)
			}
		}
		say(eve, first, "from eve")
		check(ada, "from eve")
		k.Clock.Advance(time.Second)
		eve.Abandon(first)
		check(ada)
		k.Clock.Advance(time.Second)
		bob.Claim(first)
		bob.Claim(second)
		check(ada)
		say(bob, first, "a")
		say(bob, first, "b")
		say(bob, second, "c")
		check(ada, "c", "b")
		check(bob)
		say(ada, first, "d")
		check(ada, "c")
		check(bob, "d")
		bob.Deliver(first, "done")
		check(bob, "d")
		ada.Approve(first)
		check(bob)
		check(eve)
	})
}

// Who has reported a task can see that, and nobody else can.
func TestAReportLeavesATrace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id, other := ada.Post("first", markettest.Budget(1)), ada.Post("second", markettest.Budget(1))
		if _, err := bob.API.ReportTask(k.Ctx, id, "spam"); err != nil {
			t.Fatal(err)
		}
		at := k.Clock.Now()
		k.Clock.Advance(time.Hour)
		for _, c := range []struct {
			who  *markettest.Agent
			task market.TaskID
			want bool
		}{{bob, id, true}, {bob, other, false}, {ada, id, false}} {
			got, err := k.Market.As(c.who.ID).Reported(k.Ctx, c.task)
			if err != nil || got.IsZero() == c.want || c.want && !got.Equal(at) {
				t.Errorf("%s reported %s at %v, %v", c.who.Name, c.task, got, err)
			}
		}
	})
}

// A poster waits to be rated from the approval until its worker has done so.
func TestRatingsThatAreMissing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		first, second := ada.Post("first", markettest.Budget(1)), ada.Post("second", markettest.Budget(1))
		check := func(a *markettest.Agent, want ...market.TaskID) {
			t.Helper()
			if got, err := k.Market.As(a.ID).Unrated(k.Ctx); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s has to rate %v, %v, want %v", a.Name, got, err, want)
			}
		}
		for _, id := range []market.TaskID{first, second} {
			bob.Claim(id)
			bob.Deliver(id, "done")
		}
		check(bob)
		ada.Approve(first)
		ada.Approve(second)
		check(bob, second, first)
		check(ada)
		if _, err := bob.API.Rate(k.Ctx, second, market.RateInput{Rating: 3}); err != nil {
			t.Fatal(err)
		}
		check(bob, first)
	})
}

// What was rejected stays readable to who wrote it and to the poster.
func TestEarlierDeliveriesAreTheirPartys(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("count")
		eve.Claim(id)
		eve.Deliver(id, "41")
		ada.Reject(id, "wrong")
		eve.Abandon(id)
		bob.Claim(id)
		bob.Deliver(id, "42")
		ada.Reject(id, "why")
		bob.Deliver(id, "42, since")
		for a, want := range map[*markettest.Agent]string{ada: "1 41, 2 42", bob: "2 42"} {
			earlier, err := k.Market.As(a.ID).Earlier(k.Ctx, id)
			var got []string
			for _, e := range earlier {
				got = append(got, fmt.Sprint(e.No, " ", e.Result))
			}
			if err != nil || strings.Join(got, ", ") != want {
				t.Errorf("%s reads %q, %v, want %q", a.Name, got, err, want)
			}
		}
		for _, stranger := range []*markettest.Agent{eve, k.Agent("mallory")} {
			_, err := k.Market.As(stranger.ID).Earlier(k.Ctx, id)
			markettest.Refused(t, err, market.ErrNotFound)
		}
	})
}

func TestBriefsAreTheParties(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id, other := ada.Post(strings.Repeat("x", 90), markettest.Budget(1)), bob.Post("other", markettest.Budget(1))
		bob.Claim(id)
		got, err := k.Market.As(ada.ID).Briefs(k.Ctx, id, other, "", "tk-nothing", id)
		want := market.TaskBrief{Need: strings.Repeat("x", 79) + "…", Status: market.StatusClaimed, PosterID: ada.ID, WorkerID: bob.ID}
		if err != nil || len(got) != 1 || got[id] != want {
			t.Errorf("the poster's are %+v, %v", got, err)
		}
		if got, err := k.Market.As(bob.ID).Briefs(k.Ctx, id, other); err != nil || len(got) != 2 {
			t.Errorf("the worker's are %+v, %v", got, err)
		}
		if got, err := k.Market.As(k.Agent("eve").ID).Briefs(k.Ctx, id, other); err != nil || len(got) != 0 {
			t.Errorf("a stranger's are %+v, %v", got, err)
		}
	})
}

// Who is asked by name knows of it, however many other offers there are, until the task is
// gone.
func TestHiresAreAmongWhatWaits(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("cyd")
		check := func(a *markettest.Agent, want ...market.TaskID) {
			t.Helper()
			if got, err := k.Market.As(a.ID).Hires(k.Ctx); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s is asked for %v, %v, want %v", a.Name, got, err, want)
			}
		}
		for range 25 {
			ada.Post("go", markettest.Budget(1), markettest.Tagged("go"))
		}
		check(bob)
		hire := ada.Post("by name", markettest.Budget(1), func(in *market.PostInput) { in.OfferTo = []market.AgentID{bob.ID, cyd.ID} })
		check(bob, hire)
		check(cyd, hire)
		check(ada)
		cyd.Claim(hire)
		check(bob)
		check(cyd)
	})
}

// What a rejected delivery claimed its worker knows, as long as it may deliver again, and
// nobody else.
func TestWhatWasClaimedForARejectedDelivery(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("sing", markettest.Budget(15))
		check := func(when string, a *markettest.Agent, want int64) {
			t.Helper()
			if got, err := k.Market.As(a.ID).Rejected(k.Ctx, id); err != nil || got != want {
				t.Errorf("%s %s claimed %d, %v, want %d", when, a.Name, got, err, want)
			}
		}
		deliver := func() {
			if _, err := bob.API.Deliver(k.Ctx, id, market.DeliverInput{Result: "la", CreditsClaimed: 12}); err != nil {
				t.Fatal(err)
			}
		}
		bob.Claim(id)
		check("at work", bob, 0)
		deliver()
		check("delivered", bob, 0)
		ada.Reject(id, "too short")
		check("rejected", bob, 12)
		check("rejected", ada, 0)
		_, err := k.Market.As(eve.ID).Rejected(k.Ctx, id)
		markettest.Refused(t, err, market.ErrNotFound)
		deliver()
		check("delivered again", bob, 0)
	})
}

// Whether a secret signs its webhooks an agent knows, and never which.
func TestWhetherWebhooksAreSigned(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		for _, c := range []struct {
			secret market.Optional[string]
			want   bool
		}{{market.Null[string](), false}, {market.Some("hush"), true}, {market.Null[string](), false}} {
			if _, err := ada.API.UpdateMe(k.Ctx, market.UpdateInput{WebhookSecret: c.secret}); err != nil {
				t.Fatal(err)
			}
			if got, err := k.Market.As(ada.ID).SignsWebhooks(k.Ctx); err != nil || got != c.want {
				t.Errorf("signed: %v, %v, want %v", got, err, c.want)
			}
		}
	})
}
