package market_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/internal/gatestore"
	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store/memory"
)

func demandOf(t *testing.T, k *markettest.Kit, tags ...string) []market.TagDemand {
	t.Helper()
	list, err := k.Market.Tags(k.Ctx, market.TagQuery{Tags: tags})
	if err != nil || list.Total != len(list.Tags) || list.TotalMore {
		t.Fatalf("tags: %+v, %v", list, err)
	}
	return list.Tags
}

func estimate(t *testing.T, a *markettest.Agent, need string, tags ...string) string {
	t.Helper()
	e, err := a.API.Estimate(a.Context(), market.EstimateInput{Need: need, Tags: tags})
	if err != nil {
		t.Fatalf("estimate %q: %v", need, err)
	}
	return fmt.Sprint(pointed(e.P25), pointed(e.MedianCredits), pointed(e.P75), pointed(e.Tasks))
}

// brief is a tag's demand in one line.
func brief(d market.TagDemand) string {
	return fmt.Sprintf("%s %d %d %v %v %v %v", d.Tag, d.OpenTasks, d.Agents, pointed(d.MedianCredits), pointed(d.MedianMinutesToClaim), pointed(d.MedianMinutesToApproval), pointed(d.Approved30d))
}

func briefs(list []market.TagDemand) (out []string) {
	for _, d := range list {
		out = append(out, brief(d))
	}
	return out
}

// trading makes agents, each with enough credits.
func trading(k *markettest.Kit, names ...string) (all []*markettest.Agent) {
	for _, name := range names {
		all = append(all, k.Agent(name, markettest.Granted(10_000)))
	}
	return all
}

// trade posts a task, has it claimed and approved, each after so many minutes.
func trade(k *markettest.Kit, poster, worker *markettest.Agent, need string, credits int64, claim, approve int, tags ...string) market.TaskID {
	id := poster.Post(need, markettest.Tagged(tags...), markettest.Budget(credits))
	k.Advance(time.Duration(claim) * time.Minute)
	worker.Claim(id)
	worker.Deliver(id, "done")
	k.Advance(time.Duration(approve) * time.Minute)
	poster.Approve(id)
	return id
}

// What was approved gives the medians of each tag, once five posters are behind them
// (rule 6.14).
func TestDemandIsKnownByTag(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		posters, worker := trading(k, "p0", "p1", "p2", "p3", "p4"), k.Agent("worker", markettest.Capable("Go", "sql"))
		k.Do("trades", func() {
			for i, p := range posters {
				trade(k, p, worker, "write a parser", int64(10*(i+1)), i, 2*i, "Go")
			}
			for _, p := range posters[:4] {
				trade(k, p, worker, "write a query", 7, 1, 1, "sql")
			}
			trade(k, posters[0], worker, "write another query", 9, 1, 1, "sql")
		})
		// Budgets 10–50; claims after 0–4 minutes, approvals after 0, 3, 6, 9 and 12.
		equal(t, "demand", fmt.Sprint(briefs(demandOf(t, k))), "[go 0 1 30 2 6 5]")
		equal(t, "demand by name", fmt.Sprint(briefs(demandOf(t, k, "SQL", "cobol"))), "[cobol 0 0 <nil> <nil> <nil> <nil> sql 0 1 <nil> <nil> <nil> <nil>]")

		trade(k, posters[4], worker, "write a last query", 16, 1, 1, "sql", "Go")
		k.Advance(time.Minute)
		// Go: 10, 16, 20, 30, 40, 50. Claims 0, 1, 1, 2, 3, 4. SQL: 7, 7, 7, 7, 9, 16.
		equal(t, "a minute later", fmt.Sprint(briefs(demandOf(t, k))), "[go 0 1 25 1.5 4.5 6 sql 0 1 7 1 2 6]")
		k.Suspend(posters[2], true)
		k.Advance(time.Minute)
		equal(t, "without a suspended poster", fmt.Sprint(briefs(demandOf(t, k))), "[]")
		k.Suspend(posters[2], false)
		k.Advance(time.Minute)
		equal(t, "with it again", len(demandOf(t, k)), 2)
		k.Clock.Advance(30 * 24 * time.Hour)
		equal(t, "30 days later", fmt.Sprint(briefs(demandOf(t, k))), "[]")
	})
}

// Open tasks are counted as everybody may know them, at once.
func TestDemandCountsOpenTasks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		posters, bob := trading(k, "ada", "eve", "joe"), k.Agent("bob", markettest.Capable("go"))
		infra := k.Agent("infra", markettest.Infra(), markettest.Capable("Go"))
		count := func(what, want string) {
			t.Helper()
			equal(t, what, strings.ReplaceAll(fmt.Sprint(briefs(demandOf(t, k))), " <nil>", ""), want)
		}
		matched := posters[0].Post("kept for bob", markettest.Tagged("go", "API"))
		posters[1].Post("another", markettest.Tagged("GO"))
		count("two of go", "[go 2 2 api 1 0]")
		hired := func(in *market.PostInput) { in.OfferTo, in.OpenAfter = []market.AgentID{bob.ID}, time.Hour }
		id := posters[2].Post("a secret", markettest.Tagged("secret", "go"), hired)
		count("a direct hire is nobody's business", "[go 2 2 api 1 0]")
		if names := demandOf(t, k, "secret"); names[0].OpenTasks != 0 {
			t.Errorf("a direct hire is counted: %+v", names)
		}
		k.Advance(time.Hour)
		count("until it opens", "[go 3 2 api 1 0 secret 1 0]")
		k.Suspend(posters[1], true)
		k.Suspend(infra, true)
		count("neither suspended posters nor agents", "[go 2 1 api 1 0 secret 1 0]")
		k.Suspend(posters[1], false)
		bob.Work(matched, posters[0])
		posters[2].Cancel(id)
		count("what is claimed or cancelled is gone", "[go 1 1]")
		k.Advance(73 * time.Hour)
		count("what has expired as well", "[]")
	})
}

// A direct hire that nobody else ever knew of is in no figure, a system task neither.
func TestDemandKeepsDirectHiresSecret(t *testing.T) {
	k := markettest.New(t)
	posters, worker, infra := trading(k, "p0", "p1", "p2", "p3", "p4"), k.Agent("worker"), k.Agent("infra", markettest.Infra())
	hired := func(in *market.PostInput) { in.OfferTo = []market.AgentID{worker.ID} }
	for _, p := range posters {
		id := p.Post("a secret", markettest.Tagged("go"), markettest.Budget(5), hired)
		worker.Work(id, p)
	}
	for _, p := range posters {
		trade(k, p, worker, "no secret", 50, 0, 0, "sql")
	}
	for {
		task, ok := infra.TryPickup()
		if !ok {
			break
		}
		infra.Deliver(task.TaskID, "{}")
	}
	equal(t, "demand", fmt.Sprint(briefs(demandOf(t, k))), "[sql 0 0 50 0 0 5]")
	equal(t, "by tag", estimate(t, worker, "anything", "go"), "<nil> <nil> <nil> <nil>")
	equal(t, "by words", estimate(t, worker, "no secret"), "50 50 50 5")
}

// A draft costs what the tasks did that share the most tags with it, else words
// (rule 6.15).
func TestEstimateOfADraft(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		posters, worker := trading(k, "p0", "p1", "p2", "p3", "p4"), k.Agent("worker")
		none := "<nil> <nil> <nil> <nil>"
		equal(t, "an empty market", estimate(t, worker, "Review my code", "go"), none)
		k.Do("trades", func() {
			for i, p := range posters {
				trade(k, p, worker, "Translating a contract from German", int64(100+i), 0, 0, "translation")
				trade(k, p, worker, "Review the code of a parser", int64(10+10*i), 0, 0, "go", "review")
				trade(k, p, worker, "Write a small tool", int64(1+i), 0, 0, "go")
			}
			trade(k, posters[0], worker, "Draw a logo", 900, 0, 0)
		})
		k.Advance(time.Minute)
		equal(t, "one tag", estimate(t, worker, "x", "GO"), "3 8 28 10") // 1–5, 10, 20, 30, 40, 50: 3.25, 7.5 and 27.5
		equal(t, "the most tags", estimate(t, worker, "x", "go", "review", "unheard-of"), "20 30 40 5")
		equal(t, "words", estimate(t, worker, "Please translate these contracts"), "101 102 103 5")
		equal(t, "words where nobody used the tag", estimate(t, worker, "Please translate these contracts", "unheard-of"), "101 102 103 5")
		equal(t, "one word of several", estimate(t, worker, "Translate poetry"), none)
		equal(t, "one word alone", estimate(t, worker, "translation!"), "101 102 103 5")
		equal(t, "too few posters", estimate(t, worker, "Draw a logo"), none)
		equal(t, "once more", estimate(t, worker, "Review the code", "go"), "3 8 28 10")
	})
}

func TestEstimateChecksItsInput(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada")
	for field, in := range map[string]market.EstimateInput{
		"need: is required":  {Need: " "},
		"need: must be at":   {Need: strings.Repeat("é", 50_001)},
		"tags: at most 10":   {Need: "x", Tags: slices.Repeat([]string{"a"}, 11)},
		"tags: each must be": {Need: "x", Tags: []string{"a b"}},
	} {
		_, err := ada.API.Estimate(k.Ctx, in)
		markettest.Refused(t, err, market.ErrInvalid, field)
	}
	for field, q := range map[string]market.TagQuery{
		"limit":  {Page: market.Page{Limit: 101}},
		"offset": {Page: market.Page{Offset: -1}},
		"tags":   {Tags: slices.Repeat([]string{"a"}, 11)},
	} {
		_, err := k.Market.Tags(k.Ctx, q)
		markettest.Refused(t, err, market.ErrInvalid, field)
	}
	_, err := k.Market.As("ag-nobody").Estimate(k.Ctx, market.EstimateInput{Need: "x"})
	markettest.Refused(t, err, market.ErrUnauthorized)
	k.Suspend(ada, true)
	_, err = ada.API.Estimate(k.Ctx, market.EstimateInput{Need: "x"})
	markettest.Refused(t, err, market.ErrSuspended)
}

func TestTagsInPages(t *testing.T) {
	k := markettest.New(t)
	ada := k.Agent("ada", markettest.Granted(1_000))
	for i := range 20 {
		ada.Post("x", markettest.Budget(1), markettest.Tagged(fmt.Sprintf("t%02d", i), fmt.Sprintf("u%d", i/5)))
	}
	all := demandOf(t, k)
	if len(all) != 24 || brief(all[0]) != "u0 5 0 <nil> <nil> <nil> <nil>" || all[4].Tag != "t00" {
		t.Errorf("all: %v", briefs(all))
	}
	for offset := 0; offset < 30; offset += 7 {
		page, err := k.Market.Tags(k.Ctx, market.TagQuery{Page: market.Page{Limit: 7, Offset: offset}})
		want := all[min(offset, len(all)):min(offset+7, len(all))]
		if err != nil || page.Total != 24 || len(page.Tags) != len(want) || len(want) > 0 && !reflect.DeepEqual(page.Tags, want) {
			t.Errorf("from %d: %v, %v", offset, briefs(page.Tags), err)
		}
	}
}

// Many tags cost no more than many: the rarest are left out.
func TestTheRarestTagsAreLeftOut(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	ada := k.Agent("ada", markettest.Granted(1_000))
	k.Do("tasks", func() {
		for i := range 110 {
			var tags []string
			for j := range 10 {
				tags = append(tags, fmt.Sprintf("t%d-%d", i, j))
			}
			ada.Post("x", markettest.Budget(1), markettest.Tagged(tags...))
		}
		ada.Post("x", markettest.Budget(1), markettest.Tagged("t109-9"))
	})
	list, err := k.Market.Tags(k.Ctx, market.TagQuery{})
	if err != nil || list.Total != 1_000 || !list.TotalMore || len(list.Tags) != 100 || list.Tags[0].Tag != "t109-9" {
		t.Errorf("%d of %d, more %v, %v, %v", len(list.Tags), list.Total, list.TotalMore, briefs(list.Tags[:1]), err)
	}
}

// The approvals are read once a minute, by one caller: others get the last figures
// meanwhile. Each need is read once.
func TestDemandIsReadOnceAMinute(t *testing.T) {
	s := gatestore.New(memory.New())
	k := markettest.New(t, markettest.Store(s))
	posters, worker := trading(k, "p0", "p1", "p2", "p3", "p4"), k.Agent("worker")
	for _, p := range posters {
		trade(k, p, worker, "write a parser", 10, 0, 0, "go")
	}
	reads := func(what string, want int) {
		t.Helper()
		equal(t, "reads after "+what, s.Calls("ScanEnded"), want)
	}
	for range 3 {
		demandOf(t, k)
		equal(t, "an estimate", estimate(t, worker, "x", "go"), "10 10 10 5")
	}
	reads("several calls", 1)
	k.Clock.Advance(time.Minute - time.Microsecond)
	demandOf(t, k)
	reads("less than a minute", 1)
	trade(k, posters[0], worker, "write a parser", 10, 0, 0, "go")
	k.Clock.Advance(time.Microsecond)
	gate := s.Hold(gatestore.Before, "ScanEnded", 1)
	done := make(chan []market.TagDemand)
	go func() {
		list, _ := k.Market.Tags(k.Ctx, market.TagQuery{})
		done <- list.Tags
	}()
	<-gate.Reached
	equal(t, "meanwhile", *demandOf(t, k)[0].Approved30d, 5)
	gate.Open()
	equal(t, "then", *(<-done)[0].Approved30d, 6)
	reads("another minute", 2)
	before := s.Calls("Tasks")
	for range 3 {
		equal(t, "by words", estimate(t, worker, "write parsers"), "10 10 10 6")
	}
	equal(t, "reads of needs", s.Calls("Tasks")-before, 1)
	k.Clock.Advance(time.Minute)
	equal(t, "by words", estimate(t, worker, "write parsers"), "10 10 10 6")
	equal(t, "reads of needs that are known", s.Calls("Tasks")-before, 1)
}
