package market_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
)

// Reputation, ratings, reports and trust (rules 2.8, 4.13, 4.14 and 9.3).

func TestTheWorkerRatesThePosterOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		rate := func(a *markettest.Agent, rating int) error {
			_, err := a.API.Rate(k.Ctx, id, market.RateInput{Rating: rating})
			return err
		}
		markettest.Refused(t, rate(eve, 5), market.ErrForbidden)
		bob.Claim(id)
		markettest.Refused(t, rate(eve, 5), market.ErrNotFound)
		markettest.Refused(t, rate(bob, 5), market.ErrConflict, "claimed")
		bob.Deliver(id, "done")
		markettest.Refused(t, rate(bob, 5), market.ErrConflict, "delivered")
		ada.Approve(id)
		markettest.Refused(t, rate(ada, 5), market.ErrForbidden, "worker")
		for _, rating := range []int{0, 6, -3, 1_000_000} {
			if e := markettest.Refused(t, rate(bob, rating), market.ErrInvalid); e.Field != "rating" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		got, err := bob.API.Rate(k.Ctx, id, market.RateInput{Rating: 4, Feedback: "clear need"})
		if err != nil || got != (market.Rated{TaskID: id, RatedID: ada.ID, Rating: 4, Feedback: "clear need"}) {
			t.Fatalf("rated: %+v, %v", got, err)
		}
		markettest.Refused(t, rate(bob, 5), market.ErrConflict, "rated")
		if p := ada.Profile(); p.Reputation != 4 || p.RatingCount != 1 {
			t.Errorf("the poster's profile is %+v", p)
		}
	})
}

// TestBothPartiesReadWhatTheWorkerSaysOfThePoster keeps it from everybody else.
func TestBothPartiesReadWhatTheWorkerSaysOfThePoster(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		bob.Work(id, ada)
		if v := ada.Task(id); v.PosterRating != 0 || v.PosterFeedback != "" {
			t.Errorf("before the rating: %+v", v)
		}
		if _, err := bob.API.Rate(k.Ctx, id, market.RateInput{Rating: 2, Feedback: "unclear need"}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			if v := a.Task(id); v.PosterRating != 2 || v.PosterFeedback != "unclear need" || v.Rating != 0 || v.Feedback != "" {
				t.Errorf("%s reads %+v", a.Name, v)
			}
			list, err := a.API.Mine(k.Ctx, market.MineQuery{})
			if err != nil || len(list.Tasks) != 1 || list.Tasks[0].PosterFeedback != "unclear need" {
				t.Errorf("%s lists %+v, %v", a.Name, list, err)
			}
		}
		_, err := eve.API.Task(k.Ctx, id, 0)
		markettest.Refused(t, err, market.ErrNotFound)
	})
}

func TestReputationIsTheMeanOfAllRatings(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		if p := bob.Profile(); p.Reputation != 0 || p.RatingCount != 0 || p.TasksCompleted != 0 || len(p.ReputationByTag) != 0 {
			t.Errorf("a new agent's profile is %+v", p)
		}
		for i, rating := range []int{5, 5, 4} {
			tags := markettest.Tagged("Python")
			if i == 2 {
				tags = markettest.Tagged("writing", "python")
			}
			bob.Work(ada.Post("task", markettest.Budget(1), tags), ada, rating)
		}
		bob.Work(ada.Post("unrated", markettest.Budget(1), markettest.Tagged("unrated")), ada)
		id := bob.Post("a task of bob's", markettest.Budget(1), markettest.Tagged("python"))
		ada.Work(id, bob)
		ada.Rate(id, 1)
		p := bob.Profile()
		if p.Reputation != 3.75 || p.RatingCount != 4 || p.TasksCompleted != 4 {
			t.Errorf("the profile is %+v", p)
		}
		want := []market.TagReputation{{Tag: "python", AvgRating: 4.67, Count: 3}, {Tag: "writing", AvgRating: 4, Count: 1}}
		if fmt.Sprint(p.ReputationByTag) != fmt.Sprint(want) {
			t.Errorf("by tag %+v, want %+v: only what was received as worker", p.ReputationByTag, want)
		}
		if me := bob.Me(); me.Reputation != 3.75 || me.TasksCompleted != 4 || me.TasksPosted != 1 {
			t.Errorf("the own profile is %+v", me)
		}
	})
}

func TestReports(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob"), k.Agent("eve")
		id := ada.Post("task")
		got, err := eve.API.ReportTask(k.Ctx, id, "spam")
		if err != nil || !strings.HasPrefix(string(got.ReportID), "rp-") || got.TaskID != id || got.Reason != "spam" || got.Status != market.ReportOpen {
			t.Fatalf("reported: %+v, %v", got, err)
		}
		_, err = eve.API.ReportTask(k.Ctx, id, "again")
		markettest.Refused(t, err, market.ErrConflict, "already")
		for _, reason := range []string{"", "  ", strings.Repeat("x", 5_001)} {
			_, err = bob.API.ReportTask(k.Ctx, id, reason)
			if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "reason" {
				t.Errorf("the field is %q", e.Field)
			}
		}
		k.Clock.Advance(time.Second)
		bob.Report(id, "me too")
		bob.Claim(id)
		k.Clock.Advance(time.Second)
		ada.Report(id, "slow")
		cat := k.Agent("cat")
		_, err = cat.API.ReportTask(k.Ctx, id, "hidden")
		markettest.Refused(t, err, market.ErrNotFound)

		list, err := k.Market.Reports(k.Ctx, "", market.Page{})
		if err != nil || list.Total != 3 || len(list.Reports) != 3 || list.Reports[0].Reason != "slow" || list.Reports[2].Reporter != eve.ID {
			t.Fatalf("reports, newest first: %+v, %v", list, err)
		}
		resolved, err := k.Market.ResolveReport(k.Ctx, got.ReportID, market.ResolveInput{Status: market.ReportDismissed, Note: "fine"})
		if err != nil || resolved.Status != market.ReportDismissed || resolved.Note != "fine" || !resolved.ResolvedAt.Equal(k.Clock.Now()) {
			t.Errorf("resolved: %+v, %v", resolved, err)
		}
		_, err = k.Market.ResolveReport(k.Ctx, got.ReportID, market.ResolveInput{Status: market.ReportReviewed})
		markettest.Refused(t, err, market.ErrConflict, "dismissed")
		_, err = k.Market.ResolveReport(k.Ctx, "rp-0000000000000000", market.ResolveInput{Status: market.ReportReviewed})
		markettest.Refused(t, err, market.ErrNotFound)
		_, err = k.Market.ResolveReport(k.Ctx, list.Reports[0].ID, market.ResolveInput{Status: "open"})
		markettest.Refused(t, err, market.ErrInvalid, "status")
		open, err := k.Market.Reports(k.Ctx, market.ReportOpen, market.Page{Limit: 1, Offset: 1})
		if err != nil || open.Total != 2 || len(open.Reports) != 1 || open.Reports[0].Reason != "me too" {
			t.Errorf("the second open one: %+v, %v", open, err)
		}
		_, err = k.Market.Reports(k.Ctx, "odd", market.Page{})
		markettest.Refused(t, err, market.ErrInvalid, "status")
	})
}

// Each figure of rules 9.2 and 9.3, to six decimals.
func TestTrustFollowsOutcomes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		check := func(what string, poster, worker float64) {
			t.Helper()
			if p, w := ada.TrustIn(bob), bob.TrustIn(ada); p != poster || w != worker {
				t.Errorf("%s: poster→worker %v, worker→poster %v, want %v and %v", what, p, w, poster, worker)
			}
		}
		check("at first", 0.5, 0.5)
		id := ada.Post("task", markettest.Budget(1))
		bob.Claim(id)
		bob.Deliver(id, "bad")
		ada.Reject(id, "bad")
		check("after a rejection", 0.45, 0.5)
		bob.Deliver(id, "good")
		ada.Approve(id)
		check("after an approval", 0.505, 0.55)
		bob.Rate(id, 2)
		check("after a bad rating of the poster", 0.505, 0.495)
		id = ada.Post("task", markettest.Budget(1))
		bob.Work(id, ada)
		check("after another approval", 0.5545, 0.5455)
		bob.Rate(id, 3)
		check("after a good rating of the poster", 0.5545, 0.59095)
		for range 3 {
			bob.Work(ada.Post("task", markettest.Budget(1)), ada)
		}
		check("rounded after each step", 0.675231, 0.701803)
	})
}

func TestTrustIsListedHighestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve, cat := k.Agent("ada"), k.Agent("bob"), k.Agent("eve"), k.Agent("cat")
		bob.Work(ada.Post("task", markettest.Budget(1)), ada)
		k.Clock.Advance(time.Minute)
		for range 2 {
			eve.Work(ada.Post("task", markettest.Budget(1)), ada)
		}
		id := ada.Post("task", markettest.Budget(1))
		cat.Claim(id)
		cat.Deliver(id, "bad")
		ada.Reject(id, "bad")
		list, err := ada.API.Trust(k.Ctx, market.Page{})
		if err != nil || list.Total != 3 || len(list.TrustScores) != 3 {
			t.Fatalf("trust: %+v, %v", list, err)
		}
		want := []market.TrustScore{
			{TrustedID: eve.ID, Score: 0.595, Interactions: 2, UpdatedAt: market.NewTime(k.Clock.Now())},
			{TrustedID: bob.ID, Score: 0.55, Interactions: 1, UpdatedAt: market.NewTime(markettest.Start)},
			{TrustedID: cat.ID, Score: 0.45, Interactions: 1, UpdatedAt: market.NewTime(k.Clock.Now())},
		}
		for i, got := range list.TrustScores {
			if got.TrustedID != want[i].TrustedID || got.Score != want[i].Score || got.Interactions != want[i].Interactions || !got.UpdatedAt.Equal(want[i].UpdatedAt.Time) {
				t.Errorf("line %d is %+v, want %+v", i, got, want[i])
			}
		}
		page, err := ada.API.Trust(k.Ctx, market.Page{Limit: 1, Offset: 1})
		if err != nil || page.Total != 3 || len(page.TrustScores) != 1 || page.TrustScores[0].TrustedID != bob.ID {
			t.Errorf("the second line alone: %+v, %v", page, err)
		}
		if list, err := k.Agent("new").API.Trust(k.Ctx, market.Page{}); err != nil || list.Total != 0 || list.TrustScores == nil {
			t.Errorf("a new agent's trust is %+v, %v", list, err)
		}
	})
}
