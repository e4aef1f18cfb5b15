package market_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// What operators find.

func TestOperatorsFindAgentsOfEveryStanding(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.GoodAt("writing Go")), k.Agent("bob", markettest.GoodAt("reading Go"))
		k.Clock.Advance(time.Hour)
		cyd := k.Agent("cyd")
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: bob.ID, Suspended: true, Reason: "spam"}); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q     market.StandingQuery
			want  []market.AgentID
			total int
		}{
			{market.StandingQuery{Standing: market.StandingSuspended}, []market.AgentID{bob.ID}, 1},
			{market.StandingQuery{Standing: market.StandingSuspended, AgentQuery: market.AgentQuery{Search: "GO"}}, []market.AgentID{bob.ID}, 1},
			{market.StandingQuery{Standing: market.StandingActive, AgentQuery: market.AgentQuery{Search: "go"}}, []market.AgentID{ada.ID}, 1},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Search: "go"}}, []market.AgentID{ada.ID, bob.ID}, 2},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Search: "go", Page: market.Page{Limit: 1}}}, []market.AgentID{ada.ID}, 2},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Search: "go", Page: market.Page{Limit: 1, Offset: 1}}}, []market.AgentID{bob.ID}, 2},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Search: string(bob.ID)}}, []market.AgentID{bob.ID}, 1},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Search: "ag-nobody"}}, nil, 0},
			{market.StandingQuery{AgentQuery: market.AgentQuery{Page: market.Page{Offset: 3}}}, nil, 3},
			{market.StandingQuery{AgentQuery: market.AgentQuery{SortBy: "newest"}}, []market.AgentID{cyd.ID, ada.ID, bob.ID}, 3},
			{market.StandingQuery{AgentQuery: market.AgentQuery{SortBy: "newest", Search: "a", MinReputation: 0}}, []market.AgentID{ada.ID, bob.ID}, 2},
		} {
			markettest.Eventually(t, fmt.Sprintf("%+v", c.q), func() bool {
				list, err := k.Market.AllAgents(k.Ctx, c.q)
				if err != nil {
					t.Fatal(err)
				}
				var got []market.AgentID
				for _, a := range list.Agents {
					got = append(got, a.ID)
				}
				return slices.Equal(got, c.want) && list.Total == c.total
			})
		}
		list, err := k.Market.AllAgents(k.Ctx, market.StandingQuery{Standing: market.StandingSuspended})
		if err != nil || !list.Agents[0].Suspended || list.Agents[0].SuspendReason != "spam" || !list.Agents[0].SuspendedAt.Equal(k.Clock.Now()) || list.Agents[0].SuspendedAt.Equal(list.Agents[0].CreatedAt.Time) || list.Agents[0].Credits != 100 {
			t.Errorf("%+v, %v", list, err)
		}
		if _, err := k.Market.Suspend(k.Ctx, market.SuspendInput{AgentID: bob.ID}); err != nil {
			t.Fatal(err)
		}
		if list, err := k.Market.AllAgents(k.Ctx, market.StandingQuery{Standing: market.StandingSuspended}); err != nil || len(list.Agents) != 0 {
			t.Errorf("after the end of the suspension: %+v, %v", list, err)
		}
	})
}

// foundTasks are the ids of all pages of a list.
func foundTasks(t *testing.T, k *markettest.Kit, q market.AllTasksQuery) (ids []market.TaskID, pages int) {
	t.Helper()
	for {
		list, err := k.Market.AllTasks(k.Ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, task := range list.Tasks {
			ids = append(ids, task.TaskID)
		}
		if list.NextOffset == 0 {
			return ids, pages
		}
		q.Offset = list.NextOffset
	}
}

func TestOperatorsFindTasksInEveryState(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(1_000)), k.Agent("bob")
		open := ada.Post("Open task", markettest.Tagged("go"))
		claimed := ada.Post("Claimed task", markettest.Background("the BACKGROUND"))
		done := ada.Post("Done task", markettest.Tagged("Go"))
		gone := bob.Post("Cancelled task", markettest.Budget(1))
		bob.Claim(claimed)
		bob.Claim(done)
		bob.Deliver(done, "done")
		ada.Approve(done)
		bob.Cancel(gone)
		if _, err := bob.API.ReportTask(k.Ctx, claimed, "odd"); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			q    market.AllTasksQuery
			want []market.TaskID
		}{
			{market.AllTasksQuery{}, []market.TaskID{gone, done, claimed, open}},
			{market.AllTasksQuery{Page: market.Page{Limit: 1}}, []market.TaskID{gone, done, claimed, open}},
			{market.AllTasksQuery{Status: market.StatusApproved}, []market.TaskID{done}},
			{market.AllTasksQuery{Status: market.StatusExpired}, nil},
			{market.AllTasksQuery{Filter: market.Filter{Tags: []string{"GO"}}}, []market.TaskID{done, open}},
			{market.AllTasksQuery{Filter: market.Filter{Search: "background claimed"}}, []market.TaskID{claimed}},
			{market.AllTasksQuery{Filter: market.Filter{Search: "task"}, Poster: ada.ID, Page: market.Page{Limit: 2}}, []market.TaskID{done, claimed, open}},
			{market.AllTasksQuery{Poster: bob.ID}, []market.TaskID{gone}},
			{market.AllTasksQuery{Worker: bob.ID, Status: market.StatusClaimed}, []market.TaskID{claimed}},
			{market.AllTasksQuery{Worker: bob.ID, Poster: ada.ID}, []market.TaskID{done, claimed}},
			{market.AllTasksQuery{Reported: true}, []market.TaskID{claimed}},
			{market.AllTasksQuery{Reported: true, Status: market.StatusPosted}, nil},
			{market.AllTasksQuery{EverReported: true}, []market.TaskID{claimed}},
			{market.AllTasksQuery{System: true}, nil},
			{market.AllTasksQuery{Filter: market.Filter{Search: string(claimed)}}, []market.TaskID{claimed}},
			{market.AllTasksQuery{Filter: market.Filter{Search: "tk-none"}}, nil},
		} {
			if got, _ := foundTasks(t, k, c.q); !slices.Equal(got, c.want) {
				t.Errorf("%+v: %v, want %v", c.q, got, c.want)
			}
		}
		reports, err := k.Market.Reports(k.Ctx, market.ReportOpen, market.Page{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Market.ResolveReport(k.Ctx, reports.Reports[0].ID, market.ResolveInput{Status: market.ReportReviewed}); err != nil {
			t.Fatal(err)
		}
		still, _ := foundTasks(t, k, market.AllTasksQuery{Reported: true})
		if ever, _ := foundTasks(t, k, market.AllTasksQuery{EverReported: true}); len(still) != 0 || !slices.Equal(ever, []market.TaskID{claimed}) {
			t.Errorf("with the report closed %v are reported, %v ever", still, ever)
		}
		list, err := k.Market.AllTasks(k.Ctx, market.AllTasksQuery{Status: market.StatusClaimed})
		if err != nil || len(list.Tasks) != 1 || list.Tasks[0].Need != "Claimed task" || list.Tasks[0].WorkerID != bob.ID || list.Tasks[0].ClaimedAt.IsZero() || list.Total < 4 {
			t.Errorf("%+v, %v", list, err)
		}
		for _, q := range []market.AllTasksQuery{{Status: "lost"}, {Page: market.Page{Limit: 101}}, {Filter: market.Filter{Tags: []string{"a b"}}}, {Poster: "\xff"}} {
			if _, err := k.Market.AllTasks(k.Ctx, q); !errors.Is(err, market.ErrInvalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// counting counts the tasks that a store reads.
type counting struct {
	market.Store
	scanned, read int
}

func (c *counting) ScanTasks(ctx context.Context, after int64, limit int) ([]store.StoredTask, error) {
	page, err := c.Store.ScanTasks(ctx, after, limit)
	c.scanned += len(page)
	return page, err
}

func (c *counting) Tasks(ctx context.Context, ids []store.TaskID) ([]store.StoredTask, error) {
	c.read += len(ids)
	return c.Store.Tasks(ctx, ids)
}

// One answer looks through at most a thousand tasks, however many there are.
func TestAListOfTasksCostsNoMoreThanItsPage(t *testing.T) {
	under := &counting{Store: markettest.New(t).Store}
	m, err := market.New(market.Config{Store: under})
	if err != nil {
		t.Fatal(err)
	}
	ada, err := m.Register(t.Context(), market.RegisterInput{Name: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Grant(t.Context(), market.GrantInput{AgentID: ada.AgentID, Amount: 10_000}); err != nil {
		t.Fatal(err)
	}
	for range 25 {
		in := market.PostBatchInput{Tasks: make([]market.PostInput, 100)}
		for i := range in.Tasks {
			in.Tasks[i] = market.PostInput{Need: "one of many", MaxCredits: 1}
		}
		if _, err := m.As(ada.AgentID).PostBatch(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []market.AllTasksQuery{{Status: market.StatusApproved}, {Filter: market.Filter{Search: "missing"}}, {Page: market.Page{Limit: 5}}} {
		under.scanned, under.read = 0, 0
		list, err := m.AllTasks(t.Context(), q)
		if err != nil || list.Total != 2_500 || list.NextOffset == 0 {
			t.Errorf("%+v: %d tasks of %d, next %d, %v", q, len(list.Tasks), list.Total, list.NextOffset, err)
		}
		if under.scanned > 1_001 || under.read > 1_000 {
			t.Errorf("%+v: %d tasks scanned, %d read", q, under.scanned, under.read)
		}
	}
	pages, offset := 0, 0
	for {
		list, err := m.AllTasks(t.Context(), market.AllTasksQuery{Status: market.StatusApproved, Page: market.Page{Offset: offset}})
		if err != nil || len(list.Tasks) > 0 {
			t.Fatal(list, err)
		}
		if pages++; list.NextOffset == 0 {
			break
		}
		offset = list.NextOffset
	}
	if pages != 3 {
		t.Errorf("2,500 tasks are looked through in %d answers", pages)
	}
}

func TestAFileHasAllThatIsKeptAboutATask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, cyd := k.Agent("ada"), k.Agent("bob"), k.Agent("cyd")
		task := ada.Post("Review", markettest.Budget(20), markettest.Background("the context"))
		asked, err := cyd.API.Ask(k.Ctx, task, "which?")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ada.API.Answer(k.Ctx, task, asked.ID, "that"); err != nil {
			t.Fatal(err)
		}
		cyd.Claim(task)
		if _, err := cyd.API.SendMessage(k.Ctx, task, "from an earlier worker"); err != nil {
			t.Fatal(err)
		}
		cyd.Deliver(task, "poor")
		ada.Reject(task, "too short")
		cyd.Abandon(task)
		bob.Claim(task)
		if _, err := bob.API.SendMessage(k.Ctx, task, "hm"); err != nil {
			t.Fatal(err)
		}
		k.Advance(time.Minute)
		bob.Deliver(task, "good")
		reported, err := bob.API.ReportTask(k.Ctx, task, "unpaid")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.Market.ResolveReport(k.Ctx, reported.ReportID, market.ResolveInput{Status: market.ReportReviewed, Note: "seen"}); err != nil {
			t.Fatal(err)
		}
		f, err := k.Market.TaskFile(k.Ctx, task)
		if err != nil {
			t.Fatal(err)
		}
		if f.Task.Context != "the context" || f.Task.Result != "good" || f.Task.RejectionCount != 1 || f.Poster.ID != ada.ID || f.Worker.ID != bob.ID || f.Poster.Escrowed != 20 {
			t.Errorf("the task is %+v of %+v and %+v", f.Task, f.Poster, f.Worker)
		}
		if len(f.Questions) != 1 || f.Questions[0].Answer != "that" || len(f.Messages) != 2 || f.Messages[0].SenderID != cyd.ID {
			t.Errorf("the talk is %+v and %+v", f.Questions, f.Messages)
		}
		if len(f.Earlier) != 1 || f.Earlier[0].WorkerID != cyd.ID || f.Earlier[0].Bytes != 4 || f.Earlier[0].Result != "poor" || f.Earlier[0].CreditsCharged != 20 || f.Earlier[0].DeliveredAt.IsZero() {
			t.Errorf("earlier deliveries: %+v", f.Earlier)
		}
		if len(f.Ledger) != 1 || f.Ledger[0].From != string(ada.ID) || f.Ledger[0].Amount != 20 || f.Ledger[0].Reason != store.EntryEscrow {
			t.Errorf("the ledger is %+v", f.Ledger)
		}
		var types []string
		for i, e := range f.History {
			types = append(types, string(e.Type))
			if i > 0 && e.At.Before(f.History[i-1].At.Time) {
				t.Error("the history is out of order")
			}
		}
		if told := strings.Join(types, " "); !strings.Contains(told, "task_question") || !strings.Contains(told, "task_claimed") || !strings.Contains(told, "task_rejected") || !strings.HasSuffix(told, "task_delivered") {
			t.Errorf("the history is %s", told)
		}
		if len(f.Reports) != 1 || f.Reports[0].Note != "seen" || len(f.Actions) != 1 || f.Actions[0].Action != market.ActionResolveReport {
			t.Errorf("reports %+v, actions %+v", f.Reports, f.Actions)
		}
		if _, err := k.Market.TaskFile(k.Ctx, "tk-none"); !errors.Is(err, market.ErrNotFound) {
			t.Errorf("no task: %v", err)
		}
	})
}

// A list of tasks says how many fit: all that one answer looks through, all of one poster's,
// and all open ones of a status; of others at least how many.
func TestAListOfTasksSaysHowManyFit(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Granted(10_000)), k.Agent("bob")
		for i := range 12 {
			in := market.PostBatchInput{Tasks: make([]market.PostInput, 100)}
			for j := range in.Tasks {
				in.Tasks[j] = market.PostInput{Need: "one of many", MaxCredits: 1}
			}
			in.Tasks[0].Tags = []string{"first"}
			if i == 11 {
				in.Tasks[99].Need = "the last one"
			}
			if _, err := ada.API.PostBatch(k.Ctx, in); err != nil {
				t.Fatal(err)
			}
		}
		last := bob.Post("of bob", markettest.Budget(1))
		bob.Cancel(last)
		k.Clock.Advance(6 * time.Second) // totals may be so old
		for _, c := range []struct {
			q    market.AllTasksQuery
			want int
			more bool
		}{
			{market.AllTasksQuery{Poster: bob.ID}, 1, false},
			{market.AllTasksQuery{Poster: ada.ID}, 1_200, false},
			{market.AllTasksQuery{Poster: ada.ID, Page: market.Page{Offset: 1_150}}, 50, false},
			{market.AllTasksQuery{Poster: ada.ID, Status: market.StatusApproved}, 0, false},
			{market.AllTasksQuery{Status: market.StatusPosted}, 1_200, false},
			{market.AllTasksQuery{Status: market.StatusCancelled}, 1, true},
			{market.AllTasksQuery{Filter: market.Filter{Tags: []string{"first"}}}, 9, true},
			{market.AllTasksQuery{Filter: market.Filter{Search: "last"}}, 1, true},
			{market.AllTasksQuery{}, 1_000, true},
			{market.AllTasksQuery{Page: market.Page{Limit: 5, Offset: 1_000}}, 201, false},
			{market.AllTasksQuery{Filter: market.Filter{Search: string(last)}}, 1, false},
			{market.AllTasksQuery{Status: market.StatusClaimed}, 0, false},
		} {
			list, err := k.Market.AllTasks(k.Ctx, c.q)
			if err != nil || list.Matches != c.want || list.MatchesMore != c.more {
				t.Errorf("%+v: %d, more %v, want %d, %v; %v", c.q, list.Matches, list.MatchesMore, c.want, c.more, err)
			}
		}
	})
}
