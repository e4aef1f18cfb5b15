package rules_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

const (
	poster = store.AgentID("ag-poster")
	worker = store.AgentID("ag-worker")
	infra  = store.AgentID("ag-infra")
	other  = store.AgentID("ag-other")
	task   = store.TaskID("tk-1")
	system = store.TaskID("tk-system")
)

// t0 is when every task of these tests was posted.
var t0 = time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)

// policy has another number for each duration and limit, so that none can stand in
// for another.
func policy() *rules.Policy {
	return &rules.Policy{
		InitialCredits: 100, FeePercent: 10, TaskExpiry: 72 * time.Hour, AutoApprove: 24 * time.Hour,
		ClaimTimeout: 2 * time.Hour, RejectionGrace: 5 * time.Minute, MatchTimeout: 2 * time.Minute,
		MatchHeadStart: 90 * time.Second, AbandonLimit: 3, AbandonCooldown: 30 * time.Minute,
		MaxOpenClaims: 5, NewcomerClaims: 2, MaxAgentBytes: 1000, SystemPayPerDay: 20, Infra: rules.InfraOpen,
	}
}

func agent(id store.AgentID) *store.Agent {
	return &store.Agent{
		Profile: store.Profile{ID: id, Version: 7, Name: string(id), CreatedAt: t0.Add(-time.Hour)},
		Account: store.Account{Balance: 100, Completed: 1},
	}
}

// The tasks of these tests, one in each state: posted at t0, claimed an hour later,
// delivered after two and ended after three.

func posted() *store.Task {
	return &store.Task{
		ID: task, Version: 4, Poster: poster, MaxCredits: 50, Tags: []string{"Go", "sql"}, Bytes: 30,
		CreatedAt: t0, ExpiresAt: t0.Add(72 * time.Hour), Status: store.StatusPosted, NextDue: t0.Add(72 * time.Hour),
	}
}

func claimed() *store.Task {
	t := posted()
	t.Status, t.Claims = store.StatusClaimed, 1
	t.Claim = &store.Claim{Worker: worker, At: t0.Add(time.Hour), Timeout: t0.Add(3 * time.Hour)}
	t.NextDue = t0.Add(3 * time.Hour)
	return t
}

func delivered() *store.Task {
	t := claimed()
	t.Status, t.Deliveries = store.StatusDelivered, 1
	t.Delivery = &store.Delivery{No: 1, At: t0.Add(2 * time.Hour), Charged: 40, Bytes: 12, ReviewUntil: t0.Add(26 * time.Hour)}
	t.NextDue = t0.Add(26 * time.Hour)
	return t
}

func rejected() *store.Task {
	t := delivered()
	t.Status, t.Rejections = store.StatusClaimed, 1
	t.Rejection = &store.Rejection{Reason: "short", At: t0.Add(3 * time.Hour)}
	t.Claim.Grace = t0.Add(3*time.Hour + 5*time.Minute)
	t.NextDue = t.Claim.Grace
	return t
}

func approved() *store.Task {
	t := delivered()
	t.Status, t.NextDue = store.StatusApproved, time.Time{}
	t.Ending = &store.Ending{At: t0.Add(3 * time.Hour), Charged: 40, Fee: 4}
	return t
}

// The system tasks, posted by the platform about the poster or, for an extraction,
// about the worker.

func systemTask(typ store.SystemType, pays int64) *store.Task {
	t := posted()
	t.ID, t.Poster, t.MaxCredits, t.Tags, t.Bytes = system, store.Platform, pays, nil, 0
	t.System = &store.System{Type: typ, Parent: task, Subject: poster, Excluded: []store.AgentID{poster}}
	return t
}

func matching() *store.Task {
	t := systemTask(store.MatchAgents, 3)
	t.System.Until = t0.Add(2 * time.Minute)
	return t
}

func verifying() *store.Task {
	t := systemTask(store.VerifyCompletion, 5)
	t.System.Excluded = []store.AgentID{poster, worker}
	t.System.Delivery, t.System.Until = 1, t0.Add(26*time.Hour)
	return t
}

func extracting() *store.Task {
	t := systemTask(store.ExtractCapabilities, 2)
	t.System.Parent, t.System.Subject, t.System.Excluded = "", worker, []store.AgentID{worker}
	return t
}

// by is a task under somebody's claim since t0.
func by(t *store.Task, id store.AgentID) *store.Task {
	t.Status, t.Claims = store.StatusClaimed, 1
	t.Claim = &store.Claim{Worker: id, At: t0, Timeout: t0.Add(2 * time.Hour)}
	t.NextDue = t.Claim.Timeout
	return t
}

// awaiting is a posted task that waits for the answer of a match task.
func awaiting() *store.Task {
	t := posted()
	t.Matching = &store.Matching{State: store.MatchPending, Until: t0.Add(2 * time.Minute)}
	t.Children, t.NextDue = []store.TaskID{system}, t.Matching.Until
	return t
}

// inVerification is a delivered task that waits for a verdict.
func inVerification() *store.Task {
	t := delivered()
	t.Verifications, t.Children = 1, []store.TaskID{system}
	t.Delivery.Verification = &store.Verification{Status: store.VerificationPending}
	return t
}

// loaded is what a store gives to an operation of the caller on the task.
func loaded(caller store.AgentID, t *store.Task, children ...*store.Task) *store.Loaded {
	l := &store.Loaded{Caller: agent(caller), Task: t, Children: children, Poster: agent(t.Poster)}
	if by := t.Worker(); by != "" {
		l.Worker = agent(by)
		l.PosterTrust, l.WorkerTrust = store.NeutralPair(t.Poster, by), store.NeutralPair(by, t.Poster)
	}
	if t.System != nil {
		l.Subject = agent(t.System.Subject)
		l.Subject.SystemPay.Pending = t.MaxCredits
	}
	return l
}

// with is a task, one version on, with edits.
func with(t *store.Task, edit func(*store.Task)) *store.Task {
	next := *t
	next.Version++
	edit(&next)
	return &next
}

// profiled is a profile, one version on, with edits.
func profiled(p *store.Profile, edit func(*store.Profile)) *store.Profile {
	next := *p
	next.Version++
	edit(&next)
	return &next
}

func feed(id store.TaskID, version int64, open bool) store.FeedItem {
	return store.FeedItem{Kind: store.FeedTask, Task: id, Version: version, Open: open}
}

func agentFeed(id store.AgentID) store.FeedItem {
	return store.FeedItem{Kind: store.FeedAgent, Agent: id}
}

func trustFeed(pair store.TrustPair) store.FeedItem {
	return store.FeedItem{Kind: store.FeedTrust, Trust: &pair}
}

// decides wants an outcome that is exactly the change, nothing beside it.
func decides(t *testing.T, want store.Change) func(*rules.Outcome, error) {
	t.Helper()
	return func(got *rules.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("refused: %v", err)
		}
		same(t, got.Change, want)
	}
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wanted −, got +:\n%s", diff)
	}
}

// refuses wants a refusal of the code that says this.
func refuses(t *testing.T, code rules.Code, says string) func(*rules.Outcome, error) {
	t.Helper()
	return func(got *rules.Outcome, err error) {
		t.Helper()
		if got != nil {
			t.Error("there is an outcome beside the refusal")
		}
		refused(t, err, code, says)
	}
}

func refused(t *testing.T, err error, code rules.Code, says string) {
	t.Helper()
	if got := refusal(t, err); got.Code != code || got.Message != says {
		t.Errorf("got %s: %s, wanted %s: %s", got.Code, got.Message, code, says)
	}
}

func refusal(t *testing.T, err error) *rules.Error {
	t.Helper()
	got, ok := errors.AsType[*rules.Error](err)
	if !ok {
		t.Fatalf("got %v, wanted a refusal", err)
	}
	return got
}
