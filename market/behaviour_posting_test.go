package market_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// Posting: what it takes, what it moves, what it answers with.

func TestPostAnswersWithTheTask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		posted, err := ada.API.Post(k.Ctx, market.PostInput{
			Need: "Review this", Context: "Go code", MaxCredits: 15,
			Tags: []string{"Go", "go", "security-audit", "GO"}, Deadline: 30 * time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		deadline := k.Clock.Now().Add(30 * time.Minute)
		if posted.Status != market.StatusPosted || posted.Need != "Review this" || !posted.Deadline.Equal(deadline) || posted.Task != nil {
			t.Errorf("posted %+v", posted)
		}
		if !strings.HasPrefix(string(posted.TaskID), "tk-") {
			t.Errorf("the id is %s", posted.TaskID)
		}
		v := ada.Task(posted.TaskID)
		if v.Need != "Review this" || v.Context != "Go code" || v.MaxCredits != 15 || v.PosterID != ada.ID || v.WorkerID != "" {
			t.Errorf("the task is %+v", v)
		}
		if want := []string{"Go", "security-audit"}; !slices.Equal(v.Tags, want) {
			t.Errorf("tags %v, want %v: duplicates fold to the first spelling", v.Tags, want)
		}
		if !v.CreatedAt.Equal(k.Clock.Now()) || v.CreatedAt.Location() != time.UTC || !v.ExpiresAt.Equal(k.Clock.Now().Add(72*time.Hour)) {
			t.Errorf("created %s, expires %s", v.CreatedAt, v.ExpiresAt)
		}
	})
}

func TestPostMovesMaxCreditsToEscrow(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		ada.Post("default budget")
		c := ada.Credits()
		if c.Balance != 50 || c.Escrowed != 50 || c.Total != 2 {
			t.Fatalf("credits %+v", c)
		}
		if e := c.Ledger[0]; e.Amount != -50 || e.Reason != store.EntryEscrow || e.TaskID == "" {
			t.Errorf("newest entry %+v", e)
		}
		if me := ada.Me(); me.TasksPosted != 1 {
			t.Errorf("tasks_posted is %d", me.TasksPosted)
		}
	})
}

func TestPostWithTooLittleCreditChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		_, err := ada.API.Post(k.Ctx, market.PostInput{Need: "dear", MaxCredits: 101})
		if e := markettest.Refused(t, err, market.ErrInsufficientCredits, "Insufficient credits. Have 100, need 101"); e.Field != "max_credits" {
			t.Errorf("the field is %q", e.Field)
		}
		if c := ada.Credits(); c.Balance != 100 || c.Escrowed != 0 || c.Total != 1 {
			t.Errorf("credits %+v", c)
		}
		if len(ada.Mine("", "")) != 0 || ada.Me().TasksPosted != 0 {
			t.Error("something was posted")
		}
		ada.Post("all of it", markettest.Budget(100))
		if got := ada.Balance(); got != 0 {
			t.Errorf("balance %d, want 0", got)
		}
	})
}

func TestPostLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("é", n) }
	tags := func(n int) (out []string) {
		for i := range n {
			out = append(out, "tag-"+strings.Repeat("x", i+1))
		}
		return out
	}
	cases := []struct {
		name  string
		in    market.PostInput
		field string // "" is accepted
	}{
		{"need of one character", market.PostInput{Need: "x"}, ""},
		{"need empty", market.PostInput{}, "need"},
		{"need blank", market.PostInput{Need: " \n\t\u00a0"}, "need"},
		{"need at the limit", market.PostInput{Need: long(50_000)}, ""},
		{"need beyond the limit", market.PostInput{Need: long(50_001)}, "need"},
		{"need with NUL", market.PostInput{Need: "a\x00b"}, "need"},
		{"need not UTF-8", market.PostInput{Need: "a\xffb"}, "need"},
		{"context at the limit", market.PostInput{Need: "x", Context: long(100_000)}, ""},
		{"context beyond the limit", market.PostInput{Need: "x", Context: long(100_001)}, "context"},
		{"context with NUL", market.PostInput{Need: "x", Context: "\x00"}, "context"},
		{"one credit", market.PostInput{Need: "x", MaxCredits: 1}, ""},
		{"credits left out", market.PostInput{Need: "x", MaxCredits: 0}, ""},
		{"negative credits", market.PostInput{Need: "x", MaxCredits: -5}, "max_credits"},
		{"100,000 credits", market.PostInput{Need: "x", MaxCredits: 100_000}, ""},
		{"100,001 credits", market.PostInput{Need: "x", MaxCredits: 100_001}, "max_credits"},
		{"ten tags", market.PostInput{Need: "x", Tags: tags(10)}, ""},
		{"eleven tags", market.PostInput{Need: "x", Tags: tags(11)}, "tags"},
		{"ten tags, two the same", market.PostInput{Need: "x", Tags: append(tags(9), "TAG-X")}, ""},
		{"eleven tags, two the same", market.PostInput{Need: "x", Tags: append(tags(10), "TAG-X")}, "tags"},
		{"tag of 50", market.PostInput{Need: "x", Tags: []string{strings.Repeat("a", 50)}}, ""},
		{"tag of 51", market.PostInput{Need: "x", Tags: []string{strings.Repeat("a", 51)}}, "tags"},
		{"tag with every sign", market.PostInput{Need: "x", Tags: []string{"0aZ_-9"}}, ""},
		{"tag that starts with a hyphen", market.PostInput{Need: "x", Tags: []string{"-a"}}, ""},
		{"tag that starts with an underscore", market.PostInput{Need: "x", Tags: []string{"_a"}}, ""},
		{"need of nothing that is seen", market.PostInput{Need: "\u200b\u3164 \u2800"}, "need"},
		{"tag with a space", market.PostInput{Need: "x", Tags: []string{"a b"}}, "tags"},
		{"empty tag", market.PostInput{Need: "x", Tags: []string{""}}, "tags"},
		{"tag with a letter beyond ASCII", market.PostInput{Need: "x", Tags: []string{"é"}}, "tags"},
		{"deadline in a minute", market.PostInput{Need: "x", Deadline: time.Minute}, ""},
		{"deadline before now", market.PostInput{Need: "x", Deadline: -time.Nanosecond}, "deadline_minutes"},
		{"deadline in a year", market.PostInput{Need: "x", Deadline: 525_600 * time.Minute}, ""},
		{"deadline beyond a year", market.PostInput{Need: "x", Deadline: 525_600*time.Minute + 1}, "deadline_minutes"},
		{"claim timeout below 0", market.PostInput{Need: "x", ClaimTimeout: -time.Minute}, "claim_timeout_minutes"},
		{"claim timeout at the limit", market.PostInput{Need: "x", ClaimTimeout: 525_600 * time.Minute}, ""},
		{"claim timeout beyond", market.PostInput{Need: "x", ClaimTimeout: 525_601 * time.Minute}, "claim_timeout_minutes"},
		{"review timeout below 0", market.PostInput{Need: "x", ReviewTimeout: -time.Minute}, "review_timeout_minutes"},
		{"review timeout at the limit", market.PostInput{Need: "x", ReviewTimeout: 525_600 * time.Minute}, ""},
		{"review timeout beyond", market.PostInput{Need: "x", ReviewTimeout: 525_601 * time.Minute}, "review_timeout_minutes"},
		{"wait of -1", market.PostInput{Need: "x", Wait: -time.Second}, "wait"},
		{"wait of 301", market.PostInput{Need: "x", Wait: 301 * time.Second}, "wait"},
	}
	k := markettest.New(t, markettest.CheckRarely())
	ada := k.Agent("ada", markettest.Granted(1_000_000))
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			posted, err := ada.API.Post(k.Ctx, c.in)
			if c.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				if v := ada.Task(posted.TaskID); v.Need != c.in.Need || v.MaxCredits < 1 {
					t.Errorf("posted %d characters of need, %d credits", len(v.Need), v.MaxCredits)
				}
				return
			}
			if e := markettest.Refused(t, err, market.ErrInvalid, c.field); e.Field != c.field {
				t.Errorf("the field is %q, want %q", e.Field, c.field)
			}
		})
	}
}

func TestOwnTimeoutsReplaceTheDefaults(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("quick", markettest.ClaimTimeout(10*time.Minute), markettest.ReviewTimeout(20*time.Minute))
		if p := bob.Claim(id); !p.ClaimDeadline.Equal(k.Clock.Now().Add(10 * time.Minute)) {
			t.Errorf("claim deadline %s", p.ClaimDeadline)
		}
		k.Advance(10 * time.Minute)
		if got := ada.Task(id).Status; got != market.StatusPosted {
			t.Fatalf("after the claim timeout the task is %s", got)
		}
		bob.Claim(id)
		bob.Deliver(id, "done")
		k.Advance(20*time.Minute - time.Microsecond)
		if got := ada.Task(id).Status; got != market.StatusDelivered {
			t.Fatalf("before the review timeout the task is %s", got)
		}
		k.Advance(time.Microsecond)
		if got := ada.Task(id).Status; got != market.StatusApproved {
			t.Fatalf("after the review timeout the task is %s", got)
		}
	})
}

func TestMineListsNewestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		var ids []market.TaskID
		for range 3 { // in the same instant
			ids = append(ids, ada.Post("task", markettest.Budget(10)))
		}
		bob.Claim(ids[1])
		own := bob.Post("the other way round", markettest.Budget(10))
		want := []market.TaskID{ids[2], ids[1], ids[0]}
		if got := idsOf(ada.Mine(market.PartyPoster, "")); !slices.Equal(got, want) {
			t.Errorf("mine %v, want %v", got, want)
		}
		if got := idsOf(ada.Mine(market.PartyPoster, market.StatusClaimed)); !slices.Equal(got, want[1:2]) {
			t.Errorf("claimed %v", got)
		}
		if got := idsOf(ada.Mine(market.PartyWorker, "")); len(got) != 0 {
			t.Errorf("as worker %v", got)
		}
		if got := idsOf(bob.Mine(market.PartyAny, "")); !slices.Equal(got, []market.TaskID{own, ids[1]}) {
			t.Errorf("bob's tasks %v", got)
		}
		page, err := ada.API.Mine(k.Ctx, market.MineQuery{Page: market.Page{Limit: 1, Offset: 1}})
		if err != nil || page.Total != 3 || !slices.Equal(idsOf(page.Tasks), want[1:2]) {
			t.Errorf("a page is %+v, %v", page, err)
		}
	})
}

func idsOf(tasks []market.Task) []market.TaskID {
	ids := []market.TaskID{}
	for _, v := range tasks {
		ids = append(ids, v.TaskID)
	}
	return ids
}

func TestMineRefusesUnknownValues(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	for field, q := range map[string]market.MineQuery{
		"role":   {Role: "boss"},
		"status": {Status: "lost"},
		"limit":  {Page: market.Page{Limit: 101}},
		"offset": {Page: market.Page{Offset: -1}},
	} {
		_, err := ada.API.Mine(k.Ctx, q)
		if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != field {
			t.Errorf("the field is %q, want %q", e.Field, field)
		}
	}
}

func TestTaskResponseHasEveryField(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada"), k.Agent("bob")
		id := ada.Post("need", markettest.Background("context"), markettest.Budget(40))
		bob.Claim(id)
		k.Advance(time.Minute)
		v := bob.Deliver(id, "first", 20)
		if v.Status != market.StatusDelivered || v.Result != "first" || v.CreditsCharged != 20 || v.WorkerID != bob.ID || !v.DeliveredAt.Equal(k.Clock.Now()) {
			t.Errorf("delivered %+v", v)
		}
		if _, err := ada.API.Reject(k.Ctx, id, market.RejectInput{Reason: "no tests", Feedback: "good start"}); err != nil {
			t.Fatal(err)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			v := a.Task(id)
			if v.Status != market.StatusClaimed || v.RejectionReason != "no tests" || v.RejectionFeedback != "good start" ||
				v.RejectionCount != 1 || !v.RejectionGraceDeadline.Equal(k.Clock.Now().Add(5*time.Minute)) || v.Result != "first" {
				t.Errorf("%s sees %+v", a.Name, v)
			}
		}
		bob.Deliver(id, "second")
		v, err := ada.API.Approve(k.Ctx, id, market.ApproveInput{Rating: 4, Feedback: "better"})
		if err != nil || v.Status != market.StatusApproved || v.Result != "second" || v.CreditsCharged != 40 ||
			v.Rating != 4 || v.Feedback != "better" || v.RejectionCount != 1 {
			t.Errorf("approved %+v, %v", v, err)
		}
		if v := bob.Task(id); v.Rating != 4 || v.Feedback != "better" {
			t.Errorf("the worker sees %+v", v)
		}
	})
}
