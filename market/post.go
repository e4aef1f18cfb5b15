package market

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Post delegates a task: max_credits move into escrow and the task opens, in one
// commit (rules 3.3 and 4.2). With in.Wait it returns when the task is delivered or
// has ended, or when the time is up; once the task is posted it never fails. A
// second post under the same in.ExternalID gives the task of the first.
//
// Errors: ErrInvalid (also for a wait inside a host's transaction), ErrInsufficientCredits, ErrSuspended, ErrConflict (a used
// idempotency key), ErrRateLimited (beyond Policy.MaxWaits), ErrUnavailable.
func (h *Handle) Post(ctx context.Context, in PostInput) (Posted, error) {
	in, err := checkPost(in)
	if err != nil {
		return Posted{}, h.m.refused(ctx, "post", err)
	}
	if in.Wait == 0 {
		posted, task, err := h.post(ctx, in)
		if posted.Existing {
			posted.Task = &task
		}
		return posted, err
	}
	if err := h.mayWait(in.Wait); err != nil {
		return Posted{}, h.m.refused(ctx, "post", err)
	}
	// The place to wait is taken first, since nothing may fail once the task is
	// posted.
	leave, err := h.takeWait()
	if err != nil {
		return Posted{}, h.m.refused(ctx, "post", err)
	}
	defer leave()
	posting, done := beyondWait(ctx)
	defer done()
	posted, task, err := h.post(posting, in)
	if err != nil {
		return Posted{}, err
	}
	posted.Task = &task
	h.m.await(ctx, h.id, &posted, in.Wait)
	return posted, nil
}

func checkPost(in PostInput) (PostInput, error) {
	if err := rules.CheckCount("tags", in.Tags, limits.Tags); err != nil {
		return in, err
	}
	if err := rules.CheckRequired("need", in.Need, limits.Need); err != nil {
		return in, err
	}
	if err := rules.CheckText("context", in.Context, limits.Context); err != nil {
		return in, err
	}
	in.MaxCredits = cmp.Or(in.MaxCredits, rules.DefaultCredits)
	if err := rules.CheckRange("max_credits", in.MaxCredits, 1, limits.Credits); err != nil {
		return in, err
	}
	for _, limit := range []struct {
		field string
		value *time.Duration
	}{
		{"deadline_minutes", &in.Deadline},
		{"claim_timeout_minutes", &in.ClaimTimeout},
		{"review_timeout_minutes", &in.ReviewTimeout},
		{"open_after_minutes", &in.OpenAfter},
	} {
		whole, err := rules.CheckMinutes(limit.field, *limit.value)
		if err != nil {
			return in, err
		}
		*limit.value = whole
	}
	if err := rules.CheckWait(in.Wait); err != nil {
		return in, err
	}
	if err := rules.CheckText("external_id", in.ExternalID, limits.ExternalID); err != nil {
		return in, err
	}
	if err := rules.CheckHire(in.OfferTo, in.OpenAfter); err != nil {
		return in, err
	}
	var err error
	if in.Metadata, err = rules.CheckMetadata(in.Metadata); err != nil {
		return in, err
	}
	in.Tags, err = rules.CheckTags("tags", in.Tags, limits.Tags)
	return in, err
}

// post posts the task. It also returns the task as its poster sees it.
func (h *Handle) post(ctx context.Context, in PostInput) (posted Posted, view Task, err error) {
	m := h.m
	id, err := m.ids.next("tk-")
	if err != nil {
		return posted, view, unavailable(err)
	}
	what := draft{id: TaskID(id), in: in}
	if what.how, err = m.plan(ctx, what.id, h.id, in); err != nil {
		return posted, view, m.refused(ctx, "post", err)
	}
	said := in
	said.Wait = 0
	op := operation{
		name: "post", input: said, external: in.ExternalID, load: store.LoadQuery{Caller: h.id},
		decide: func(now time.Time, l *store.Loaded) (*rules.Outcome, error) {
			return m.rules.Post(now, l, m.newTask(&what, h.id, now), what.text(), what.how)
		},
		conflict: m.rules.TooManyBytes,
		outcome:  func(l *store.Loaded, o *rules.Outcome) any { return m.postedFirst(l, o, "") },
	}
	d, err := m.operate(ctx, op)
	if errors.Is(err, rules.ErrOverBudget) {
		what.how = m.planBuiltIn(ctx, h.id, in)
		d, err = m.operate(ctx, op)
	}
	if err != nil {
		return posted, view, err
	}
	if d.replay != nil {
		return h.postedBefore(ctx, in, d.replay)
	}
	t := d.outcome.Tasks[0].New
	view = m.taskView(t, what.text(), recordOf(d.loaded.Caller))
	posted = m.postedFirst(d.loaded, d.outcome, in.Need)
	view.Actions = slices.Clone(posted.Actions)
	return posted, view, nil
}

// postedBefore answers from the record of the first post: under an idempotency key as
// that was answered, under a name with the task as it is now.
func (h *Handle) postedBefore(ctx context.Context, in PostInput, record []byte) (posted Posted, view Task, err error) {
	posted, err = recall[Posted](record)
	if err != nil || in.ExternalID == "" {
		posted.Need = in.Need
		return posted, posted.asPosted(h.id, in), err
	}
	posted.Existing = true
	view, _, err = h.look(ctx, posted.TaskID)
	if errors.Is(err, ErrNotFound) {
		// Its time is over: what is left of the task is its name.
		return posted, posted.asPosted(h.id, PostInput{MaxCredits: posted.MaxCredits, ExternalID: in.ExternalID}), nil
	}
	posted.Status, posted.Need, posted.Deadline, posted.ExpiresAt = view.Status, view.Need, view.Deadline, view.ExpiresAt
	posted.Actions = slices.Clone(view.Actions)
	return posted, view, err
}

// asPosted is the task as far as the answer to Post describes it.
func (p *Posted) asPosted(poster AgentID, in PostInput) Task {
	return Task{
		TaskID: p.TaskID, Status: p.Status, Need: in.Need, Context: in.Context, MaxCredits: in.MaxCredits,
		Tags: tagList(in.Tags), Metadata: maps.Clone(in.Metadata), ExternalID: in.ExternalID, PosterID: poster, OfferTo: rules.Distinct(in.OfferTo), Deadline: p.Deadline, ExpiresAt: p.ExpiresAt,
	}
}

// draft is a task that is to be posted: what its poster says, and how it is matched.
type draft struct {
	id  TaskID
	in  PostInput
	how rules.Plan
	// request is the digest of in, for its external id.
	request [32]byte
}

func (d *draft) text() store.TaskText { return store.TaskText{Need: d.in.Need, Context: d.in.Context} }

func (m *Market) newTask(d *draft, poster AgentID, now time.Time) *store.Task {
	t := m.rules.NewTask(d.id, poster, now)
	apply(t, d.in, now)
	return t
}

// apply copies the poster's input into the task.
func apply(t *store.Task, in PostInput, now time.Time) {
	t.MaxCredits, t.Tags, t.Metadata, t.ExternalID = in.MaxCredits, in.Tags, in.Metadata, in.ExternalID
	if in.Deadline != 0 {
		t.Deadline = now.Add(in.Deadline)
	}
	t.ClaimTimeout, t.ReviewTimeout = in.ClaimTimeout, in.ReviewTimeout
	t.Direct = rules.Hire(now, in.OfferTo, in.OpenAfter)
}

func (m *Market) postedFirst(l *store.Loaded, o *rules.Outcome, need string) Posted {
	t := o.Tasks[0].New
	posted := postedView(t, l.Caller.Balance-t.MaxCredits)
	posted.Need, posted.Actions = need, m.rules.Actions(o.At, &store.Loaded{Caller: l.Caller, Task: t})
	return posted
}

// postedView is without the need, as it is recorded.
func postedView(t *store.Task, balance int64) Posted {
	return Posted{
		TaskID: t.ID, Status: t.Status, MaxCredits: t.MaxCredits,
		Balance: balance, ExpiresAt: NewTime(t.ExpiresAt), Deadline: NewTime(t.Deadline),
	}
}

// plan finds out how a new task is matched: by an infra agent, whose task it
// drafts, by the built-in matcher, or later when a host's transaction has to
// commit first (rule 6.9).
func (m *Market) plan(ctx context.Context, id TaskID, poster AgentID, in PostInput) (rules.Plan, error) {
	switch {
	case len(in.OfferTo) > 0:
		return rules.Plan{}, m.checkHired(ctx, poster, in.OfferTo)
	case m.hosted, m.mirror.Fresh(ctx) != nil:
		return rules.Plan{Deferred: true}, nil
	case !m.mirror.HasInfraBut(poster):
		return m.planBuiltIn(ctx, poster, in), nil
	}
	childID, err := m.ids.next("tk-")
	if err != nil {
		return rules.Plan{}, unavailable(err)
	}
	return rules.Plan{Infra: rules.MatchDraft(TaskID(childID), m.candidates(ctx, id, matchTask(poster, in)), poster)}, nil
}

// checkHired refuses a direct hire of agents that do not exist, or of the poster.
func (m *Market) checkHired(ctx context.Context, poster AgentID, ids []AgentID) error {
	found, err := m.store.Agents(ctx, rules.Distinct(ids))
	if err != nil {
		return known(ctx, err)
	}
	return rules.CheckHired(poster, ids, found)
}

// planBuiltIn matches without an infra agent.
func (m *Market) planBuiltIn(ctx context.Context, poster AgentID, in PostInput) rules.Plan {
	return rules.Plan{Found: rules.Ranking(m.bestMatches(ctx, matchTask(poster, in)))}
}

func matchTask(poster AgentID, in PostInput) MatchTask {
	return MatchTask{Need: in.Need, Context: in.Context, Tags: slices.Clone(in.Tags), Poster: poster}
}
