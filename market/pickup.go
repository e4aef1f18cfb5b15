package market

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Pickup claims the best task on offer (contract §6). The board ranks, the
// store decides; ok is false only when the store has nothing for this agent.
//
// Errors: ErrInvalid, ErrRateLimited during the abandon cooldown, ErrConflict
// at the limit of open claims, ErrUnavailable.
func (h *Handle) Pickup(ctx context.Context, f Filter) (p Pickup, ok bool, err error) {
	f, err = checkFilter(f)
	if err != nil {
		return p, false, err
	}
	c, err := h.claim(ctx, "pickup", f, f, 1)
	if err != nil || len(c) == 0 {
		return p, false, err
	}
	return c[0], true, nil
}

// PickupBatch claims up to in.Count tasks, each atomically. It stops at the
// limit of open claims, and what was claimed is always answered (pitfall 15).
// Under an idempotency key all of them are claimed in one commit.
func (h *Handle) PickupBatch(ctx context.Context, in BatchInput) (PickupList, error) {
	if err := rules.CheckOptional("count", in.Count, 1, MaxBatch); err != nil {
		return PickupList{}, err
	}
	f, err := checkFilter(in.Filter)
	if err != nil {
		return PickupList{}, err
	}
	in.Filter = f
	if in.Count == nil {
		in.Count = Ptr(rules.DefaultBatch)
	}
	c, err := h.claim(ctx, "pickup batch", in, f, *in.Count)
	if c == nil {
		c = []Pickup{}
	}
	return PickupList{Tasks: c, Total: len(c)}, err
}

// claiming is a pickup under way.
type claiming struct {
	*Handle
	now     time.Time
	query   board.Query
	caller  *store.Agent
	idem    *store.IdempotencyID
	request [32]byte
	// left is how many claims the agent may still make.
	want, left int
	claimed    []Pickup
	// lost is set after a lost race: then more candidates are worth a try.
	lost bool
	// current is set once the board has been read to the store's head, and
	// loads tells that board from one that was loaded anew.
	current bool
	loads   int64
}

// claim finds and claims up to want tasks.
func (h *Handle) claim(ctx context.Context, name string, input any, f Filter, want int) (_ []Pickup, err error) {
	finish := h.m.meter.operation(&ctx, name)
	defer func() { finish(err) }()
	op := operation{name: name, input: input, load: store.LoadQuery{Caller: h.id}, outcome: func(*store.Loaded, *rules.Outcome) any { return nil }}
	request, err := h.m.prepare(ctx, &op)
	if err != nil {
		return nil, err
	}
	leave, err := h.m.underWay.enter(ctx, op.load.Idempotency)
	if err != nil {
		return nil, err
	}
	defer leave()
	op.load.Now = h.m.now()
	for try := 0; ; try++ {
		claimed, err := h.claimOnce(ctx, op.load, request, f, want)
		if try == maxTries || !errors.Is(err, errRepeated) {
			return claimed, err
		}
	}
}

func (h *Handle) claimOnce(ctx context.Context, load store.LoadQuery, request [32]byte, f Filter, want int) ([]Pickup, error) {
	l, err := h.enter(ctx, load)
	if err != nil {
		return nil, err
	}
	if l.Idempotency != nil {
		return h.m.replayClaims(ctx, l.Idempotency, request)
	}
	c := &claiming{Handle: h, now: load.Now, caller: l.Caller, idem: load.Idempotency, request: request, want: want}
	if err = c.allowed(); err == nil {
		c.query = h.query(c.caller, f, c.now)
		err = c.run(ctx)
	}
	if len(c.claimed) > 0 {
		h.m.meter.claimed(ctx, len(c.claimed))
		return c.claimed, nil
	}
	// What refuses this pickup, or leaves nothing to find, may be a claim that
	// the first request under the key has made.
	record, failed := h.m.firstOutcome(ctx, load, err)
	switch {
	case failed != nil:
		return nil, failed
	case record != nil:
		return h.m.replayClaims(ctx, record, request)
	}
	return nil, err
}

// enter loads the caller, settled at q.Now, and what ranking needs of it.
func (h *Handle) enter(ctx context.Context, q store.LoadQuery) (*store.Loaded, error) {
	q.TrustIn = !h.m.mirror.TrustKnown(h.id)
	for settled := 0; ; {
		l, err := h.m.store.Load(ctx, q)
		if err != nil {
			return nil, known(ctx, err)
		}
		if err := admitted(l.Caller); err != nil {
			return nil, err
		}
		n, err := h.m.settleLoaded(ctx, l, q.Now)
		if err != nil {
			return nil, err
		}
		if settled += n; n > 0 && settled < maxSettle {
			continue
		}
		if q.TrustIn {
			h.m.mirror.SetTrust(h.id, l.TrustIn)
		}
		return l, nil
	}
}

// query is what the board is asked for this agent.
func (h *Handle) query(a *store.Agent, f Filter, now time.Time) board.Query {
	return board.Query{
		Agent: string(h.id), Infra: h.m.rules.IsInfra(&a.Profile), Capabilities: a.CapabilityTags(),
		Tags: f.Tags, Search: f.Search, Now: now,
	}
}

// allowed enforces the cooldown and the limit of open claims.
func (c *claiming) allowed() error {
	if err := rules.Cooldown(c.caller, c.now); err != nil {
		return err
	}
	c.left = c.want
	if most := c.m.rules.MaxClaims(&c.caller.Account); most > 0 {
		if c.caller.OpenClaims >= most {
			return c.m.rules.TooManyClaims(&c.caller.Account)
		}
		c.left = min(c.left, int(most-c.caller.OpenClaims))
	}
	return nil
}

// run asks the board for candidates and the store for a decision until enough
// is claimed or nothing is left.
func (c *claiming) run(ctx context.Context) error {
	if err := c.begin(ctx); err != nil {
		if errors.Is(err, mirror.ErrWarming) {
			return c.runCold(ctx)
		}
		return err
	}
	for try := 0; c.left > 0; try++ {
		if try == maxPickupTries {
			return unavailable(errLostAll)
		}
		more, err := c.tryBest(ctx)
		if errors.Is(err, mirror.ErrWarming) {
			return c.runCold(ctx)
		}
		if !more || err != nil {
			return err
		}
	}
	return nil
}

// begin waits for a board that can answer, and notes which one that is.
func (c *claiming) begin(ctx context.Context) error {
	c.current = false
	return c.m.consult(ctx, func() { c.loads = c.m.mirror.Loads() })
}

// tryBest reserves the best candidates while it tries to claim among them.
func (c *claiming) tryBest(ctx context.Context) (more bool, err error) {
	r := c.m.mirror.Board.Reserve(c.query, c.candidates())
	// A panic below must not keep the candidates from everybody else.
	defer r.Release()
	return c.try(ctx, r)
}

// maxPickupTries bounds a pickup that loses every race: each of them was won
// by somebody else.
const maxPickupTries = 1_000

var errLostAll = errors.New("a pickup lost every race")

// candidates is how many tasks to propose at once: one for each wanted claim,
// and more after a lost race.
func (c *claiming) candidates() int {
	if c.lost {
		return max(c.left, maxFirst)
	}
	return c.left
}

// maxFirst is the most Changes that CommitFirst takes.
const maxFirst = 8

// try claims among the reserved tasks; more is false when there is nothing
// left to try.
func (c *claiming) try(ctx context.Context, r *board.Reservation[*store.Task]) (more bool, err error) {
	switch {
	case len(r.Offers) > 0:
		return true, c.commit(ctx, r.Offers)
	case r.Busy != nil:
		select {
		case <-r.Busy:
			return true, nil
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	case c.loads != c.m.mirror.Loads():
		// The board was emptied meanwhile: what it lacks proves nothing.
		return true, c.begin(ctx)
	case c.current:
		return false, nil
	}
	// "No work" is never the answer of a stale board.
	c.current = true
	return true, known(ctx, c.m.mirror.CatchUp(ctx))
}

// commit decides over what the board offers and hands it to the store.
func (c *claiming) commit(ctx context.Context, offers []board.Offer[*store.Task]) error {
	if cs := c.decide(offers); len(cs) > 0 {
		return c.decideAmong(ctx, cs)
	}
	return nil
}

// decideAmong lets the store decide: one candidate for a single pickup, for a
// batch all that are still open, together with its record if it has a key.
func (c *claiming) decideAmong(ctx context.Context, cs []candidate) error {
	switch {
	case c.want == 1:
		return c.commitFirst(ctx, cs)
	case c.idem != nil:
		return c.commitTogether(ctx, cs)
	default:
		return c.commitEach(ctx, cs)
	}
}

// candidate is a claim decided beforehand.
type candidate struct {
	*rules.Outcome
	task  *store.Task
	claim *recordedClaim
}

func (c *claiming) decide(offers []board.Offer[*store.Task]) []candidate {
	out := make([]candidate, 0, len(offers))
	for _, offer := range offers {
		t := offer.Value
		o, err := c.m.rules.Claim(c.now, t, c.caller, c.m.mirror.PendingMatch(t))
		if err != nil {
			c.m.mirror.Board.Remove(offer.ID, t.Version)
			continue
		}
		task := o.Written(t.ID)
		out = append(out, candidate{Outcome: o, task: task, claim: &recordedClaim{
			Task: task, Reputation: offer.Reputation, PosterRecord: c.m.record(t.Poster),
		}})
	}
	return out
}

// commitFirst claims the first candidate that is still open.
func (c *claiming) commitFirst(ctx context.Context, cs []candidate) error {
	cs = cs[:min(len(cs), maxFirst)]
	changes := make([]*store.Change, len(cs))
	for i := range cs {
		if err := c.record(cs[i].Outcome, cs[i:i+1]); err != nil {
			return err
		}
		changes[i] = &cs[i].Change
	}
	i, done, errs, err := c.m.store.CommitFirst(ctx, changes)
	if err != nil {
		return known(ctx, err)
	}
	if err := c.sortOut(ctx, cs, errs); err != nil || i < 0 {
		return err
	}
	c.won(cs[i], done)
	return nil
}

// commitEach claims each candidate on its own.
func (c *claiming) commitEach(ctx context.Context, cs []candidate) error {
	cs = cs[:min(len(cs), c.left)]
	changes := make([]*store.Change, len(cs))
	for i := range cs {
		changes[i] = &cs[i].Change
	}
	done, errs := c.m.store.CommitEach(ctx, changes)
	for i := range cs {
		if errs[i] == nil {
			c.won(cs[i], done[i])
		}
	}
	return c.sortOut(ctx, cs, errs)
}

// commitTogether claims all candidates in one commit with the idempotency
// record, and one less each time somebody else was faster. It reads the texts
// first: they never change, and a read that fails then leaves nothing claimed.
func (c *claiming) commitTogether(ctx context.Context, cs []candidate) error {
	texts, err := c.m.texts(ctx, ids(cs))
	if err != nil {
		return err
	}
	all, cs := c.together(c.stillThere(cs, texts))
	if len(cs) == 0 {
		return nil
	}
	if err := c.record(all, cs); err != nil {
		return err
	}
	if _, err := c.m.store.Commit(ctx, &all.Change); err != nil {
		return c.lostTogether(ctx, cs, err)
	}
	for _, one := range cs {
		c.won(one, store.Committed{Text: texts[one.task.ID]})
	}
	c.left = 0
	return nil
}

// stillThere leaves out candidates that the store does not have any more.
func (c *claiming) stillThere(cs []candidate, texts map[TaskID]store.TaskText) []candidate {
	cs = slices.DeleteFunc(cs[:min(len(cs), c.left)], func(one candidate) bool {
		_, found := texts[one.task.ID]
		if !found {
			c.m.mirror.Board.Remove(string(one.task.ID), one.task.Version)
		}
		return !found
	})
	return cs
}

// together merges the claims that can be had at once.
func (c *claiming) together(cs []candidate) (all *rules.Outcome, merged []candidate) {
	claims := make([]*rules.Outcome, len(cs))
	for i := range cs {
		claims[i] = cs[i].Outcome
	}
	all, which := c.m.rules.Together(c.now, claims)
	for _, i := range which {
		merged = append(merged, cs[i])
	}
	return all, merged
}

// lostTogether drops the candidate that somebody else took.
func (c *claiming) lostTogether(ctx context.Context, cs []candidate, err error) error {
	var conflict *store.Conflict
	if !errors.As(err, &conflict) {
		return known(ctx, err)
	}
	for _, one := range cs {
		if conflict.Task == "" || conflict.Task == one.task.ID {
			return c.sortOut(ctx, []candidate{one}, []error{err})
		}
	}
	return c.sortOut(ctx, cs[:1], []error{err})
}

func ids(cs []candidate) []TaskID {
	out := make([]TaskID, len(cs))
	for i, one := range cs {
		out[i] = one.task.ID
	}
	return out
}

// texts reads need and context of tasks.
func (m *Market) texts(ctx context.Context, ids []TaskID) (map[TaskID]store.TaskText, error) {
	stored, err := m.store.Tasks(ctx, ids)
	if err != nil {
		return nil, known(ctx, err)
	}
	texts := make(map[TaskID]store.TaskText, len(stored))
	for _, st := range stored {
		if st.Text.Need != "" {
			texts[st.Task.ID] = st.Text
		}
	}
	return texts, nil
}

// won takes note of a claim.
func (c *claiming) won(one candidate, done store.Committed) {
	c.m.applied(one.Outcome, done, nil)
	c.claimed = append(c.claimed, c.m.pickupView(one.claim, done.Text))
	c.left--
}

// record adds the idempotency record, if the call has a key.
func (c *claiming) record(o *rules.Outcome, cs []candidate) (err error) {
	if c.idem == nil {
		return nil
	}
	claims := make([]*recordedClaim, len(cs))
	for i, one := range cs {
		claims[i] = one.claim
	}
	o.Idempotency, err = newRecord(*c.idem, c.request, claims, c.now)
	return err
}

// recordedClaim is a claim in an idempotency record, without the texts.
type recordedClaim struct {
	Task *store.Task `json:"task"`
	// What was known of the poster then.
	Reputation   float64       `json:"reputation"`
	PosterRecord *PosterRecord `json:"poster_record,omitempty"`
}

// replayClaims renders the recorded claims again.
func (m *Market) replayClaims(ctx context.Context, record *store.IdempotencyRecord, request [32]byte) ([]Pickup, error) {
	data, err := replay(record, request)
	if err != nil {
		return nil, err
	}
	claims, err := recall[[]recordedClaim](data)
	if err != nil {
		return nil, err
	}
	wanted := make([]TaskID, len(claims))
	for i, claim := range claims {
		wanted[i] = claim.Task.ID
	}
	texts, err := m.texts(ctx, wanted)
	if err != nil {
		return nil, err
	}
	out := make([]Pickup, len(claims))
	for i, claim := range claims {
		if out[i], err = m.claimAgain(&claim, texts[claim.Task.ID]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// claimAgain renders a recorded claim again.
func (m *Market) claimAgain(r *recordedClaim, text store.TaskText) (Pickup, error) {
	if text.Need == "" {
		return Pickup{}, textsGone()
	}
	return m.pickupView(r, text), nil
}

// textsGone is the answer to a repeat when the operator has deleted what the
// first outcome was about: rather none than one without its texts.
func textsGone() *Error {
	return rules.Refuse(CodeNotFound, "The task was deleted after the first request under this Idempotency-Key")
}
