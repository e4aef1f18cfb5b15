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
)

// Whose judgement counts: proven infra agents and others.

// ranking is the answer that ranks these agents.
func ranking(agents ...*markettest.Agent) string {
	ids := make([]market.AgentID, len(agents))
	for i, a := range agents {
		ids[i] = a.ID
	}
	data, _ := json.Marshal(map[string]any{"ranked_agents": ids, "extracted_tags": []string{}})
	return string(data)
}

// works lets an agent do ordinary tasks, one after the other, for the posters.
func works(k *markettest.Kit, worker *markettest.Agent, posters ...*markettest.Agent) {
	k.Helper()
	k.Do(worker.Name+" works", func() {
		for _, p := range posters {
			id := p.Post("work", markettest.Budget(1))
			worker.Claim(id)
			worker.Deliver(id, "done")
			p.Approve(id)
		}
	})
}

func TestAStrangersMatchGivesNoHeadStart(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, infra := k.Agent("ada"), k.Agent("infra", markettest.Infra())
		friend, expert, eve := k.Agent("friend"), k.Agent("expert", markettest.Capable("go")), k.Agent("eve")
		id := ada.Post("task", markettest.Tagged("go"), markettest.Budget(1))
		infra.Deliver(take(t, infra, market.MatchAgents).TaskID, ranking(friend))
		got := k.Stored(id).Matching
		if got == nil || !slices.Equal(got.Agents, []market.AgentID{friend.ID, expert.ID}) {
			t.Fatalf("the built-in matcher's best are not behind the stranger's choice: %+v", got)
		}
		if item := friend.Browse()[0]; !item.IsMatched || *item.MatchRank != 0 {
			t.Errorf("its choice does not rank: %+v", item)
		}
		if got := eve.Offers(); !slices.Equal(got, []market.TaskID{id}) {
			t.Errorf("kept from everybody else: %v", got)
		}
	})
}

func TestWhatProvesAnInfraAgent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra, bob, eve := k.Agent("infra", markettest.Infra()), k.Agent("bob"), k.Agent("eve")
		a, b, c := k.Agent("a", markettest.Granted(1000)), k.Agent("b"), k.Agent("c")
		headStart := func() bool {
			id := a.Post("task", markettest.Budget(1))
			v := infra.Deliver(take(t, infra, market.MatchAgents).TaskID, ranking(bob))
			used(t, v, true)
			defer a.Cancel(id)
			return !slices.Contains(eve.Offers(), id)
		}
		for _, step := range []struct {
			name    string
			posters []*markettest.Agent
			want    bool
		}{
			{"a fresh one", nil, false},
			{"five tasks for one poster", []*markettest.Agent{a, a, a, a, a}, false},
			{"six for two", []*markettest.Agent{b}, false},
			{"seven for three", []*markettest.Agent{c}, true},
			{"more than is remembered", []*markettest.Agent{bob, eve}, true},
		} {
			works(k, infra, step.posters...)
			if got := headStart(); got != step.want {
				t.Errorf("%s: a head start %v, want %v", step.name, got, step.want)
			}
		}
		few := k.Agent("few", markettest.Infra())
		works(k, few, a, b, c, c)
		if a, err := k.Store.Agents(k.Ctx, []market.AgentID{few.ID, infra.ID}); err != nil || len(a[0].WorkedFor) != 3 || len(a[1].WorkedFor) != 3 {
			t.Errorf("the posters remembered: %v, %v", a, err)
		}
	})
}

func TestAppointmentProves(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, eve, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("eve"), k.Agent("infra", markettest.Infra())
		for i, proven := range []bool{false, true} {
			if proven {
				k.Appoint(infra)
			}
			id := ada.Post("task", markettest.Budget(1))
			infra.Deliver(take(t, infra, market.MatchAgents).TaskID, ranking(bob))
			if got := len(eve.Offers()) == 0; got != proven {
				t.Errorf("%d: a head start %v, want %v", i, got, proven)
			}
			bob.Claim(id)
			bob.Deliver(id, "done")
			infra.Deliver(take(t, infra, market.VerifyCompletion).TaskID, `{"meets_requirements": true}`)
			if v := ada.Task(id).Verification; v == nil || v.Proven == nil || *v.Proven != proven {
				t.Errorf("%d: the verification is %+v", i, v)
			}
			ada.Approve(id)
		}
	})
}

// System tasks pay, but they prove nothing: whoever answers only them stays a
// stranger.
func TestSystemTasksProveNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra := k.Agent("infra", markettest.Infra())
		for i := range 6 {
			ada := k.Agent(fmt.Sprint("poster ", i))
			id := ada.Post("task", markettest.Budget(1))
			infra.Deliver(take(t, infra, market.MatchAgents).TaskID, ranking())
			ada.Cancel(id)
		}
		if got := infra.Me().TasksCompleted; got != 0 {
			t.Errorf("%d tasks completed", got)
		}
	})
}

// One common word keeps a task from nobody; a tag or two words do.
func TestABuiltinHeadStartNeedsASureFit(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, eve := k.Agent("ada"), k.Agent("eve")
		bob := k.Agent("bob", markettest.GoodAt("kubernetes and terraform"))
		weak := ada.Post("kubernetes", markettest.Budget(1))
		sure := ada.Post("kubernetes with terraform", markettest.Budget(1))
		if got := eve.Offers(); !slices.Equal(got, []market.TaskID{weak}) {
			t.Errorf("offered to everybody: %v, want %s alone", got, weak)
		}
		for _, item := range bob.Browse() {
			if !item.IsMatched {
				t.Errorf("%s lost its rank", item.TaskID)
			}
		}
		k.Advance(2 * time.Minute)
		if got := eve.Offers(); !slices.Equal(got, []market.TaskID{weak, sure}) {
			t.Errorf("after the head start: %v", got)
		}
	})
}

// Whoever may not work on the task is no candidate in the prompt and becomes no
// match: the answering agent, who held the match task before, the poster,
// suspended agents.
func TestNobodyWhoMayNotWorkOnItIsMatched(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, gone := k.Agent("ada", markettest.Infra()), k.Agent("bob"), k.Agent("gone")
		first, second := k.Agent("first", markettest.Infra()), k.Agent("second", markettest.Infra())
		k.Suspend(gone, true)
		id := ada.Post("task", markettest.Budget(1))
		p := take(t, first, market.MatchAgents)
		names(t, p, bob, second)
		first.Abandon(p.TaskID)
		if p, ok := first.TryPickup(); ok {
			t.Errorf("who gave it up got %+v", p)
		}
		p = take(t, second, market.MatchAgents)
		names(t, p, bob)
		v := second.Deliver(p.TaskID, ranking(second, first, ada, gone, bob))
		if got := k.Stored(id).Matching; got == nil || !slices.Equal(got.Agents, []market.AgentID{bob.ID}) {
			t.Errorf("matched: %+v", got)
		}
		if v.Context == "" || strings.Contains(v.Context, string(second.ID)) {
			t.Errorf("the answer's own context is %v", v.Context)
		}
	})
}

// names fails unless the match task lists exactly these candidates.
func names(t *testing.T, p market.Pickup, want ...*markettest.Agent) {
	t.Helper()
	var in struct{ Agents []struct{ ID market.AgentID } }
	if err := json.Unmarshal([]byte(p.Context), &in); err != nil {
		t.Fatal(err)
	}
	var got, ids []market.AgentID
	for _, a := range in.Agents {
		got = append(got, a.ID)
	}
	for _, a := range want {
		ids = append(ids, a.ID)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		t.Errorf("the candidates are %v, want %v", got, ids)
	}
}

// All three instructions say that what they bring is untrusted, and end with
// the JSON to return; the same input stands in the context as JSON.
func TestInstructionsOfSystemTasks(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		infra, ada, bob := k.Agent("infra", markettest.Infra()), k.Agent("ada"), k.Agent("bob", markettest.GoodAt("Go"))
		check := func(p market.Pickup) {
			t.Helper()
			lines := strings.Split(p.Need, "\n")
			if !json.Valid([]byte(lines[len(lines)-1])) {
				t.Errorf("%s ends with %q", p.SystemTaskType, lines[len(lines)-1])
			}
			if !strings.Contains(p.Need, "untrusted content of strangers") {
				t.Errorf("%s does not warn: %s", p.SystemTaskType, p.Need)
			}
			if p.Context == "" || !json.Valid([]byte(p.Context)) {
				t.Errorf("%s has the context %v", p.SystemTaskType, p.Context)
			}
			infra.Deliver(p.TaskID, "{}")
		}
		check(take(t, infra, market.ExtractCapabilities))
		id := ada.Post("task", markettest.Budget(1))
		check(take(t, infra, market.MatchAgents))
		bob.Claim(id)
		bob.Deliver(id, "done")
		check(take(t, infra, market.VerifyCompletion))
	})
}

// The claim of a system task says until when its answer counts, not until when
// it is paid.
func TestTheClaimDeadlineOfASystemTaskIsWhenItsAnswerCounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada, bob, infra := k.Agent("ada"), k.Agent("bob"), k.Agent("infra", markettest.Infra())
		id := ada.Post("task", markettest.Budget(1))
		posted := k.Clock.Now()
		k.Advance(time.Minute)
		p := take(t, infra, market.MatchAgents)
		if p.ClaimDeadline.IsZero() || !p.ClaimDeadline.Equal(posted.Add(2*time.Minute)) {
			t.Errorf("the match counts until %v, posted at %v", p.ClaimDeadline, posted)
		}
		k.Advance(time.Minute)
		late := infra.Deliver(p.TaskID, ranking(bob))
		used(t, late, false)
		if !strings.Contains(late.Feedback, "too late") {
			t.Errorf("a late answer hears %q", late.Feedback)
		}
		bob.Claim(id)
		v := bob.Deliver(id, "done")
		p = take(t, infra, market.VerifyCompletion)
		if p.ClaimDeadline.IsZero() || !p.ClaimDeadline.Equal(k.Clock.Now().Add(24*time.Hour)) {
			t.Errorf("the verdict on %+v counts until %v", v, p.ClaimDeadline)
		}
		used(t, infra.Deliver(p.TaskID, "I cannot tell."), false)
	})
}
