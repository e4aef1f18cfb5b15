package sim

import (
	"slices"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// The model is the marketplace in plain words: who may do what in which state. It
// is written from what docs/rules.md promises, not from how package market
// decides, and it knows nothing of boards, replicas, repeats or races.

// asking is a question to the model: may this agent do this now?
type asking struct {
	op     *Op
	me     store.AgentID
	task   store.TaskID
	policy *market.Policy
	// question and report are what the operation is about, of those that it names.
	question store.QuestionID
	report   store.ReportID
	// agent is whom the operator means.
	agent store.AgentID
}

// refusal is the code with which the operation has to be refused in a moment, or ""
// when it has to succeed. Limits on texts are not part of the model.
func (m *moment) refusal(q asking, now time.Time) market.Code {
	if q.op.By != operator {
		me, known := m.agents[q.me]
		switch {
		case !known:
			return market.CodeUnauthorized
		case me.Suspended:
			return market.CodeSuspended
		}
	}
	t := m.tasks[q.task]
	switch q.op.Kind {
	case "post":
		return when(m.balances[store.AgentAccount(q.me)] < int64(q.op.Amount), market.CodeInsufficientCredits)
	case "pickup", "batch":
		return m.busy(q, now)
	case "claim":
		return m.refuseClaim(q, t, now)
	case "deliver", "abandon", "progress":
		return m.worker(q, t, store.StatusClaimed)
	case "approve", "reject":
		return m.poster(q, t, store.StatusDelivered)
	case "cancel":
		return m.poster(q, t, store.StatusPosted)
	case "rate":
		return m.refuseRate(q, t)
	case "look":
		return when(!m.sees(q.me, t), market.CodeNotFound)
	case "settle":
		return m.refuseSettling(q, t)
	case "undo":
		return m.refuseUndoing(q, t)
	case "clawback":
		return when(m.balances[store.AccountName(q.agent)] < int64(q.op.Amount), market.CodeInsufficientCredits)
	default:
		return m.refuseTalk(q, t)
	}
}

// refuseSettling: whatever is unfinished can be refunded, and paid if somebody works on
// it.
func (m *moment) refuseSettling(q asking, t *store.Task) market.Code {
	switch {
	case t == nil:
		return market.CodeNotFound
	case t.System != nil:
		return market.CodeForbidden
	case t.Status.Ended(), q.op.Text != "refund" && t.Status == store.StatusPosted:
		return market.CodeWrongState
	}
	return when(q.op.Text == "split" && int64(q.op.Amount) >= t.MaxCredits, market.CodeInvalid)
}

// refuseUndoing: what is taken back about a task is a party's, for the poster only what the
// worker was paid, and of that never more.
func (m *moment) refuseUndoing(q asking, t *store.Task) market.Code {
	switch amount := int64(q.op.Amount); {
	case t == nil:
		return market.CodeNotFound
	case !t.IsParty(q.agent):
		return market.CodeInvalid
	case t.Status != store.StatusApproved || t.System != nil || t.Worker() != q.agent:
		if q.op.On {
			return market.CodeInvalid
		}
	case amount > t.Ending.Charged-t.Ending.Fee-t.Ending.TakenBack:
		return market.CodeInvalid
	}
	return when(m.balances[store.AccountName(q.agent)] < int64(q.op.Amount), market.CodeInsufficientCredits)
}

// when is the code if something holds.
func when(holds bool, code market.Code) market.Code {
	if holds {
		return code
	}
	return ""
}

// sees says who may know of a task: its parties, and everybody while it is posted,
// but of a system task nobody else.
func (m *moment) sees(me store.AgentID, t *store.Task) bool {
	return t != nil && (t.Poster == me || t.Worker() == me || t.System == nil && t.Status == store.StatusPosted)
}

func (m *moment) poster(q asking, t *store.Task, in store.Status) market.Code {
	switch {
	case !m.sees(q.me, t):
		return market.CodeNotFound
	case t.Poster != q.me:
		return market.CodeForbidden
	}
	return when(t.Status != in, market.CodeWrongState)
}

// lapsed says that the agent had a claim on the task which ended.
func (m *moment) lapsed(me store.AgentID, t *store.Task) bool {
	if t == nil || t.Worker() == me {
		return false
	}
	role := m.roles[t.ID][me]
	return role.Role == store.RoleWorker && role.Lapse != nil
}

func (m *moment) worker(q asking, t *store.Task, in store.Status) market.Code {
	switch {
	case m.lapsed(q.me, t):
		return market.CodeClaimLapsed
	case !m.sees(q.me, t):
		return market.CodeNotFound
	case t.Worker() != q.me:
		return market.CodeForbidden
	}
	return when(t.Status != in, market.CodeWrongState)
}

// busy says why the agent may claim nothing at all.
func (m *moment) busy(q asking, now time.Time) market.Code {
	switch {
	case now.Before(m.agents[q.me].strikes.BlockedUntil):
		return market.CodeCooldown
	case m.room(q.policy, q.me) == 0:
		return market.CodeTooManyClaims
	}
	return ""
}

// room is how many more tasks the agent may hold.
func (m *moment) room(p *market.Policy, me store.AgentID) int {
	most := p.MaxOpenClaims
	if m.agents[me].completed == 0 {
		most = p.NewcomerClaims
	}
	return max(0, int(most)-m.held(me))
}

// held counts the tasks that the agent has claimed and not delivered.
func (m *moment) held(me store.AgentID) (n int) {
	for _, t := range m.tasks {
		if t.Status == store.StatusClaimed && t.Worker() == me {
			n++
		}
	}
	return n
}

func (m *moment) refuseClaim(q asking, t *store.Task, now time.Time) market.Code {
	switch {
	case t == nil, t.System != nil:
		return market.CodeNotFound
	case t.Status == store.StatusClaimed && t.Worker() == q.me:
		return market.CodeAlreadyClaimed
	case t.Status != store.StatusPosted:
		return market.CodeWrongState
	case t.Poster == q.me:
		return market.CodeOwnTask
	case m.roles[t.ID][q.me].Role == store.RoleInfra:
		return market.CodeRoleConflict
	case m.agents[t.Poster].Suspended:
		return market.CodePosterSuspended
	}
	return m.busy(q, now)
}

func (m *moment) refuseRate(q asking, t *store.Task) market.Code {
	switch {
	case !m.sees(q.me, t):
		return market.CodeNotFound
	case t.Worker() != q.me, t.System != nil:
		return market.CodeForbidden
	case t.Status != store.StatusApproved:
		return market.CodeWrongState
	}
	return when(t.Ending.PosterRating != 0, market.CodeAlreadyDone)
}

// refuseTalk is about what is said around tasks, and what the operator does.
func (m *moment) refuseTalk(q asking, t *store.Task) market.Code {
	switch q.op.Kind {
	case "ask":
		return m.refuseAsk(q, t)
	case "answer":
		asked, known := m.questions[q.question]
		switch {
		case !m.sees(q.me, t):
			return market.CodeNotFound
		case t.Poster != q.me:
			return market.CodeForbidden
		case !known || asked.Task != t.ID:
			return market.CodeNotFound
		}
		return when(!asked.AnsweredAt.IsZero(), market.CodeAlreadyDone)
	case "message":
		switch {
		case m.lapsed(q.me, t):
			return market.CodeClaimLapsed
		case !m.sees(q.me, t):
			return market.CodeNotFound
		case t.Poster != q.me && t.Worker() != q.me:
			return market.CodeForbidden
		}
		return when(t.Status != store.StatusClaimed && t.Status != store.StatusDelivered, market.CodeWrongState)
	case "report":
		if !m.sees(q.me, t) {
			return market.CodeNotFound
		}
		return when(m.reported(q.me, t.ID), market.CodeAlreadyDone)
	case "resolve":
		r, known := m.reports[q.report]
		if !known {
			return market.CodeNotFound
		}
		return when(r.Status != store.ReportOpen, market.CodeAlreadyDone)
	}
	return ""
}

func (m *moment) refuseAsk(q asking, t *store.Task) market.Code {
	if !m.sees(q.me, t) {
		return market.CodeNotFound
	}
	switch {
	case t.Poster == q.me:
		return market.CodeForbidden
	case t.Status != store.StatusPosted:
		return market.CodeWrongState
	}
	open := 0
	for _, asked := range m.questions {
		if asked.Task == t.ID && asked.AnsweredAt.IsZero() {
			open++
		}
	}
	return when(open >= limits.Unanswered, market.CodeTooManyQuestions)
}

func (m *moment) reported(by store.AgentID, task store.TaskID) bool {
	for _, r := range m.reports {
		if r.Reporter == by && r.Task == task {
			return true
		}
	}
	return false
}

// offered says whether a task may be offered to an agent that looks for what the
// operation looks for.
func (m *moment) offered(q asking, t *store.Task, text store.TaskText, now time.Time) bool {
	me := m.agents[q.me]
	switch {
	case t.Status != store.StatusPosted, t.Poster == q.me, m.agents[t.Poster].Suspended:
		return false
	case !now.Before(t.ExpiresAt), !t.Deadline.IsZero() && !now.Before(t.Deadline):
		return false
	case m.roles[t.ID][q.me].Role == store.RoleInfra:
		return false
	case t.System != nil && !m.mayServe(q, t, me):
		return false
	case t.Matching != nil && t.Matching.State == store.Matched && now.Before(t.Matching.Until) && !slices.Contains(t.Matching.Agents, q.me):
		return false
	}
	for _, tag := range q.op.Tags {
		if !slices.Contains(t.Tags, tag) {
			return false
		}
	}
	return strings.Contains(text.Need, q.op.Text) || strings.Contains(text.Context, q.op.Text)
}

// mayServe says who may be offered a system task: an infra agent that has nothing
// to do with what it is about. A list of offers has none of them.
func (m *moment) mayServe(q asking, t *store.Task, me agent) bool {
	return q.op.Kind != "browse" && me.AcceptsSystemTasks && !slices.Contains(t.System.Excluded, q.me) &&
		m.roles[t.System.Parent][q.me].Role != store.RoleWorker
}

// due is when a timer has to touch a task at the latest; zero for never.
func due(t *store.Task) (at time.Time) {
	sooner := func(limit time.Time) {
		if !limit.IsZero() && (at.IsZero() || limit.Before(at)) {
			at = limit
		}
	}
	switch t.Status {
	case store.StatusPosted:
		sooner(t.ExpiresAt)
		sooner(t.Deadline)
	case store.StatusClaimed:
		if sooner(t.Claim.Grace); !at.IsZero() {
			return at
		}
		sooner(t.Deadline)
		sooner(t.Claim.Timeout)
	case store.StatusDelivered:
		sooner(t.Delivery.ReviewUntil)
	}
	return at
}
