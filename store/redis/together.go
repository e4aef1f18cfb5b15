package redis

import (
	"context"
	"runtime"
	"sync"
)

// Group commit: commits that arrive while a call is under way wait and are sent
// together in the next call of the script, a flight. Each is still committed or
// refused on its own: a server that works on one thing at a time spends less on a
// call with ten Changes than on ten calls, and so does this program.

const (
	// mostFlights is how many calls may be under way at once: the server works on
	// one while the others are written or read.
	mostFlights = 2
	// mostTogether bounds the Changes of one call, which blocks the server while
	// it runs.
	mostTogether = 32
)

// flights are the calls under way, and the units that wait for the next one.
type flights struct {
	mu      sync.Mutex
	flying  int
	waiting []*unit
}

// landing is the reply to a unit, or the error instead of one.
type landing struct {
	reply any
	err   error
}

// travel returns the script's reply to the unit.
func (s *Store) travel(ctx context.Context, u *unit) (any, error) {
	if !s.flights.board(u) {
		return u.land(ctx)
	}
	replies, err := s.fly(ctx, []*unit{u})
	if next := s.flights.next(); len(next) > 0 {
		go s.keepFlying(next)
	}
	return at(replies, 0), err
}

// board reports whether the unit may be sent immediately; otherwise it waits
// for the next flight.
func (f *flights) board(u *unit) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flying < mostFlights {
		f.flying++
		return true
	}
	u.landed = make(chan landing, 1)
	f.waiting = append(f.waiting, u)
	return false
}

// next takes the units of the next flight, at least one unless none waits.
func (f *flights) next() []*unit {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, changes := 0, 0
	for n < len(f.waiting) && (n == 0 || changes+len(f.waiting[n].changes) <= mostTogether) {
		changes += len(f.waiting[n].changes)
		n++
	}
	units := f.waiting[:n:n]
	f.waiting = f.waiting[n:]
	if n == 0 {
		f.flying--
	}
	return units
}

func (s *Store) keepFlying(units []*unit) {
	for len(units) > 0 {
		replies, err := s.fly(context.Background(), units)
		for i, u := range units {
			u.landed <- landing{reply: at(replies, i), err: err}
		}
		runtime.Gosched() // Callers that just got their reply may have more to commit.
		units = s.flights.next()
	}
}

// fly calls the script with all units and releases their programs.
func (s *Store) fly(ctx context.Context, units []*unit) (any, error) {
	nKeys, nArgs := 1, 0
	for _, u := range units {
		nKeys, nArgs = nKeys+len(u.program.keys), nArgs+len(u.program.args)
	}
	keys, args := append(make([]string, 0, nKeys), string(s.keys)), make([]any, 0, nArgs)
	for _, u := range units {
		keys, args = append(keys, u.program.keys...), append(args, u.program.args...)
		u.program.release()
	}
	return s.run(ctx, commitScript, keys, args...)
}

// land waits for the reply. To a caller that stops waiting, the outcome is
// unknown.
func (u *unit) land(ctx context.Context) (any, error) {
	select {
	case landed := <-u.landed:
		return landed.reply, landed.err
	case <-ctx.Done():
		return nil, failed(ctx.Err())
	}
}
