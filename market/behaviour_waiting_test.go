package market_test

import (
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
