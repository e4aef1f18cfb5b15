package main

import (
	"sync"
	"time"

	"github.com/pinchwork/pinchwork/httpclient"
)

const (
	// quietFor is how long a stream brings nothing once it has caught up.
	quietFor = time.Second
	// behindFor is longer than the pause between two tries of a stream to connect, which
	// is a minute at most. One that is away for longer, while the server answers, stays away.
	behindFor = 90 * time.Second
)

// stream is an event stream of which it is known whether events are still to come that
// happened before now: what is read elsewhere would overtake them.
type stream struct {
	client *httpclient.Client
	now    func() time.Time

	mu     sync.Mutex
	opened bool // ever
	away   bool
	last   time.Time // when it was lost, came back or brought something
	asked  time.Time // when it was first found to be behind, zero when it is not
}

// heard is for httpclient.WithObserver.
func (s *stream) heard(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if away := err != nil; away != s.away {
		s.away, s.asked = away, time.Time{}
	}
	s.opened, s.last = s.opened || err == nil, s.now()
}

// brought is called before an event is shown, and after it.
func (s *stream) brought() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = s.now()
}

// behind is never true for long, and not for a stream that never opened: it begins with
// what happens then.
func (s *stream) behind() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.opened || !s.away && now.Sub(s.last) >= quietFor {
		s.asked = time.Time{}
		return false
	}
	if s.asked.IsZero() {
		s.asked = now
	}
	return now.Sub(s.asked) < behindFor
}
