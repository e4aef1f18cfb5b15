package market

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/board"
	"github.com/pinchwork/pinchwork/market/internal/mirror"
	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/market/limits"
	"github.com/pinchwork/pinchwork/store"
)

// Pickup claims the best task on offer (rules 6.1 and 6.3). The board ranks, the
// store decides; ok is false only when the store has nothing for this agent, and then
// p.Nothing says why. With f.Wait it waits so long for a task (rule 4.23).
//
// Errors: ErrInvalid, ErrRateLimited during the abandon cooldown and beyond
// Policy.MaxWaits, ErrConflict at the limit of open claims, ErrUnavailable; while it
// waits, ErrSuspended, and the context's.
func (h *Handle) Pickup(ctx context.Context, f Filter) (p Pickup, ok bool, err error) {
	f, err = checkPickup(f)
	if err != nil {
		return p, false, h.m.refused(ctx, "pickup", err)
	}
	c, err := h.claimInTime(ctx, "pickup", f, f, 1)
	switch {
	case err != nil:
		return p, false, err
	case len(c.claimed) == 0:
		return Pickup{Nothing: c.nothing}, false, nil
	}
	return c.claimed[0], true, nil
}

// PickupBatch claims up to in.Count tasks, each atomically. It stops at the
// limit of open claims, and always returns what it has claimed (rule 4.6).
// Under an idempotency key all of them are claimed in one commit. With
// in.Filter.Wait it waits so long for the first of them (rule 4.23).
func (h *Handle) PickupBatch(ctx context.Context, in BatchInput) (PickupList, error) {
	if err := rules.CheckOptional("count", in.Count, 1, limits.Batch); err != nil {
		return PickupList{}, h.m.refused(ctx, "pickup", err)
	}
	f, err := checkPickup(in.Filter)
	if err != nil {
		return PickupList{}, h.m.refused(ctx, "pickup", err)
	}
	in.Filter = f
	in.Count = cmp.Or(in.Count, rules.DefaultBatch)
	list := PickupList{Tasks: []Pickup{}}
	c, err := h.claimInTime(ctx, "pickup batch", in, f, in.Count)
	if err != nil {
		return list, err
	}
	if len(c.claimed) == 0 {
		list.Nothing = c.nothing
		return list, nil
	}
	list.Tasks, list.Total = c.claimed, len(c.claimed)
	for i := range list.Tasks {
		list.Tasks[i].Actions = nil
	}
	return list, nil
}

// claiming is a pickup under way: an operation that decides over several claims and
// lets the store choose among them.
type claiming struct {
	*Handle
	*done
	filter Filter
	query  board.Query
	// left is how many claims the agent may still make.
	want, left int
	claimed    []Pickup
	// nothing says why no more is claimed, nil when the board was not asked.
	nothing *Nothing
	// lost is set after a lost race: from then on it is worth proposing more
	// candidates at once.
	lost bool
	// stale is set when a task was written after it was read: it may still be open.
	stale bool
	// current is set once the board has been read to the store's head, and loads
	// tells that board from one that has been loaded again since.
	current bool
	loads   int64
}

// looking is the operation that asks the board: it loads what ranking needs to know
// about the caller, whose due tasks are settled first.
func (h *Handle) looking(name string) operation {
	unknown := !h.m.mirror.TrustKnown(h.id)
	return operation{
		name: name, load: store.LoadQuery{Caller: h.id, TrustIn: unknown},
		learn: func(_ context.Context, l *store.Loaded) error {
			if unknown {
				h.m.mirror.SetTrust(h.id, l.TrustIn)
			}
			return nil
		},
	}
}

// claim finds and claims up to want tasks. Without an error what it has asked the
// board is in the result's query, unless something is claimed.
func (h *Handle) claim(ctx context.Context, name string, input any, f Filter, want int) (*claiming, error) {
	c := &claiming{Handle: h, filter: f, want: want}
	op := h.looking(name)
	op.input, op.keyed, op.commit = input, true, c.commit
	d, err := h.m.operate(ctx, op)
	if err != nil {
		return nil, err
	}
	if d.replay != nil {
		c.claimed, err = h.m.replayClaims(ctx, d.replay)
		return c, err
	}
	h.m.meter.claimed(ctx, len(c.claimed))
	return c, nil
}

// commit claims until enough is claimed or nothing is left. What was claimed is
// returned even if the rest failed.
func (c *claiming) commit(ctx context.Context, d *done) (again bool, err error) {
	c.done = d
	if c.left, err = c.m.rules.ClaimsLeft(d.now, d.loaded.Caller, c.want); err == nil {
		c.query = c.Handle.query(d.loaded.Caller, c.filter, d.now)
		err = c.run(ctx)
	}
	switch {
	case len(c.claimed) > 0:
		return false, nil
	case errors.Is(err, errRepeated):
		return true, nil
	case err == nil:
		return false, errNothing
	}
	return false, err
}

// query is what the board is asked for this agent.
func (h *Handle) query(a *store.Agent, f Filter, now time.Time) board.Query {
	return board.Query{
		Agent: string(h.id), Infra: h.m.rules.IsInfra(&a.Profile), Capabilities: a.CapabilityTags(),
		Tags: f.Tags, Search: f.Search, Now: now,
	}
}

// run asks the board for candidates and lets the store choose, until enough is
// claimed or nothing is left.
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
	query := c.query
	if c.current {
		query.Why = maxTotal
	}
	r := c.m.mirror.Board.Reserve(query, c.candidates())
	// A panic in the claim must not keep the candidates reserved for ever.
	defer r.Release()
	return c.try(ctx, r)
}

// maxPickupTries bounds a pickup that loses every race. Each lost race means
// that somebody else has claimed a task.
const maxPickupTries = 1_000

var errLostAll = errors.New("a pickup lost every race")

// candidates is how many tasks to propose in one commit: one for each wanted
// claim, and more after a lost race.
func (c *claiming) candidates() int {
	if c.lost {
		return max(c.left, store.MaxFirst)
	}
	return c.left
}

// try claims among the reserved tasks; more is false when there is nothing
// left to try.
func (c *claiming) try(ctx context.Context, r *board.Reservation[*store.Task]) (more bool, err error) {
	switch {
	case len(r.Offers) > 0:
		return true, c.propose(ctx, r.Offers)
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
		c.nothing = nothingFor(r.Lack)
		return false, nil
	}
	// A stale board must never answer that there is no work.
	c.current = true
	return true, known(ctx, c.m.mirror.CatchUp(ctx))
}
