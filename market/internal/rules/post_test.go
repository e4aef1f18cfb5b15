package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// fresh is a task as it comes to Post.
func fresh() *store.Task {
	t := policy().NewTask(task, poster, t0)
	t.MaxCredits = 50
	return t
}

var texts = store.TaskText{Need: "need", Context: "context"}

func matchDraft() *rules.Draft {
	return rules.MatchDraft(system, rules.MatchInput{TaskID: task}, poster)
}

// drafted is the text of a match task, which another test is about.
func draftText(t *testing.T, o *rules.Outcome) store.TaskText {
	t.Helper()
	if o == nil || len(o.Tasks) == 0 {
		t.Fatal("no task is written")
	}
	return o.Tasks[len(o.Tasks)-1].Text
}

// opening is what every posting of fresh does beside matching.
func opening(at time.Time, t *store.Task) store.Change {
	return store.Change{
		At: at, Active: []store.AgentID{poster},
		Tasks: []store.TaskWrite{{New: t, Text: texts}},
		Transfers: []store.Transfer{{
			From: "ag-poster", To: "escrow:tk-1", Amount: 50, Kind: store.EntryEscrow, Agent: poster, Task: task, At: at,
		}},
		Accounts: []store.AccountDelta{{Agent: poster, Escrowed: 50, Posted: 1, TextBytes: 11, MaxTextBytes: 1000}},
		Feed:     []store.FeedItem{feed(task, 1, true)},
	}
}

func TestANewTaskIsOpenUntilItExpires(t *testing.T) {
	same(t, policy().NewTask(task, poster, t0), &store.Task{
		ID: task, Poster: poster, Status: store.StatusPosted, CreatedAt: t0, ExpiresAt: t0.Add(72 * time.Hour),
	})
}

func TestPost(t *testing.T) {
	p := policy()
	until := t0.Add(72 * time.Hour)
	open := func(m *store.Matching, due time.Time) *store.Task {
		return with(fresh(), func(n *store.Task) { n.Bytes, n.Matching, n.NextDue = 11, m, due })
	}
	ranked := rules.Ranking{Agents: []store.AgentID{worker, other}}
	matched := []store.Event{
		{Agent: worker, Type: store.EventTaskMatched, Task: task, Data: store.EventData{Rank: new(0)}, At: t0},
		{Agent: other, Type: store.EventTaskMatched, Task: task, Data: store.EventData{Rank: new(1)}, At: t0},
	}
	t.Run("to everybody", func(t *testing.T) {
		decides(t, opening(t0, open(nil, until)))(p.Post(t0, loaded(poster, posted()), fresh(), texts, rules.Plan{}))
	})
	t.Run("to those whom the matcher found", func(t *testing.T) {
		want := opening(t0, open(&store.Matching{State: store.Matched, Until: t0, Agents: ranked.Agents}, until))
		want.Events = matched
		decides(t, want)(p.Post(t0, loaded(poster, posted()), fresh(), texts, rules.Plan{Found: ranked}))
	})
	t.Run("with a head start for them", func(t *testing.T) {
		first := ranked
		first.HeadStart = true
		want := opening(t0, open(&store.Matching{State: store.Matched, Until: t0.Add(90 * time.Second), Agents: ranked.Agents}, until))
		want.Events = matched
		decides(t, want)(p.Post(t0, loaded(poster, posted()), fresh(), texts, rules.Plan{Found: first}))
	})
	t.Run("to be matched by its first timer", func(t *testing.T) {
		want := opening(t0, open(&store.Matching{State: store.MatchDeferred, Until: t0}, t0))
		decides(t, want)(p.Post(t0, loaded(poster, posted()), fresh(), texts, rules.Plan{Deferred: true, Found: ranked}))
	})
	t.Run("with a deadline before it expires", func(t *testing.T) {
		urgent := fresh()
		urgent.Deadline = t0.Add(time.Hour)
		want := open(nil, urgent.Deadline)
		want.Deadline = urgent.Deadline
		decides(t, opening(t0, want))(p.Post(t0, loaded(poster, posted()), urgent, texts, rules.Plan{}))
	})
	t.Run("with the whole balance", func(t *testing.T) {
		l := loaded(poster, posted())
		l.Caller.Balance = 50
		decides(t, opening(t0, open(nil, until)))(p.Post(t0, l, fresh(), texts, rules.Plan{}))
	})
	t.Run("with a credit too little", func(t *testing.T) {
		l := loaded(poster, posted())
		l.Caller.Balance = 49
		_, err := p.Post(t0, l, fresh(), texts, rules.Plan{Infra: matchDraft()})
		refuses(t, rules.CodeInsufficientCredits, "Insufficient credits. Have 49, need 50")(nil, err)
		if refusal, _ := errors.AsType[*rules.Error](err); refusal == nil || refusal.Field != "max_credits" {
			t.Errorf("the field of %+v is not max_credits", err)
		}
	})
	t.Run("for nothing", func(t *testing.T) {
		free := fresh()
		free.MaxCredits = 0
		o := open(nil, until)
		o.MaxCredits = 0
		want := opening(t0, o)
		want.Transfers, want.Accounts[0].Escrowed = nil, 0
		decides(t, want)(p.Post(t0, loaded(poster, posted()), free, texts, rules.Plan{}))
	})
}

func TestPostWithAMatchTask(t *testing.T) {
	p := policy()
	l := loaded(poster, posted())
	l.Caller.SystemPay = store.SystemPay{Pending: 10, Paid: []store.SystemPaid{{At: t0.Add(-time.Hour), Credits: 7}}}
	got, err := p.Post(t0, l, fresh(), texts, rules.Plan{Infra: matchDraft(), Deferred: true})
	match := with(matching(), func(n *store.Task) { n.Version = 1 })
	want := opening(t0, with(fresh(), func(n *store.Task) {
		n.Bytes, n.Children, n.NextDue = 11, []store.TaskID{system}, t0.Add(2*time.Minute)
		n.Matching = &store.Matching{State: store.MatchPending, Until: t0.Add(2 * time.Minute)}
	}))
	want.Tasks = append(want.Tasks, store.TaskWrite{New: match, Text: draftText(t, got)})
	want.Feed = append(want.Feed, feed(system, 1, true))
	want.SystemPays = []store.SystemPayWrite{{
		Agent: poster, Old: l.Caller.SystemPay,
		New: store.SystemPay{Pending: 13, Paid: []store.SystemPaid{{At: t0.Add(-time.Hour), Credits: 7}}},
	}}
	decides(t, want)(got, err)

	l.Caller.SystemPay.Pending++
	if got, err := p.Post(t0, l, fresh(), texts, rules.Plan{Infra: matchDraft()}); !errors.Is(err, rules.ErrOverBudget) || got != nil {
		t.Errorf("beyond the budget: %v, %v", got, err)
	}
}
