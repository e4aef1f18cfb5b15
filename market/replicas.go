package market

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pinchwork/pinchwork/market/internal/rules"
	"github.com/pinchwork/pinchwork/store"
)

// Instance is what a process calls itself among those that share a store.
type Instance struct {
	// Name is such as the machine's, at most 200 characters are kept; "" for a process
	// that does not show itself.
	Name string
	// Version is the program's, kept likewise.
	Version string
}

// Replica is a process in which Run moves the market, by its latest sign of life.
type Replica struct {
	// ID is another after each start.
	ID      string `json:"id"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	// Since is when Run began, SeenAt the latest sign of life, at most two minutes old.
	Since  Time `json:"since"`
	SeenAt Time `json:"seen_at"`
	// SweptAt is when it last held the lease under which timers are settled, before
	// SeenAt. The latest of all replicas is the one that runs the timers.
	SweptAt Time `json:"swept_at,omitzero"`
	// Silent is set when its sign of life, which comes every minute, did not come. A while
	// later it is no longer listed.
	Silent bool `json:"silent,omitempty"`
}

// sign is a sign of life, or of an orderly end, the last of its replica.
type sign struct {
	Replica
	Ended bool `json:"ended,omitempty"`
}

const (
	// lifeEvery is the time between signs of life, of which a store keeps those of this
	// period and the one before.
	lifeEvery = time.Minute
	// silentAfter is how old the latest sign of life of a replica that is well may be.
	silentAfter = lifeEvery + 10*time.Second
	// lifePlaces is how many replicas there are places for in a period.
	lifePlaces = store.MaxEach / 2
	// endWithin bounds how long the end of Run is held up by saying so.
	endWithin = time.Second
)

// presence is what a Market knows about its own Run.
type presence struct {
	instance Instance
	since    time.Time
	// swept is when it last held the lease of the timers, in microseconds, 0 for never.
	swept atomic.Int64
	place int
}

// showLife leaves a sign of life in each period, and one of its end. A replica takes the
// first place of a period that nobody has, which is the one that it had before unless
// others have come or gone.
func (m *Market) showLife(ctx context.Context) error {
	if m.presence.since.IsZero() {
		m.presence.since = m.now()
	}
	for ctx.Err() == nil {
		now := m.now()
		if err := m.signOfLife(ctx, now, false); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-m.clock.After(lifeEvery - now.Sub(now.Truncate(lifeEvery))):
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWithin)
	defer cancel()
	return m.signOfLife(ctx, m.now(), true)
}

func (m *Market) signOfLife(ctx context.Context, now time.Time, ended bool) error {
	p := m.presence
	s := sign{Ended: ended, Replica: Replica{
		ID: m.name, Name: rules.Cut(p.instance.Name, maxInstance), Version: rules.Cut(p.instance.Version, maxInstance),
		Since: NewTime(p.since), SeenAt: NewTime(now),
	}}
	if at := p.swept.Load(); at != 0 {
		s.SweptAt = NewTime(time.UnixMicro(at))
	}
	for range lifePlaces {
		o := m.rules.Remember(now, lifeRecord(now, p.place), s, now.Add(2*lifeEvery))
		_, err := m.store.Commit(ctx, &o.Change)
		var taken *store.Conflict
		if !errors.As(err, &taken) {
			return err
		}
		p.place = (p.place + 1) % lifePlaces
	}
	return fmt.Errorf("market: more than %d replicas show themselves", lifePlaces)
}

const maxInstance = 200

// lifeRecord names a place in the period of an instant.
func lifeRecord(at time.Time, place int) store.IdempotencyID {
	return store.IdempotencyID{Caller: Platform, Operation: fmt.Sprint("life in ", at.Unix()/int64(lifeEvery.Seconds())), Key: strconv.Itoa(place)}
}

// replicas reads the signs of life, the longest running replica first. Those that have said
// that they end are left out.
func (m *Market) replicas(ctx context.Context, now time.Time) ([]Replica, error) {
	ids := make([]store.IdempotencyID, 0, 2*lifePlaces)
	for _, at := range []time.Time{now.Add(-lifeEvery), now} {
		for place := range lifePlaces {
			ids = append(ids, lifeRecord(at, place))
		}
	}
	l, err := m.store.Load(ctx, store.LoadQuery{Now: now, Records: ids})
	if err != nil {
		return nil, known(ctx, err)
	}
	latest := map[string]sign{}
	for _, record := range l.Records {
		r, err := recall[sign](record.Outcome)
		if err != nil {
			return nil, err
		}
		if was := latest[r.ID].SeenAt; r.SeenAt.After(was.Time) || r.Ended && r.SeenAt.Equal(was.Time) {
			latest[r.ID] = r
		}
	}
	list := make([]Replica, 0, len(latest))
	for _, r := range latest {
		if !r.Ended {
			r.Silent = now.Sub(r.SeenAt.Time) > silentAfter
			list = append(list, r.Replica)
		}
	}
	slices.SortFunc(list, func(a, b Replica) int { return cmp.Or(a.Since.Compare(b.Since.Time), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}
