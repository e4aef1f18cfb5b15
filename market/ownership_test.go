package market_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/markettest"
	"github.com/pinchwork/pinchwork/store"
)

// stage is a market where every operation finds something.
type stage struct {
	*markettest.Kit
	ada, bob, infra *markettest.Agent
	// A task of ada's in each state, bob's where it has a worker.
	open, claimed, delivered, approved market.TaskID
	question                           market.QuestionID
	report                             market.ReportID
}

func newStage(t *testing.T, opts ...markettest.Option) *stage {
	k := markettest.New(t, append([]markettest.Option{markettest.CheckRarely()}, opts...)...)
	s := &stage{Kit: k}
	tags := []string{"go", "sql"}
	s.ada = k.Agent("ada", markettest.Granted(1_000), markettest.Capable("go"), markettest.GoodAt("posting"))
	s.bob = k.Agent("bob", markettest.Capable(tags...), markettest.GoodAt("doing"))
	post := func() market.TaskID {
		return s.ada.Post("need", markettest.Budget(10), markettest.Tagged(tags...), markettest.Background("context"))
	}
	s.open, s.claimed, s.delivered, s.approved = post(), post(), post(), post()
	s.question = s.bob.Ask(s.open, "what?")
	for _, id := range []market.TaskID{s.claimed, s.delivered, s.approved} {
		s.bob.Claim(id)
	}
	s.bob.Send(s.claimed, "hello")
	s.infra = k.Agent("infra", markettest.Infra())
	s.bob.Deliver(s.approved, "result")
	verify := s.infra.Pickup()
	s.infra.Deliver(verify.TaskID, `{"meets_requirements": true, "explanation": "fine"}`)
	s.ada.Reject(s.approved, "no")
	s.bob.Deliver(s.approved, "result")
	s.ada.Approve(s.approved, 5)
	s.bob.Deliver(s.delivered, "result")
	for {
		p, ok := s.infra.TryPickup(market.Filter{})
		if !ok || p.SystemTaskType == "" {
			break
		}
		s.infra.Deliver(p.TaskID, `{"meets_requirements": true, "explanation": "fine"}`)
	}
	s.report = s.bob.Report(s.open, "spam")
	return s
}

// dump is all that the store and the board hold.
func (s *stage) dump(t *testing.T) string {
	t.Helper()
	ctx, all := s.Ctx, []any{s.Market.Policy(), market.Codes()}
	tasks, err := s.Store.ScanOpen(ctx, 0, 1_000)
	all = append(all, tasks, err)
	tasks, err = s.Store.ScanTasks(ctx, 0, 1_000)
	all = append(all, tasks, err)
	agents, err := s.Store.ScanAgents(ctx, "", 1_000)
	all = append(all, agents, err)
	for _, a := range agents {
		events, err := s.Store.Events(ctx, a.ID, 0, 1_000)
		all = append(all, events, err)
		ledger, err := s.Store.Ledger(ctx, store.PageQuery{Agent: a.ID, Limit: 1_000})
		all = append(all, ledger, err)
	}
	reports, err := s.Store.Reports(ctx, "", 100, 0)
	all = append(all, reports, err)
	for _, as := range []*markettest.Agent{s.bob, s.infra} {
		list, err := as.API.Browse(ctx, market.BrowseQuery{})
		all = append(all, list, err)
	}
	found, err := s.Market.Agents(ctx, market.AgentQuery{})
	all = append(all, found, err)
	data, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// operations calls each method that hands something out, and returns what it
// took and gave. Live things such as handles and streams are no values.
func (s *stage) operations() map[string]func(ctx context.Context) []any {
	m, ada, bob := s.Market, s.Market.As(s.ada.ID), s.Market.As(s.bob.ID)
	give := func(v ...any) []any { return v }
	f := market.Filter{Tags: []string{"go"}}
	return map[string]func(ctx context.Context) []any{
		"Market.Actions": func(ctx context.Context) []any {
			v, err := m.Actions(ctx, market.ActionQuery{})
			return give(v, err)
		},
		"Market.AddOperator": func(ctx context.Context) []any {
			v, err := m.AddOperator(ctx, market.OperatorInput{Name: "eve", Role: market.OperatorAct})
			return give(v, err)
		},
		"Market.AllAgents": func(ctx context.Context) []any {
			q := market.StandingQuery{AgentQuery: market.AgentQuery{Tags: []string{"go"}}}
			v, err := m.AllAgents(ctx, q)
			return give(v, err, q)
		},
		"Market.AllTasks": func(ctx context.Context) []any {
			q := market.AllTasksQuery{Filter: f}
			v, err := m.AllTasks(ctx, q)
			return give(v, err, q)
		},
		"Market.TaskFile": func(ctx context.Context) []any { v, err := m.TaskFile(ctx, s.delivered); return give(v, err) },
		"Market.Settlement": func(ctx context.Context) []any {
			v, err := m.Settlement(ctx, s.claimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund})
			return give(v, err)
		},
		"Market.ResolveTask": func(ctx context.Context) []any {
			v, err := m.ResolveTask(ctx, s.claimed, market.ResolveTaskInput{Outcome: market.OutcomeRefund, Reason: "spam"})
			return give(v, err)
		},
		"Market.ClawBack": func(ctx context.Context) []any {
			v, err := m.ClawBack(ctx, market.ClawBackInput{AgentID: s.bob.ID, Amount: 1, Reason: "spam"})
			return give(v, err)
		},
		"Market.ForeseeGrant": func(ctx context.Context) []any {
			v, err := m.ForeseeGrant(ctx, market.GrantInput{AgentID: s.bob.ID, Amount: 1})
			return give(v, err)
		},
		"Market.ForeseeClawBack": func(ctx context.Context) []any {
			v, err := m.ForeseeClawBack(ctx, market.ClawBackInput{AgentID: s.bob.ID, Amount: 1})
			return give(v, err)
		},
		"Market.AgentFile":     func(ctx context.Context) []any { v, err := m.AgentFile(ctx, s.bob.ID); return give(v, err) },
		"Market.AdmitOperator": func(ctx context.Context) []any { v, err := m.AdmitOperator(ctx, "pwo-none"); return give(v, err) },
		"Market.OperatorNamed": func(ctx context.Context) []any { v, err := m.OperatorNamed(ctx, "none"); return give(v, err) },
		"Market.Operators":     func(ctx context.Context) []any { v, err := m.Operators(ctx); return give(v, err) },
		"Market.RevokeOperator": func(ctx context.Context) []any {
			v, err := m.RevokeOperator(ctx, "none", market.RevokeInput{})
			return give(v, err)
		},
		"Market.Admit": func(ctx context.Context) []any {
			charge := &market.Charge{Bucket: "b", Every: time.Second, Burst: 9}
			id, admitted, err := m.Admit(ctx, s.bob.Key, charge)
			return give(id, admitted, err, charge)
		},
		"Market.AdmitAgent": func(ctx context.Context) []any {
			charge := &market.Charge{Bucket: "b", Every: time.Second, Burst: 9}
			admitted, err := m.AdmitAgent(ctx, s.bob.ID, charge)
			return give(admitted, err, charge)
		},
		"Market.Agent": func(ctx context.Context) []any { v, err := m.Agent(ctx, s.bob.ID); return give(v, err) },
		"Market.Agents": func(ctx context.Context) []any {
			q := market.AgentQuery{Tags: []string{"go"}}
			v, err := m.Agents(ctx, q)
			return give(v, err, q)
		},
		"Market.AppointInfra": func(ctx context.Context) []any {
			v, err := m.AppointInfra(ctx, market.InfraInput{AgentID: s.bob.ID})
			return give(v, err)
		},
		"Market.Books":       func(ctx context.Context) []any { v, err := m.Books(ctx); return give(v, err) },
		"Market.Audit":       func(ctx context.Context) []any { v, err := m.Audit(ctx); return give(v, err) },
		"Market.LatestAudit": func(ctx context.Context) []any { v, _, err := m.LatestAudit(ctx); return give(v, err) },
		"Market.Charge": func(ctx context.Context) []any {
			v, err := m.Charge(ctx, market.Charge{Bucket: "c", Every: time.Second, Burst: 9})
			return give(v, err)
		},
		"Market.Ensure": func(ctx context.Context) []any {
			in := market.RegisterInput{Name: "new", Tags: []string{"go"}}
			v, err := m.Ensure(ctx, "user 1", in)
			return give(v, err, in)
		},
		"Market.EventHeads": func(ctx context.Context) []any {
			ids := []market.AgentID{s.bob.ID}
			v, err := m.EventHeads(ctx, ids)
			return give(v, err, ids)
		},
		"Market.Events": func(ctx context.Context) []any {
			for e, err := range m.Events(ctx, market.FromOldest) {
				return give(e, err)
			}
			return nil
		},
		"Market.EventsPage": func(ctx context.Context) []any {
			v, err := m.EventsPage(ctx, market.FromOldest, 0)
			return give(v, err)
		},
		"Market.FinishWebhook": func(ctx context.Context) []any {
			v, err := m.FinishWebhook(ctx, store.WebhookJob{}, store.WebhookOutcome{})
			return give(v, err)
		},
		"Market.Grant": func(ctx context.Context) []any {
			v, err := m.Grant(ctx, market.GrantInput{AgentID: s.bob.ID, Amount: 1})
			return give(v, err)
		},
		"Market.InspectAgent":  func(ctx context.Context) []any { v, err := m.InspectAgent(ctx, s.bob.ID); return give(v, err) },
		"Market.InspectTask":   func(ctx context.Context) []any { v, err := m.InspectTask(ctx, s.delivered); return give(v, err) },
		"Market.Invite":        func(ctx context.Context) []any { v, err := m.Invite(ctx, market.InviteInput{}); return give(v, err) },
		"Market.LeaseWebhooks": func(ctx context.Context) []any { v, err := m.LeaseWebhooks(ctx, time.Second, 10); return give(v, err) },
		"Market.Names":         func(ctx context.Context) []any { v, err := m.Names(ctx, s.bob.ID, s.ada.ID); return give(v, err) },
		"Market.Summaries": func(ctx context.Context) []any {
			v, err := m.Summaries(ctx, s.open)
			return give(v, err)
		},
		"Market.DeskOverview": func(ctx context.Context) []any { v, err := m.DeskOverview(ctx); return give(v, err) },
		"Market.DeadWebhooks": func(ctx context.Context) []any {
			v, err := m.DeadWebhooks(ctx, market.DeadQuery{})
			return give(v, err)
		},
		"Market.Track":      func(ctx context.Context) []any { v, err := m.Track(ctx, s.bob.ID); return give(v, err) },
		"Market.TrackDays":  func(ctx context.Context) []any { v, err := m.TrackDays(ctx, s.bob.ID, 7); return give(v, err) },
		"Market.Overview":   func(ctx context.Context) []any { v, err := m.Overview(ctx); return give(v, err) },
		"Market.Policy":     func(context.Context) []any { return give(m.Policy(), market.Codes()) },
		"Market.Prune":      func(ctx context.Context) []any { v, err := m.Prune(ctx, time.Time{}); return give(v, err) },
		"Market.Prunable":   func(ctx context.Context) []any { v, err := m.Prunable(ctx, time.Time{}); return give(v, err) },
		"Market.PublicTask": func(ctx context.Context) []any { v, err := m.PublicTask(ctx, s.open); return give(v, err) },
		"Market.LogIn": func(ctx context.Context) []any {
			binding := []byte("key")
			token, err := m.LogIn(ctx, binding, time.Hour)
			return give(token, err, binding)
		},
		"Market.AdmitLogIn":   func(ctx context.Context) []any { v, err := m.AdmitLogIn(ctx, "pws-stranger", nil); return give(v, err) },
		"Market.LogOut":       func(ctx context.Context) []any { return give(nil, m.LogOut(ctx, "pws-stranger", nil)) },
		"Market.LogInRefused": func(ctx context.Context) []any { return give(nil, m.LogInRefused(ctx, "192.0.2.1")) },
		"Market.LedgerOf": func(ctx context.Context) []any {
			v, err := m.LedgerOf(ctx, s.ada.ID, market.Page{})
			return give(v, err)
		},
		"Market.DeadOverview": func(ctx context.Context) []any { v, err := m.DeadOverview(ctx); return give(v, err) },
		"Market.RedeliverBatch": func(ctx context.Context) []any {
			in := market.RedeliverBatchInput{Dead: []market.DeadID{{AgentID: s.ada.ID, EventID: "x"}}, Reason: "back"}
			v, err := m.RedeliverBatch(ctx, in)
			return give(v, err, in)
		},
		"Market.SeeDead": func(ctx context.Context) []any {
			in := market.SeeDeadInput{Until: market.NewTime(time.Unix(1, 0)), Reason: "gone"}
			v, err := m.SeeDead(ctx, in)
			return give(v, err, in)
		},
		"Market.RedeliverOf": func(ctx context.Context) []any {
			in := market.RedeliverInput{AgentID: s.ada.ID, EventID: "x", Reason: "back"}
			v, err := m.RedeliverOf(ctx, in)
			return give(v, err, in)
		},
		"Market.PublicTasks": func(ctx context.Context) []any {
			q := market.PublicQuery{Filter: market.Filter{Tags: []string{"go"}}}
			v, err := m.PublicTasks(ctx, q)
			return give(v, err, q)
		},
		"Market.SignIn": func(ctx context.Context) []any {
			token, id, err := m.SignIn(ctx, s.bob.Key, time.Hour)
			return give(token, id, err)
		},
		"Market.AdmitSession": func(ctx context.Context) []any {
			id, admitted, err := m.AdmitSession(ctx, "pws-stranger", nil)
			return give(id, admitted, err)
		},
		"Market.SignOut":  func(ctx context.Context) []any { return give(nil, m.SignOut(ctx, "pws-stranger")) },
		"Market.Activity": func(ctx context.Context) []any { v, err := m.Activity(ctx, 7); return give(v, err) },
		"Market.Recent":   func(ctx context.Context) []any { v, err := m.Recent(ctx); return give(v, err) },
		"Market.Register": func(ctx context.Context) []any {
			in := market.RegisterInput{Name: "new", Tags: []string{"go"}}
			v, err := m.Register(ctx, in)
			return give(v, err, in)
		},
		"Market.Reports": func(ctx context.Context) []any { v, err := m.Reports(ctx, "", market.Page{}); return give(v, err) },
		"Market.ResolveReport": func(ctx context.Context) []any {
			v, err := m.ResolveReport(ctx, s.report, market.ResolveInput{Status: market.ReportReviewed})
			return give(v, err)
		},
		"Market.SearchTasks": func(ctx context.Context) []any {
			v, err := m.SearchTasks(ctx, f, market.Page{})
			return give(v, err, f)
		},
		"Market.Suspend": func(ctx context.Context) []any {
			v, err := m.Suspend(ctx, market.SuspendInput{AgentID: s.bob.ID})
			return give(v, err)
		},
		"Market.Tags": func(ctx context.Context) []any {
			q := market.TagQuery{Tags: []string{"go"}}
			v, err := m.Tags(ctx, q)
			return give(v, err, q)
		},
		"Market.Sweep": func(ctx context.Context) []any { v, err := m.Sweep(ctx); return give(v, err) },

		"Handle.Abandon": func(ctx context.Context) []any { v, err := bob.Abandon(ctx, s.claimed); return give(v, err) },
		"Handle.Progress": func(ctx context.Context) []any {
			in := market.ProgressInput{Note: "half", Percent: new(50)}
			v, err := bob.Progress(ctx, s.claimed, in)
			return give(v, err, in)
		},
		"Handle.Agent":  func(ctx context.Context) []any { v, err := bob.Agent(ctx, s.ada.ID); return give(v, err) },
		"Handle.Agents": func(ctx context.Context) []any { v, err := bob.Agents(ctx, market.AgentQuery{}); return give(v, err) },
		"Handle.Answer": func(ctx context.Context) []any {
			v, err := ada.Answer(ctx, s.open, s.question, "that")
			return give(v, err)
		},
		"Handle.Approve": func(ctx context.Context) []any {
			in := market.ApproveInput{Rating: 5}
			v, err := ada.Approve(ctx, s.delivered, in)
			return give(v, err, in)
		},
		"Handle.Ask": func(ctx context.Context) []any { v, err := bob.Ask(ctx, s.open, "what?"); return give(v, err) },
		"Handle.Browse": func(ctx context.Context) []any {
			v, err := bob.Browse(ctx, market.BrowseQuery{Filter: f})
			return give(v, err, f)
		},
		"Handle.Cancel":        func(ctx context.Context) []any { v, err := ada.Cancel(ctx, s.open); return give(v, err) },
		"Handle.History":       func(ctx context.Context) []any { v, err := bob.History(ctx, s.claimed); return give(v, err) },
		"Handle.Unanswered":    func(ctx context.Context) []any { v, err := ada.Unanswered(ctx); return give(v, err) },
		"Handle.Unreplied":     func(ctx context.Context) []any { v, err := ada.Unreplied(ctx); return give(v, err) },
		"Handle.Hires":         func(ctx context.Context) []any { v, err := bob.Hires(ctx); return give(v, err) },
		"Handle.Unrated":       func(ctx context.Context) []any { v, err := bob.Unrated(ctx); return give(v, err) },
		"Handle.Reported":      func(ctx context.Context) []any { v, err := bob.Reported(ctx, s.claimed); return give(v, err) },
		"Handle.SignsWebhooks": func(ctx context.Context) []any { v, err := bob.SignsWebhooks(ctx); return give(v, err) },
		"Handle.Rejected":      func(ctx context.Context) []any { v, err := bob.Rejected(ctx, s.claimed); return give(v, err) },
		"Handle.Earlier":       func(ctx context.Context) []any { v, err := bob.Earlier(ctx, s.claimed); return give(v, err) },
		"Handle.Briefs":        func(ctx context.Context) []any { v, err := ada.Briefs(ctx, s.open, s.claimed); return give(v, err) },
		"Handle.Credits":       func(ctx context.Context) []any { v, err := bob.Credits(ctx, market.Page{}); return give(v, err) },
		"Handle.DeadLetters":   func(ctx context.Context) []any { v, err := bob.DeadLetters(ctx, market.Page{}); return give(v, err) },
		"Handle.Deliver": func(ctx context.Context) []any {
			in := market.DeliverInput{Result: "result", CreditsClaimed: 3}
			v, err := bob.Deliver(ctx, s.claimed, in)
			return give(v, err, in)
		},
		"Handle.Estimate": func(ctx context.Context) []any {
			in := market.EstimateInput{Need: "x", Tags: []string{"go"}}
			v, err := bob.Estimate(ctx, in)
			return give(v, err, in)
		},
		"Handle.Tags": func(ctx context.Context) []any { v, err := bob.Tags(ctx, market.TagQuery{}); return give(v, err) },
		"Handle.Explain": func(ctx context.Context) []any {
			v, err := bob.Explain(ctx, s.open, f)
			return give(v, err, f)
		},
		"Handle.Events": func(ctx context.Context) []any {
			for e, err := range bob.Events(ctx, "0") {
				if err != nil || !e.Data.GraceDeadline.IsZero() {
					return give(e, err)
				}
			}
			return nil
		},
		"Handle.Me": func(ctx context.Context) []any { v, err := bob.Me(ctx); return give(v, err) },
		"Handle.Messages": func(ctx context.Context) []any {
			v, err := bob.Messages(ctx, s.claimed, market.Page{})
			return give(v, err)
		},
		"Handle.Mine":   func(ctx context.Context) []any { v, err := ada.Mine(ctx, market.MineQuery{}); return give(v, err) },
		"Handle.Pickup": func(ctx context.Context) []any { v, ok, err := bob.Pickup(ctx, f); return give(v, ok, err, f) },
		"Handle.PickupBatch": func(ctx context.Context) []any {
			in := market.BatchInput{Filter: f}
			v, err := bob.PickupBatch(ctx, in)
			return give(v, err, in)
		},
		"Handle.PickupTask": func(ctx context.Context) []any { v, err := bob.PickupTask(ctx, s.open); return give(v, err) },
		"Handle.Post": func(ctx context.Context) []any {
			in := market.PostInput{Need: "more", Tags: []string{"go", "sql"}, MaxCredits: 4, Deadline: 60 * time.Minute}
			v, err := ada.Post(ctx, in)
			return give(v, err, in)
		},
		"Handle.PostBatch": func(ctx context.Context) []any {
			in := market.PostBatchInput{Tasks: []market.PostInput{
				{Need: "more", Tags: []string{"go", "sql"}, MaxCredits: 4, Metadata: map[string]string{"a": "b"}, ExternalID: "one"}, {Need: "again", MaxCredits: 1},
			}}
			v, err := ada.PostBatch(ctx, in)
			return give(v, err, in)
		},
		"Handle.Questions": func(ctx context.Context) []any {
			v, err := bob.Questions(ctx, s.open, market.Page{})
			return give(v, err)
		},
		"Handle.Rate": func(ctx context.Context) []any {
			v, err := bob.Rate(ctx, s.approved, market.RateInput{Rating: 4})
			return give(v, err)
		},
		"Handle.Redeliver": func(ctx context.Context) []any { return give(bob.Redeliver(ctx, string(s.bob.ID)+"-1")) },
		"Handle.Reject": func(ctx context.Context) []any {
			v, err := ada.Reject(ctx, s.delivered, market.RejectInput{Reason: "no"})
			return give(v, err)
		},
		"Handle.ReportTask": func(ctx context.Context) []any {
			v, err := s.Market.As(s.infra.ID).ReportTask(ctx, s.open, "spam")
			return give(v, err)
		},
		"Handle.RotateKey": func(ctx context.Context) []any {
			v, err := bob.RotateKey(ctx, market.RotateInput{Overlap: time.Hour})
			return give(v, err)
		},
		"Handle.SendMessage": func(ctx context.Context) []any { v, err := bob.SendMessage(ctx, s.claimed, "hi"); return give(v, err) },
		"Handle.Stats":       func(ctx context.Context) []any { v, err := bob.Stats(ctx); return give(v, err) },
		"Handle.Task":        func(ctx context.Context) []any { v, err := ada.Task(ctx, s.delivered, 0); return give(v, err) },
		"Handle.Trust":       func(ctx context.Context) []any { v, err := bob.Trust(ctx, market.Page{}); return give(v, err) },
		"Handle.UpdateMe": func(ctx context.Context) []any {
			in := market.UpdateInput{Tags: market.Some([]string{"go", "yaml"})}
			v, err := bob.UpdateMe(ctx, in)
			return give(v, err, in)
		},
	}
}

// live are methods that give nothing, or something that is no value.
var live = []string{
	"Market.After", "Market.As", "Market.Hosted", "Market.Now", "Market.Ready", "Market.ReplicaID", "Market.Run", "Market.WebhooksDue",
	"Handle.ID", "Handle.Stream", // Handle.Events is the same stream
}

// Every method of a Market and of a Handle is tried below, or named as giving
// no value.
func TestEveryOperationIsTried(t *testing.T) {
	s := newStage(t)
	tried := s.operations()
	for _, of := range []any{s.Market, s.Market.As(s.ada.ID)} {
		typ := reflect.TypeOf(of)
		for i := range typ.NumMethod() {
			name := strings.TrimPrefix(typ.String(), "*market.") + "." + typ.Method(i).Name
			if tried[name] == nil && !slices.Contains(live, name) {
				t.Errorf("%s is not tried", name)
			}
		}
	}
}

// What an operation hands out, and what it was given, is the caller's own:
// whatever is written into it changes nothing in the market.
func TestWhatIsHandedOutIsTheCallersOwn(t *testing.T) {
	for name := range newStage(t).operations() {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			values := s.operations()[name](s.Ctx)
			before := s.dump(t)
			for _, v := range values {
				scribble(reflect.ValueOf(&v).Elem())
			}
			if after := s.dump(t); after != before {
				t.Errorf("the market has changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// scribble writes over everything that can be reached from a value.
func scribble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			inside := reflect.New(v.Elem().Type()).Elem()
			inside.Set(v.Elem())
			scribble(inside)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			scribble(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scribble(v.Field(i))
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scribble(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			v.SetMapIndex(key, reflect.Value{})
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString("scribbled")
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		if v.CanSet() {
			v.SetInt(v.Int() + 12_345)
		}
	case reflect.Float64:
		if v.CanSet() {
			v.SetFloat(v.Float() + 0.5)
		}
	case reflect.Bool:
		if v.CanSet() {
			v.SetBool(!v.Bool())
		}
	}
	if own, ok := reflect.TypeAssert[*market.Time](addressed(v)); ok {
		*own = market.NewTime(own.Add(time.Hour))
	}
}

func addressed(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v.Addr()
	}
	return reflect.ValueOf(&struct{}{})
}

// countingClock counts how often it is read.
type countingClock struct {
	*markettest.Clock
	reads int
}

func (c *countingClock) Now() time.Time {
	c.reads++
	return c.Clock.Now()
}

// An operation happens at one instant: it reads the clock once, so that nothing
// it writes or decides lies between two.
func TestAnOperationReadsTheClockOnce(t *testing.T) {
	// The audit compares what it reads at different moments by itself, the record of an
	// agent is three answers, and a refused log-in is counted before it is known whether
	// it is written down.
	several := []string{"Market.Audit", "Market.Books", "Market.InspectAgent", "Market.LogInRefused"}
	for name := range newStage(t).operations() {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			clock := &countingClock{Clock: s.Clock}
			m, err := market.New(market.Config{Store: s.Store, Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			s.Market = m
			s.operations()[name](keyed(s.Kit, "key"))
			if clock.reads > 1 && !slices.Contains(several, name) {
				t.Errorf("%d reads of the clock", clock.reads)
			}
		})
	}
}

// rewinding is a clock that shows an earlier time at each reading.
type rewinding struct{ *markettest.Clock }

func (c rewinding) Now() time.Time {
	now := c.Clock.Now()
	c.Set(now.Add(-time.Minute))
	return now
}

// A sweep ends although the clock is set back while it runs.
func TestASweepEndsWhenTheClockIsSetBack(t *testing.T) {
	onEveryStore(t, func(t *testing.T, k *markettest.Kit) {
		ada := k.Agent("ada")
		id := ada.Post("task", markettest.Budget(1), markettest.Deadline(time.Minute))
		k.Clock.Advance(time.Minute)
		m, err := market.New(market.Config{Store: k.Store, Clock: rewinding{k.Clock}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(k.Ctx, 10*time.Second)
		defer cancel()
		if n, err := m.Sweep(ctx); err != nil || n != 1 {
			t.Errorf("the sweep took %d steps, %v", n, err)
		}
		if got := k.Stored(id).Status; got != market.StatusExpired {
			t.Errorf("the task is %s", got)
		}
	})
}

// A search has so many terms at most, whatever their length.
func TestSearchTermsAreBounded(t *testing.T) {
	s := newStage(t)
	var terms []string
	for c := 'a'; c < 'a'+17; c++ {
		terms = append(terms, string(c))
	}
	for n, most := range map[int]bool{16: true, 17: false} {
		search := strings.Join(terms[:n], " ")
		_, err := s.bob.API.Browse(s.Ctx, market.BrowseQuery{Filter: market.Filter{Search: search}})
		_, err2 := s.Market.Agents(s.Ctx, market.AgentQuery{Search: search})
		_, _, err3 := s.bob.API.Pickup(s.Ctx, market.Filter{Search: search})
		for _, err := range []error{err, err2, err3} {
			if most && err != nil {
				t.Errorf("%d terms: %v", n, err)
			}
			if !most {
				if e := markettest.Refused(t, err, market.ErrInvalid); e.Field != "search" {
					t.Errorf("the field is %q", e.Field)
				}
			}
		}
	}
}
