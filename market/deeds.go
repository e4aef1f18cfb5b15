package market

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// OperatorAction is an entry of the log of what operators did.
type OperatorAction struct {
	// Number counts the entries from 1, without gaps.
	Number int64 `json:"number"`
	At     Time  `json:"at"`
	// Operator is the name of who did it.
	Operator string `json:"operator"`
	// Action is what was done: one of the constants below.
	Action string `json:"action"`
	// What it was done to: an agent, a task, a report, or with Subject an operator. Those
	// that are not concerned are "".
	AgentID  AgentID  `json:"agent_id,omitempty"`
	TaskID   TaskID   `json:"task_id,omitempty"`
	ReportID ReportID `json:"report_id,omitempty"`
	Subject  string   `json:"subject,omitempty"`
	// PosterID and WorkerID are the parties of the task at that time. What an earlier version
	// wrote has none.
	PosterID AgentID `json:"poster_id,omitempty"`
	WorkerID AgentID `json:"worker_id,omitempty"`
	// AgentName, PosterName and WorkerName are what those are called now. Only
	// Market.Actions tells them: they are not part of the entry.
	AgentName  string `json:"agent_name,omitempty"`
	PosterName string `json:"poster_name,omitempty"`
	WorkerName string `json:"worker_name,omitempty"`
	// Clients are the addresses from which log-ins were refused, as far as the server knows
	// them, those with the most of them first.
	Clients string `json:"clients,omitempty"`
	// Amount is how many credits were moved, invitations made, or log-ins refused; for a
	// task what its poster was charged.
	Amount int64 `json:"amount,omitempty"`
	// Of a task that was resolved, WorkerReceives is what the worker got and PosterGetsBack
	// what went back to the poster. What an earlier version wrote has neither.
	WorkerReceives int64 `json:"worker_receives,omitempty"`
	PosterGetsBack int64 `json:"poster_gets_back,omitempty"`
	// Outcome is the choice that was made, where there was one: how a report or a task was
	// resolved, an operator's role.
	Outcome string `json:"outcome,omitempty"`
	// Reason is the operator's own.
	Reason string `json:"reason,omitempty"`
}

// What an operator does.
const (
	ActionGrant          = "grant"
	ActionInvite         = "invite"
	ActionSuspend        = "suspend"
	ActionUnsuspend      = "unsuspend"
	ActionAppointInfra   = "appoint_infra"
	ActionDismissInfra   = "dismiss_infra"
	ActionResolveReport  = "resolve_report"
	ActionResolveTask    = "resolve_task"
	ActionClawBack       = "claw_back"
	ActionAddOperator    = "add_operator"
	ActionRevokeOperator = "revoke_operator"
)

// ActionNames are all of them.
func ActionNames() []string {
	return []string{
		ActionGrant, ActionClawBack, ActionSuspend, ActionUnsuspend, ActionAppointInfra, ActionDismissInfra, ActionResolveTask,
		ActionResolveReport, ActionRedeliver, ActionSeeDead, ActionInvite, ActionAddOperator, ActionRevokeOperator, ActionLogIn, ActionLogOut, ActionLogInRefused,
	}
}

// toldIn says by whom, when and why in a refusal of what was done before; nil adds nothing.
func (a *OperatorAction) toldIn(err error) error {
	refusal, is := errors.AsType[*Error](err)
	if a == nil || !is || refusal.Code != CodeAlreadyDone {
		return err
	}
	said := *refusal
	said.Message += ": " + a.Told()
	return &said
}

// Told says in words by whom it was done, when and why, the last cut to 200 characters.
func (a *OperatorAction) Told() string {
	said := "by " + cmp.Or(a.Operator, "somebody") + " at " + a.At.UTC().Format("2006-01-02 15:04:05 UTC")
	if a.Reason != "" {
		said += ", “" + rules.Cut(a.Reason, maxSummary) + "”"
	}
	return said
}

// deed makes an operation one of an operator: its role is asked first, and an entry in
// the log is written in the operation's own commit, so that neither is without the other
// (rule 15.9).
type deed struct {
	// may is who may do it; nil for whoever may act.
	may func(by Operator) error
	// entry says what was done, or each what several acts in one commit did. Number, At
	// and Operator are filled in.
	entry func(l *store.Loaded, o *rules.Outcome) OperatorAction
	each  func() []OperatorAction
}

// does is the deed whose entry is known beforehand.
func does(a OperatorAction) *deed {
	return &deed{entry: func(*store.Loaded, *rules.Outcome) OperatorAction { return a }}
}

// allow refuses who may not do what the operation does.
func (d *deed) allow(by Operator) error {
	switch {
	case d == nil:
		return nil
	case d.may != nil:
		return d.may(by)
	}
	return rules.MayAct(by.Role)
}

// enter adds the deed's entries to the outcome. Entries are numbered, and so are those of
// each operator, agent and task, which hold the entry's number: two that are written at
// once take turns, and each list is read from its end.
func (m *Market) enter(ctx context.Context, d *deed, done *done) error {
	var entries []OperatorAction
	if d.each != nil {
		entries = d.each()
	} else {
		entries = []OperatorAction{d.entry(done.loaded, done.outcome)}
	}
	chains := []chain{actionsChain}
	for i := range entries {
		a := &entries[i]
		a.At, a.Operator = NewTime(done.now), OperatorOf(ctx).Name
		chains = append(chains, a.filters()...)
	}
	ends, err := m.endsOf(ctx, chains)
	if err != nil {
		return err
	}
	add := func(c chain, data string) {
		l := ends[c]
		done.outcome.Records = append(done.outcome.Records, l.next(data))
		l.number++
		ends[c] = l
	}
	for i := range entries {
		a := &entries[i]
		a.Number = ends[actionsChain].number + 1
		add(actionsChain, rules.AsJSON(a))
		for _, c := range a.filters() {
			add(c, strconv.FormatInt(a.Number, 10))
		}
	}
	return nil
}

// atOnce is how many chains are followed to their ends with one look at the store: of each
// it asks for several elements.
const atOnce = 20

// endsOf are the last elements of any number of chains.
func (m *Market) endsOf(ctx context.Context, chains []chain) (map[chain]link, error) {
	slices.Sort(chains)
	chains = slices.Compact(chains)
	all := make(map[chain]link, len(chains))
	for some := range slices.Chunk(chains, atOnce) {
		ends, err := m.ends(ctx, some...)
		if err != nil {
			return nil, err
		}
		for _, end := range ends {
			all[end.chain] = end
		}
	}
	return all, nil
}

// filters are the chains, beside the log itself, that lead to the entry.
func (a *OperatorAction) filters() (chains []chain) {
	queries := []ActionQuery{{Operator: a.Operator}, {AgentID: a.AgentID}, {TaskID: a.TaskID}, {ReportID: a.ReportID}, {Action: a.Action}}
	for _, party := range []AgentID{a.PosterID, a.WorkerID} {
		if party != Platform && party != a.AgentID {
			queries = append(queries, ActionQuery{AgentID: party})
		}
	}
	if ofOperator := a.Action == ActionAddOperator || a.Action == ActionRevokeOperator; ofOperator && a.Subject != a.Operator {
		queries = append(queries, ActionQuery{Operator: a.Subject})
	}
	for _, q := range queries {
		if c := q.chain(); c != actionsChain {
			chains = append(chains, c)
		}
	}
	if a.Action == ActionRedeliver {
		chains = append(chains, redeliveriesOf(a.AgentID, a.Subject))
	}
	if a.Action == ActionLogIn {
		chains = append(chains, logInsOf(a.Operator))
	}
	return chains
}

// logInsOf are an operator's log-ins.
func logInsOf(name string) chain { return chain("log-ins of " + name) }

// ActionQuery selects entries of the log, newest first; limit 1–100, default 50. At most
// one of Operator, Action, AgentID, TaskID and ReportID is set.
type ActionQuery struct {
	// Operator is who did something, or to whom it was done.
	Operator string
	// Action is a kind of act, one of Actions.
	Action string
	// AgentID is to whom something was done, or a party of the task that it was done to.
	AgentID  AgentID
	TaskID   TaskID
	ReportID ReportID
	// From, unless it is zero, leaves only what was done then or later; Until, unless it is
	// zero, what was done before it. Replicas whose clocks differ may have written what is as
	// close to the bound as they differ in another order: it may be on either side.
	From, Until Time
	Page
}

// OnDays makes From and Until those of days such as 2026-01-15, in UTC, both included; ""
// for no bound.
//
// Errors: ErrInvalid.
func (q *ActionQuery) OnDays(from, to string) (err error) {
	if q.From, err = startOf("from", from); err != nil {
		return err
	}
	if q.Until, err = startOf("to", to); err != nil || to == "" {
		return err
	}
	if q.Until = NewTime(q.Until.AddDate(0, 0, 1)); !q.From.Before(q.Until.Time) {
		return rules.Invalid("to", "must not be before from")
	}
	return nil
}

func startOf(name, day string) (at Time, err error) {
	if day == "" {
		return at, nil
	}
	begins, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return at, rules.Invalid(name, "must be a day such as 2026-01-15")
	}
	return NewTime(begins), nil
}

// chain is the list that the query pages through.
func (q *ActionQuery) chain() chain {
	switch {
	case q.Operator != "":
		return chain("actions by " + q.Operator)
	case q.Action != "":
		return chain("actions of kind " + q.Action)
	case q.AgentID != "":
		return chain("actions on " + q.AgentID)
	case q.TaskID != "":
		return chain("actions on " + q.TaskID)
	case q.ReportID != "":
		return chain("actions on " + q.ReportID)
	}
	return actionsChain
}

func (q *ActionQuery) check() (err error) {
	set := 0
	for _, s := range []string{q.Operator, q.Action, string(q.AgentID), string(q.TaskID), string(q.ReportID)} {
		if s != "" {
			set++
		}
		if err := rules.CheckText("operator", s, maxFilter); err != nil {
			return err
		}
	}
	if q.Action != "" && !slices.Contains(ActionNames(), q.Action) {
		return rules.Invalid("action", "must be one of %s", strings.Join(ActionNames(), ", "))
	}
	if !q.Until.IsZero() && !q.From.Before(q.Until.Time) {
		return rules.Invalid("until", "must be later than from")
	}
	if set > 1 {
		return rules.Invalid("operator", "only one of operator, action, agent_id, task_id and report_id may be given")
	}
	q.Page, err = checkPage(q.Page, 50, 100)
	return err
}

// maxFilter is more than any id or name has.
const maxFilter = 255

// OperatorActions is a page of the log.
type OperatorActions struct {
	Actions []OperatorAction `json:"actions"`
	Total   int              `json:"total"`
}

// Actions lists what operators did, newest first (rule 15.10). Entries are kept for good.
func (m *Market) Actions(ctx context.Context, q ActionQuery) (list OperatorActions, err error) {
	finish := m.meter.operation(&ctx, "actions")
	defer func() { finish(err) }()
	if list, err = m.actions(ctx, q); err != nil {
		return OperatorActions{}, err
	}
	var ids []AgentID
	for i := range list.Actions {
		ids = append(ids, list.Actions[i].AgentID, list.Actions[i].PosterID, list.Actions[i].WorkerID)
	}
	slices.Sort(ids)
	names := map[AgentID]string{}
	for some := range slices.Chunk(slices.Compact(ids), maxNames) {
		found, err := m.Names(ctx, some...)
		if err != nil {
			return OperatorActions{}, err
		}
		maps.Copy(names, found)
	}
	for i := range list.Actions {
		a := &list.Actions[i]
		a.AgentName, a.PosterName, a.WorkerName = names[a.AgentID], names[a.PosterID], names[a.WorkerID]
	}
	return list, nil
}

// actions is Actions without the agents' names.
func (m *Market) actions(ctx context.Context, q ActionQuery) (OperatorActions, error) {
	if err := q.check(); err != nil {
		return OperatorActions{}, err
	}
	c := q.chain()
	ends, err := m.ends(ctx, c)
	if err != nil {
		return OperatorActions{}, err
	}
	first, last := int64(1), ends[0].number
	if !q.Until.IsZero() {
		if last, err = m.firstSince(ctx, c, last, q.Until); err != nil {
			return OperatorActions{}, err
		}
		last--
	}
	if !q.From.IsZero() {
		if first, err = m.firstSince(ctx, c, last, q.From); err != nil {
			return OperatorActions{}, err
		}
	}
	numbers := make([]int64, 0, q.Limit)
	for n := last - int64(q.Offset); n >= first && len(numbers) < q.Limit; n-- {
		numbers = append(numbers, n)
	}
	list := OperatorActions{Total: int(last - first + 1)}
	list.Actions, err = m.entries(ctx, c, numbers)
	return list, err
}

// firstSince is the number of the first of so many elements of the log, or of a filter's
// chain, that is not earlier than the instant, the number after the last for none. They are
// in the order of time: each look at some of them leaves a fraction to look at.
func (m *Market) firstSince(ctx context.Context, c chain, count int64, at Time) (int64, error) {
	before, since := int64(0), count+1
	for since-before > 1 {
		gap := since - before - 1
		n := min(gap, store.MaxEach)
		numbers := make([]int64, n)
		for i := range n {
			numbers[i] = before + 1 + i*gap/n
		}
		entries, err := m.entries(ctx, c, numbers)
		if err != nil {
			return 0, err
		}
		for i := range entries {
			if entries[i].At.Before(at.Time) {
				before = numbers[i]
			} else {
				since = numbers[i]
				break
			}
		}
	}
	return since, nil
}

// entries reads those entries of the log to which elements of the log, or of a filter's
// chain, lead, in the order asked for.
func (m *Market) entries(ctx context.Context, c chain, numbers []int64) (list []OperatorAction, err error) {
	if c != actionsChain {
		if numbers, err = m.pointed(ctx, c, numbers); err != nil {
			return nil, err
		}
	}
	found, err := m.elements(ctx, actionsChain, numbers)
	list = make([]OperatorAction, len(found))
	for i := 0; i < len(found) && err == nil; i++ {
		list[i], err = recall[OperatorAction](found[i])
	}
	return list, err
}

// EachAction yields all entries of the log that the query selects, newest first, a page at
// a time: read is Market.Actions, or a client's. Each comes once, whatever is written
// meanwhile. An error comes last.
func EachAction(ctx context.Context, q ActionQuery, read func(context.Context, ActionQuery) (OperatorActions, error)) iter.Seq2[OperatorAction, error] {
	return each(func(p Page) ([]OperatorAction, int, error) {
		q.Page = p
		list, err := read(ctx, q)
		return list.Actions, list.Total, err
	})
}

// EachEntry yields an agent's whole ledger, newest first, as EachAction the log: read is
// Market.LedgerOf.
func EachEntry(ctx context.Context, id AgentID, read func(context.Context, AgentID, Page) (LedgerPage, error)) iter.Seq2[LedgerEntry, error] {
	return each(func(p Page) ([]LedgerEntry, int, error) {
		list, err := read(ctx, id, p)
		return list.Ledger, list.Total, err
	})
}

// each yields the elements of a list that grows at its beginning, where they are counted
// from the end: what was yielded before comes again in a page when it has grown.
func each[T any](read func(Page) ([]T, int, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := -1
		for offset := 0; left != 0; {
			items, total, err := read(Page{Limit: 100, Offset: offset})
			if err != nil {
				yield(*new(T), err)
				return
			}
			if left < 0 {
				left = total
			}
			for i := range items {
				if total-offset-i > left {
					continue
				}
				left--
				if !yield(items[i], nil) {
					return
				}
			}
			if offset += len(items); len(items) == 0 {
				return
			}
		}
	}
}

// pointed are the numbers of entries that elements of a filter's chain hold.
func (m *Market) pointed(ctx context.Context, c chain, numbers []int64) ([]int64, error) {
	held, err := m.elements(ctx, c, numbers)
	if err != nil {
		return nil, err
	}
	list := make([]int64, len(held))
	for i, data := range held {
		if err := json.Unmarshal(data, &list[i]); err != nil {
			return nil, unavailable(err)
		}
	}
	return list, nil
}
