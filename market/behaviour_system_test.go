package market_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// System tasks.

// take claims the system task of a type that stands at the head of the queue.
func take(t *testing.T, infra *markettest.Agent, typ market.SystemType) market.Pickup {
	t.Helper()
	p := infra.Pickup()
	if p.SystemTaskType != typ || p.PosterID != market.Platform {
		t.Fatalf("%s picked up %+v, want a task of type %s", infra.Name, p, typ)
	}
	return p
}

func TestMatchTask(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		bob, eve := k.Agent("bob", markettest.Capable("go")), k.Agent("eve", markettest.GoodAt("go and sql"))
		infra.Deliver(take(t, infra, market.ExtractCapabilities).TaskID, "{}")
		id := ada.Post("review go code", markettest.Tagged("go"), markettest.Background("a service"), markettest.Budget(10))
		heard(t, bob)
		if got := eve.Offers(); !slices.Equal(got, []market.TaskID{id}) {
			t.Errorf("pending tasks are offered to everybody: %v", got)
		}
		p := take(t, infra, market.MatchAgents)
		if p.ParentTaskID != id || p.MaxCredits != 3 || !strings.Contains(p.Need, `{"ranked_agents":`) {
			t.Errorf("the match task is %+v", p)
		}
		var input struct {
			TaskID  market.TaskID `json:"task_id"`
			Need    string
			Context string
			Agents  []struct{ ID market.AgentID }
		}
		if err := json.Unmarshal([]byte(p.Context), &input); err != nil || input.TaskID != id || input.Need != "review go code" || input.Context != "a service" || len(input.Agents) != 2 || input.Agents[0].ID != bob.ID {
			t.Errorf("the input is %+v, %v", input, err)
		}
		before := infra.Balance()
		v := infra.Deliver(p.TaskID, fmt.Sprintf(`{"ranked_agents": [%q, %q, %q, %q, "ag-nobody"], "extracted_tags": ["security", "bad tag", 7, "Security"]}`, eve.ID, ada.ID, bob.ID, eve.ID))
		if v.Status != market.StatusApproved || infra.Balance() != before+3 {
			t.Errorf("the answer is %s, paid %d", v.Status, infra.Balance()-before)
		}
		// What is wrong in a list is dropped, the rest counts.
		if got := k.Stored(id); !slices.Equal(got.Matching.Agents, []market.AgentID{eve.ID, bob.ID}) || !slices.Equal(got.ExtractedTags, []string{"security"}) {
			t.Errorf("matched %v, tags %v", got.Matching.Agents, got.ExtractedTags)
		}
		for rank, a := range []*markettest.Agent{eve, bob} {
			got := a.Events()
			if len(got) != 1 || got[0].Type != store.EventTaskMatched || *got[0].Data.Rank != rank {
				t.Errorf("%s heard %+v", a.Name, got)
			}
			if item := a.Browse()[0]; item.TaskID != id || !item.IsMatched || *item.MatchRank != rank {
				t.Errorf("%s is offered %+v", a.Name, item)
			}
		}
	})
}

func TestWhoeverMatchedCannotWorkOnIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10))
		p := take(t, infra, market.MatchAgents)
		if got := infra.Offers(); len(got) != 0 {
			t.Errorf("offered to its matcher: %v", got)
		}
		infra.Deliver(p.TaskID, `{"ranked_agents": [], "extracted_tags": []}`)
		if _, ok := infra.TryPickup(); ok {
			t.Error("picked up by its matcher")
		}
		_, err := infra.API.PickupTask(k.Ctx, id)
		markettest.Refused(t, err, market.ErrConflict, "matched or verified")
	})
}

func TestAWorkerCannotMatchOrVerify(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob := k.Agent("ada", markettest.Infra()), k.Agent("bob", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10)) // bob could match it
		if p, ok := ada.TryPickup(); ok {
			t.Errorf("the poster took %+v", p)
		}
		bob.Claim(id)
		if p, ok := bob.TryPickup(); ok {
			t.Errorf("the worker took %+v", p)
		}
		// Nobody but the two could verify, so nothing is made.
		bob.Deliver(id, "done")
		for _, a := range []*markettest.Agent{ada, bob} {
			if p, ok := a.TryPickup(); ok {
				t.Errorf("%s took %+v", a.Name, p)
			}
		}
		if v := ada.Task(id); v.Verification != nil {
			t.Errorf("verification %+v", v.Verification)
		}
	})
}

func TestMatchingEndsAtItsTimeout(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra, bob := k.Agent("ada"), k.Agent("infra", markettest.Infra()), k.Agent("bob")
		first, second := ada.Post("first", markettest.Budget(10)), ada.Post("second", markettest.Budget(10))
		claimed := take(t, infra, market.MatchAgents)
		if claimed.ParentTaskID != first {
			t.Errorf("the oldest comes first, got the one for %s", claimed.ParentTaskID)
		}
		unclaimed := k.Stored(second).Children[0]
		k.Advance(2 * time.Minute)
		if got := k.Stored(unclaimed); got.Status != market.StatusCancelled {
			t.Errorf("the match task that nobody claimed is %s", got.Status)
		}
		for _, id := range []market.TaskID{first, second} {
			if got := k.Stored(id); got.Matching != nil || got.Status != market.StatusPosted {
				t.Errorf("after the timeout: %+v", got)
			}
		}
		before := infra.Balance()
		infra.Deliver(claimed.TaskID, fmt.Sprintf(`{"ranked_agents": [%q]}`, bob.ID))
		if got := infra.Balance() - before; got != 3 {
			t.Errorf("a late answer is paid %d", got)
		}
		if got := k.Stored(first); got.Matching != nil {
			t.Errorf("a late answer has an effect: %+v", got.Matching)
		}
		heard(t, bob)
	})
}

func TestHeadStart(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve := k.Agent("ada"), k.Agent("bob", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("task", markettest.Tagged("go"), markettest.Budget(1))
		if got := eve.Offers(); len(got) != 0 {
			t.Errorf("offered during the head start: %v", got)
		}
		if _, ok := eve.TryPickup(); ok {
			t.Error("picked up during the head start")
		}
		k.Advance(119 * time.Second)
		if got := eve.Offers(); len(got) != 0 {
			t.Errorf("offered during the head start: %v", got)
		}
		k.Advance(time.Second)
		if got := eve.Offers(); !slices.Equal(got, []market.TaskID{id}) {
			t.Errorf("after the head start: %v", got)
		}
		if item := bob.Browse()[0]; !item.IsMatched {
			t.Errorf("the matched agent keeps its rank: %+v", item)
		}
		other := ada.Post("task", markettest.Tagged("go"), markettest.Budget(1))
		eve.Claim(other) // by id, by anybody, also during the head start
	})
}

func TestAVerificationOnlyAdvises(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("infra", markettest.Infra())
		id := ada.Post("the need", markettest.Background("the context"), markettest.Budget(10))
		bob.Claim(id) // its match task is needed no more
		if p, ok := infra.TryPickup(); ok {
			t.Errorf("still there: %+v", p)
		}
		bob.Deliver(id, "the result")
		if v := ada.Task(id); v.Verification == nil || v.Verification.Status != store.VerificationPending {
			t.Errorf("verification %+v", v.Verification)
		}
		ada.Events()
		p := take(t, infra, market.VerifyCompletion)
		if p.MaxCredits != 5 || p.ParentTaskID != id || !strings.Contains(p.Context, "the need") || !strings.Contains(p.Context, "the result") || !strings.Contains(p.Need, `"meets_requirements"`) {
			t.Errorf("the verify task is %+v", p)
		}
		before := infra.Balance()
		infra.Deliver(p.TaskID, `{"meets_requirements": false, "explanation": "no tests"}`)
		if got := infra.Balance() - before; got != 5 {
			t.Errorf("paid %d", got)
		}
		for _, a := range []*markettest.Agent{ada, bob} {
			v := a.Task(id).Verification
			if v == nil || v.Status != store.VerificationCompleted || *v.MeetsRequirements || v.Explanation != "no tests" {
				t.Errorf("%s sees %+v", a.Name, v)
			}
		}
		got := ada.Events()
		if len(got) != 1 || got[0].Type != store.EventTaskVerified || *got[0].Data.MeetsRequirements {
			t.Errorf("the poster heard %+v", got)
		}
		heard(t, bob)
		if v := ada.Approve(id); v.Status != market.StatusApproved {
			t.Errorf("advisory only: %+v", v)
		}
	})
}

// A rejection clears the verdict; the string "false" is none.
func TestAVerdictBelongsToItsDelivery(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		var paid int
		for i := range 5 {
			bob.Deliver(id, fmt.Sprint("try ", i))
			if p, ok := infra.TryPickup(); ok {
				paid++
				infra.Deliver(p.TaskID, `{"meets_requirements": "false"}`)
				if v := ada.Task(id).Verification; v.Status != store.VerificationUnusable || v.MeetsRequirements != nil {
					t.Errorf("a text is taken for a verdict: %+v", v)
				}
			}
			ada.Reject(id, "no")
			if v := ada.Task(id).Verification; v != nil {
				t.Errorf("after the rejection: %+v", v)
			}
		}
		if paid != 3 {
			t.Errorf("%d verifications of one task, want 3", paid)
		}
	})
}

// An answer that comes after the delivery it is about was rejected is paid and
// has no effect on the next one.
func TestALateVerdict(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		bob.Deliver(id, "first")
		p := take(t, infra, market.VerifyCompletion)
		ada.Reject(id, "no")
		bob.Deliver(id, "second")
		infra.Deliver(p.TaskID, `{"meets_requirements": true}`)
		if v := ada.Task(id).Verification; v == nil || v.Status != store.VerificationPending {
			t.Errorf("the verdict on the first delivery became the second's: %+v", v)
		}
		ada.Approve(id)
		if p, ok := infra.TryPickup(); ok {
			t.Errorf("nobody needs %+v any more", p)
		}
	})
}

func TestExtractionTagsItsOwnSubjectAlone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra(), markettest.GoodAt("extracting")) // nobody else could do it
		if p, ok := infra.TryPickup(); ok {
			t.Errorf("about itself: %+v", p)
		}
		bob, eve := k.Agent("bob", markettest.GoodAt("Go and SQL")), k.Agent("eve")
		p := take(t, infra, market.ExtractCapabilities)
		if p.MaxCredits != 2 || !strings.Contains(p.Context, "Go and SQL") || !strings.Contains(p.Need, `"tags"`) {
			t.Errorf("the task is %+v", p)
		}
		before := infra.Balance()
		infra.Deliver(p.TaskID, fmt.Sprintf(`{"agent_id": %q, "tags": ["Go", "sql", "a b", "go"]}`, eve.ID))
		if got := infra.Balance() - before; got != 2 {
			t.Errorf("paid %d", got)
		}
		if got := bob.Profile().Tags; !slices.Equal(got, []string{"Go", "sql"}) {
			t.Errorf("the subject's tags are %v", got)
		}
		if got := eve.Profile().Tags; len(got) != 0 {
			t.Errorf("an agent that the answer names has %v", got)
		}
		if got := bob.Events(); len(got) != 1 || got[0].Type != store.EventCapabilitiesExtracted || !slices.Equal(got[0].Data.Tags, []string{"Go", "sql"}) || got[0].Data.By != infra.ID {
			t.Errorf("the subject heard %+v", got)
		}
		// At most once an hour, and one at a time.
		for i := range 5 {
			bob.Update(market.UpdateInput{GoodAt: market.Some(fmt.Sprint("skill ", i))})
		}
		if p, ok := infra.TryPickup(); ok {
			t.Errorf("within the hour: %+v", p)
		}
		k.Advance(time.Hour)
		bob.Update(market.UpdateInput{GoodAt: market.Some("Rust")})
		bob.Update(market.UpdateInput{GoodAt: market.Some("Rust and C")})
		p = take(t, infra, market.ExtractCapabilities)
		if p2, ok := infra.TryPickup(); ok {
			t.Errorf("two at a time: %+v", p2)
		}
		infra.Deliver(p.TaskID, `{"tags": "junk"}`)
		if got := bob.Profile().Tags; !slices.Equal(got, []string{"Go", "sql"}) {
			t.Errorf("junk changed the tags to %v", got)
		}
		bob.Update(market.UpdateInput{Tags: market.Some([]string{"declared"})})
		if got := bob.Profile().Tags; !slices.Equal(got, []string{"declared"}) {
			t.Errorf("declared tags win over extracted ones: %v", got)
		}
	})
}

func TestAppointedInfra(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		first := ada.Post("first", markettest.Budget(10))
		if got := k.Stored(first); got.Matching != nil || len(got.Children) != 0 {
			t.Errorf("nobody is appointed: %+v", got)
		}
		a, err := k.Market.AppointInfra(k.Ctx, market.InfraInput{AgentID: infra.ID, Infra: true})
		if err != nil || a != (market.Appointment{AgentID: infra.ID, Infra: true}) {
			t.Fatalf("appointed: %+v, %v", a, err)
		}
		ada.Post("second", markettest.Budget(10))
		take(t, infra, market.MatchAgents)
		if _, err := k.Market.AppointInfra(k.Ctx, market.InfraInput{AgentID: infra.ID}); err != nil {
			t.Fatal(err)
		}
		third := ada.Post("third", markettest.Budget(10))
		if got := k.Stored(third); len(got.Children) != 0 {
			t.Errorf("the appointment is gone: %+v", got)
		}
		if got := infra.Pickup(); got.SystemTaskType != "" {
			t.Errorf("took %+v", got)
		}
		_, err = k.Market.AppointInfra(k.Ctx, market.InfraInput{AgentID: "ag-0000000000000000", Infra: true})
		markettest.Refused(t, err, market.ErrNotFound)
	}, policy(func(p *market.Policy) { p.Infra = market.InfraAppointed }))
}

// System tasks are hidden: not in browse, not by id, not rated, no trust.
func TestSystemTasksAreHidden(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra, eve := k.Agent("ada"), k.Agent("infra", markettest.Infra()), k.Agent("eve")
		id := ada.Post("task", markettest.Budget(10))
		child := k.Stored(id).Children[0]
		if got := infra.Offers(); !slices.Equal(got, []market.TaskID{id}) {
			t.Errorf("browse shows %v", got)
		}
		for _, a := range []*markettest.Agent{ada, infra, eve} {
			_, err := a.API.Task(k.Ctx, child, 0)
			markettest.Refused(t, err, market.ErrNotFound)
			_, err = a.API.PickupTask(k.Ctx, child)
			markettest.Refused(t, err, market.ErrNotFound)
			_, err = a.API.Questions(k.Ctx, child, market.Page{})
			markettest.Refused(t, err, market.ErrNotFound)
			_, err = a.API.ReportTask(k.Ctx, child, "spam")
			markettest.Refused(t, err, market.ErrNotFound)
		}
		if got := infra.Batch(5); len(got) != 1 || got[0].TaskID != child {
			t.Errorf("a batch has phase 0 too, and not the parent: %+v", got)
		}
		infra.Deliver(child, "junk")
		_, err := infra.API.Rate(k.Ctx, child, market.RateInput{Rating: 5})
		markettest.Refused(t, err, market.ErrForbidden)
		list, err := infra.API.Trust(k.Ctx, market.Page{})
		if err != nil || list.Total != 0 {
			t.Errorf("trust in %+v, %v", list, err)
		}
		s := infra.Stats()
		if s.TotalEarned != 3 || s.TotalFeesPaid != 0 {
			t.Errorf("the statistics are %+v", s)
		}
	})
}

// A cancelled parent takes its system tasks along: posting and cancelling
// mints nothing (rule 7.11).
func TestSystemTasksDieWithTheirParent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10))
		p := take(t, infra, market.MatchAgents)
		infra.Events()
		ada.Cancel(id)
		_, err := infra.API.Deliver(k.Ctx, p.TaskID, market.DeliverInput{Result: `{"ranked_agents": []}`})
		markettest.Refused(t, err, market.ErrConflict, "cancelled")
		heard(t, infra, store.EventTaskCancelled)
		if got := infra.Balance(); got != 100 {
			t.Errorf("the infra agent has %d", got)
		}
		if got := k.Stored(p.TaskID); got.Status != market.StatusCancelled {
			t.Errorf("the child is %s", got.Status)
		}
	})
}

// The only infra agent is suspended: matching does not wait for it.
func TestMatchingDoesNotWaitForASuspendedInfraAgent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra, bob := k.Agent("ada"), k.Agent("infra", markettest.Infra()), k.Agent("bob", markettest.Capable("go"))
		k.Suspend(infra, true)
		id := ada.Post("task", markettest.Tagged("go"), markettest.Budget(10))
		if got := k.Stored(id); got.Matching == nil || got.Matching.State != store.Matched || !slices.Equal(got.Matching.Agents, []market.AgentID{bob.ID}) {
			t.Errorf("the built-in matcher is not asked: %+v", got.Matching)
		}
	})
}

func TestMatchSettings(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra, bob := k.Agent("ada"), k.Agent("infra", markettest.Infra()), k.Agent("bob")
		id := ada.Post("task", markettest.Budget(10))
		if got := k.Stored(id).Matching.Until; !got.Equal(k.Clock.Now().Add(10 * time.Second)) {
			t.Errorf("the match timeout ends at %s", got)
		}
		k.Appoint(infra)
		infra.Deliver(take(t, infra, market.MatchAgents).TaskID, fmt.Sprintf(`{"ranked_agents": [%q]}`, bob.ID))
		if got := k.Stored(id).Matching.Until; !got.Equal(k.Clock.Now().Add(20 * time.Second)) {
			t.Errorf("the head start ends at %s", got)
		}
	}, policy(func(p *market.Policy) { p.MatchTimeout, p.MatchHeadStart = 10*time.Second, 20*time.Second }))
}

// Whoever rejects again and again does not have the platform pay for a verdict each
// time.
func TestThreeDeliveriesOfATaskAreVerified(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(10))
		bob.Claim(id)
		for i := 1; i <= 4; i++ {
			bob.Deliver(id, "a result")
			p, ok := infra.TryPickup()
			if verified := ada.Task(id).Verification != nil; ok != (i <= 3) || verified != ok {
				t.Errorf("delivery %d: verified %v, a system task %v", i, verified, ok)
			}
			if ok {
				infra.Deliver(p.TaskID, `{"meets_requirements": false, "explanation": "no"}`)
			}
			ada.Reject(id, "no")
		}
	})
}

// However many agents there are, an infra agent is asked about the best of them alone.
func TestAMatchTaskListsTheBestTwoHundred(t *testing.T) {
	k := markettest.New(t, markettest.CheckRarely())
	ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
	for range 200 {
		k.Agent("crowd")
	}
	best := k.Agent("best", markettest.Capable("go"))
	ada.Post("task", markettest.Tagged("go"), markettest.Budget(1))
	var asked struct {
		Agents []struct {
			ID market.AgentID `json:"id"`
		} `json:"agents"`
	}
	if err := json.Unmarshal([]byte(take(t, infra, market.MatchAgents).Context), &asked); err != nil {
		t.Fatal(err)
	}
	// Two hundred are chosen before anybody knows who ranks them, and whoever does is
	// left out.
	if n := len(asked.Agents); n < 199 || n > 200 || asked.Agents[0].ID != best.ID {
		t.Errorf("%d agents are listed, the first is %+v", len(asked.Agents), asked.Agents[:1])
	}
}
